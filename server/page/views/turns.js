// What was said, as a list that grows: each thing keeps its element for as long as it is shown.

import { button, h, words } from "../dom.js";

const WHO = { learner: "You said:", partner: "Your partner said:" };

export class Turns {
  #rows = new Map();
  element = h("ol", { class: "turns", "aria-label": "Conversation" });

  constructor({ onTryAgain, onEdit }) {
    this.onTryAgain = onTryAgain;
    this.onEdit = onEdit;
  }

  draw(items, { canTryAgain }) {
    const keys = new Set(items.map(({ key }) => key));
    for (const [key, row] of this.#rows) {
      if (!keys.has(key)) {
        row.element.remove();
        this.#rows.delete(key);
      }
    }
    items.forEach((item, index) => this.#drawOne(item, index, canTryAgain && index === items.length - 1));
  }

  #drawOne(item, index, canTryAgain) {
    let row = this.#rows.get(item.key);
    if (!row) this.#rows.set(item.key, (row = new Row(item, this)));
    if (this.element.children[index] !== row.element) this.element.insertBefore(row.element, this.element.children[index]);
    row.draw(item, canTryAgain);
  }
}

/** One thing that is or was said. */
class Row {
  #text = words("p", "", { class: "text" });
  #dots = h("p", { class: "dots", "aria-label": "Your partner is thinking" }, h("span"), h("span"), h("span"));
  #note = h("p", { class: "note" });
  #again;
  #edit;

  constructor({ author, messageId }, { onTryAgain, onEdit }) {
    this.#again = button("Try again", onTryAgain, { class: "small" });
    this.#edit = button("Edit", () => onEdit(messageId), { class: "small" });
    const bubble = h("div", { class: "bubble" }, h("span", { class: "unseen" }, WHO[author]), this.#text, this.#dots);
    this.element = h("li", { class: `turn ${author}` }, bubble, this.#note, this.#again, this.#edit);
  }

  draw({ author, text, state, note }, canTryAgain) {
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.element.dataset.state = state;
    this.#text.hidden = !text;
    this.#dots.hidden = state !== "waiting";
    const lacks = canTryAgain && author === "learner" && state === "stored";
    this.#note.textContent = note || (state === "sending" ? "Sending…" : lacks ? "There was no reply." : "");
    this.#note.hidden = !this.#note.textContent;
    this.#again.hidden = !(canTryAgain && state !== "refused" && state !== "sending");
    this.#edit.hidden = state !== "refused";
  }
}
