// A conversation: what was said, word by word as it is said, and saying something.

import { announce, button, fill, h } from "../dom.js";
import { LiveConversation } from "../live/conversation.js";
import { composer } from "./composer.js";
import { ending } from "./ending.js";
import { briefing } from "./scenario.js";
import { level } from "./scenario_card.js";
import { Turns } from "./turns.js";

export async function conversationView(page, [id], signal) {
  const view = new ConversationView(page, id, signal);
  await view.live.open();
  const scenario = await page.api.call("GET", `/scenarios/${encodeURIComponent(view.live.conversation.scenario_id)}`);
  return { title: scenario.title, element: view.show(scenario) };
}

class ConversationView {
  #turns = new Turns({ onTryAgain: () => this.live.tryAgain(), onEdit: (id) => this.#edit(id) });
  #alarm = h("p", { class: "alarm", role: "alert", hidden: true });
  #state = h("div", { class: "head-actions" });
  #foot = h("div", { class: "foot" });
  #shownStatus = "";
  #isDrawing = false;
  #scenario = null;

  constructor(page, id, signal) {
    const onChange = () => this.#drawSoon();
    this.live = new LiveConversation(page.api, id, { signal, onChange, onReply: tell });
    this.composer = composer({ onSay: (text) => this.live.say(text), onStop: () => this.live.stop() });
    this.signal = signal;
  }

  show(scenario) {
    this.#scenario = scenario;
    const head = h(
      "div",
      { class: "head" },
      h("div", { class: "head-title" }, h("h1", { dir: "auto" }, scenario.title), level(scenario.level)),
      this.#state,
    );
    const facts = h("details", { class: "aside" }, h("summary", {}, "Your aims and words"), briefing(scenario));
    facts.open = matchMedia("(min-width: 62rem)").matches;
    const talk = h("div", { class: "talk" }, this.#turns.element, this.#alarm, this.#foot);
    const element = h("section", { class: "page conversation" }, head, h("div", { class: "columns" }, talk, facts));
    document.addEventListener("keydown", (event) => isStop(event) && this.live.stop(), { signal: this.signal });
    this.#draw();
    requestAnimationFrame(() => scrollTo(0, document.body.scrollHeight));
    return element;
  }

  #drawSoon() {
    if (this.#isDrawing || !this.#scenario) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      if (!this.signal.aborted) this.#draw();
    });
  }

  #draw() {
    const { live } = this;
    const focused = document.activeElement;
    const isAtEnd = innerHeight + scrollY > document.body.scrollHeight - 80;
    this.#turns.draw(live.items, { canTryAgain: live.status === "active" && !live.isAnswering && Boolean(live.newestMessage) });
    this.#alarm.textContent = live.problem;
    this.#alarm.hidden = !live.problem;
    this.#drawStatus();
    this.composer.draw(live);
    if (focused?.closest("[hidden]")) this.composer.focus(); // what had the focus is there no more
    if (isAtEnd) scrollTo(0, document.body.scrollHeight);
  }

  #drawStatus() {
    const { status } = this.live;
    if (status === this.#shownStatus) return;
    const hadFocus = this.#foot.contains(document.activeElement) || this.#state.contains(document.activeElement);
    this.#shownStatus = status;
    const change = (verb, text, more) => button(text, () => this.live.change(verb), more);
    const end = ending(() => this.live.change("end"));
    fill(this.#state, status === "active" && change("pause", "Pause", { class: "quiet" }), status !== "completed" && end);
    if (status === "active") fill(this.#foot, this.composer.element);
    else fill(this.#foot, status === "paused" ? paused(change("resume", "Resume", { class: "primary" })) : over(this.#scenario));
    if (hadFocus) this.#foot.querySelector("textarea, button, a").focus();
  }

  #edit(messageId) {
    this.composer.edit(this.live.takeBack(messageId));
  }
}

function paused(resume) {
  return h("div", { class: "notice" }, h("p", { role: "status" }, "This conversation is paused."), resume);
}

function over(scenario) {
  const again = h("a", { class: "button primary", href: `#/scenarios/${encodeURIComponent(scenario.id)}` }, "Practise it again");
  return h("div", { class: "notice" }, h("p", { role: "status" }, "This conversation has ended."), again);
}

/** Esc stops the partner, unless it closes a dialog or an input method's candidates. */
function isStop({ key, isComposing }) {
  return key === "Escape" && !isComposing && !document.querySelector("dialog[open]");
}

/** A reply is read out once, when it is whole: not token by token. */
function tell(reply) {
  announce(reply.text ? `Your partner says: ${reply.text}` : reply.problem || "The reply was stopped.");
}
