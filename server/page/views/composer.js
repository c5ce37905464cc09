// Where the learner writes: Enter sends, Shift+Enter begins a new line, Esc stops the partner.

import { h } from "../dom.js";

export function composer({ onSay, onStop }) {
  const hint = h("p", { class: "hint", id: "composer-hint" }, "Enter sends, Shift + Enter begins a new line, Esc stops the reply.");
  const text = h("textarea", {
    id: "composer",
    rows: 1,
    dir: "auto",
    "data-focus": true,
    enterkeyhint: "send",
    placeholder: "Say something…",
    "aria-describedby": "composer-hint",
  });
  const send = h("button", { type: "submit", class: "primary" }, "Send");
  const stop = h("button", { type: "button", class: "stop", hidden: true, onclick: onStop }, "Stop");
  const element = h(
    "form",
    { class: "composer" },
    h("label", { class: "unseen", for: "composer" }, "Your message"),
    h("div", { class: "composer-row" }, text, stop, send),
    hint,
  );
  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`; // and its border
  };
  const submit = () => {
    const said = text.value.trim();
    if (!said || send.getAttribute("aria-disabled") === "true") return;
    text.value = "";
    grow();
    onSay(said);
  };
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
    text.focus();
  });
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    const isChoosing = event.isComposing || event.keyCode === 229; // Enter takes a candidate of an input method then
    if (event.key !== "Enter" || event.shiftKey || isChoosing) return;
    event.preventDefault();
    submit();
  });
  return {
    element,
    /** Puts a text back to be mended. */
    edit(words) {
      text.value = text.value ? `${words}\n${text.value}` : words;
      grow();
      text.focus();
    },
    focus: () => text.focus(),
    draw(live) {
      stop.hidden = !live.isAnswering;
      stop.textContent = live.isStopping ? "Stopping…" : "Stop";
      send.toggleAttribute("aria-disabled", live.isSending);
      if (live.isSending) send.setAttribute("aria-disabled", "true");
    },
  };
}
