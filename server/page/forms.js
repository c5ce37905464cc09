// Forms whose mistakes are told beside the fields, in the server's words.

import { ApiError, inWords } from "./errors.js";
import { h } from "./dom.js";

/** A labelled field: `name` is the API's, so that what the API says of it finds its place. */
export function field(name, label, properties = {}, hint = "") {
  const { rows, ...rest } = properties;
  const kind = rows ? "textarea" : "input";
  const notes = [hint && `${name}-hint`, `${name}-wrong`].filter(Boolean).join(" ");
  const input = h(kind, { id: name, name, rows, "aria-describedby": notes, ...rest });
  return group(name, [
    h("label", { for: name }, label),
    hint && h("p", { class: "hint", id: `${name}-hint` }, hint),
    input,
  ]);
}

/** A box to tick. */
export function tick(name, label, properties = {}) {
  const input = h("input", { type: "checkbox", id: name, name, "aria-describedby": `${name}-wrong`, ...properties });
  return group(name, [h("label", { class: "tick" }, input, h("span", {}, label))]);
}

/** A list of choices: `options` are `{id, label, note, isOff, isChosen}`; `kind` is `radio` or `checkbox`. */
export function choices(name, legend, options, kind = "radio") {
  const cards = options.map(({ id, label, note, isOff, isChosen }) => {
    const input = h("input", { type: kind, name, value: id, disabled: isOff, checked: isChosen });
    const text = h("span", { class: "choice-text" }, h("span", { class: "choice-label", dir: "auto" }, label));
    if (note) text.append(h("span", { class: "choice-note", dir: "auto" }, note));
    return h("label", { class: "choice" }, input, text);
  });
  const set = h("fieldset", { class: "choices" }, h("legend", {}, legend), h("div", { class: "choice-list" }, cards));
  return group(name, [set]);
}

function group(name, children) {
  return h("div", { class: "field", "data-field": name }, children, h("p", { class: "wrong", id: `${name}-wrong` }));
}

/** A form of such fields. `onsubmit(data)` gets a FormData; what it throws is shown where it belongs. */
export function form({ fields, submit, onsubmit, extra = [] }) {
  const alarm = h("p", { class: "alarm", role: "alert", hidden: true });
  const send = h("button", { type: "submit", class: "primary" }, submit);
  const element = h("form", { novalidate: true }, fields, alarm, h("div", { class: "actions" }, send, extra));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (element.getAttribute("aria-busy") === "true") return;
    element.setAttribute("aria-busy", "true");
    clear(element, alarm);
    try {
      await onsubmit(new FormData(element));
    } catch (error) {
      show(element, alarm, error);
    } finally {
      element.removeAttribute("aria-busy");
    }
  });
  return element;
}

function clear(element, alarm) {
  alarm.hidden = true;
  for (const wrong of element.querySelectorAll(".wrong")) wrong.textContent = "";
  for (const input of element.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

function show(element, alarm, error) {
  const placed = error instanceof ApiError ? place(element, error.fields) : [];
  if (placed.length) {
    placed[0].focus();
    return;
  }
  alarm.textContent = inWords(error);
  alarm.hidden = false;
}

/** Writes each mistake beside its field; returns the inputs, in the order of the page. One without a place leaves the
 *  whole to the form's own alarm. */
function place(element, fields) {
  const groups = Object.entries(fields).map(([name, message]) => ({ at: groupOf(element, name), message }));
  if (!groups.every(({ at }) => at)) return [];
  for (const { at, message } of groups) {
    at.querySelector(".wrong").textContent = message;
    for (const input of at.querySelectorAll("input, textarea, select")) input.setAttribute("aria-invalid", "true");
  }
  return [...element.querySelectorAll("[aria-invalid]")];
}

/** An entry of a list is told as `partner_ids[0]`; its place is that of the list. */
function groupOf(element, name) {
  const plain = name.replace(/\[\d+\].*$/, "");
  return element.querySelector(`[data-field="${CSS.escape(plain)}"]`);
}

/** One of a few, from a menu: `options` are `[value, label]`. */
export function menu(name, label, options) {
  const entries = options.map(([value, text]) => h("option", { value }, text));
  const select = h("select", { id: name, name, "aria-describedby": `${name}-wrong` }, entries);
  return group(name, [h("label", { for: name }, label), select]);
}
