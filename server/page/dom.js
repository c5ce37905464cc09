// Elements, made of names and text. Nothing here or elsewhere reads HTML out of a string.

/** Makes an element: `h("p", {class: "soft", onclick: stop}, "text", child)`. A property that begins with `on` is a
 *  listener; false, null and undefined leave an attribute or a child out; true is an attribute without a value. */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Text of a learner, a partner or a model: its own direction, and never anything but text. */
export function words(name, text, properties = {}) {
  return h(name, { dir: "auto", ...properties }, text);
}

/** Puts `children` in the place of all that is in `element`. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter(Boolean));
}

/** Has a screen reader say something when it is done with what it says now. */
export function announce(text) {
  const region = document.getElementById("said");
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}

/** A button that cannot be pressed twice at once. */
export function button(text, onclick, properties = {}) {
  const element = h("button", { type: "button", ...properties }, text);
  element.addEventListener("click", async () => {
    if (element.getAttribute("aria-disabled") === "true") return;
    element.setAttribute("aria-disabled", "true"); // unlike `disabled` this keeps the focus where it is
    try {
      await onclick();
    } finally {
      element.removeAttribute("aria-disabled");
    }
  });
  return element;
}
