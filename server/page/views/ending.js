// The button that ends a conversation for good, and the question before it does.

import { button, h } from "../dom.js";

export function ending(onEnd) {
  const goOn = button("Go on talking", () => dialog.close(), { class: "quiet" });
  const dialog = h(
    "dialog",
    { "aria-labelledby": "ending-title" },
    h("h2", { id: "ending-title" }, "End this conversation?"),
    h("p", {}, "You can read it later; nothing more can be said in it."),
    h(
      "div",
      { class: "actions" },
      button("End it", () => {
        dialog.close();
        return onEnd();
      }, { class: "primary" }),
      goOn,
    ),
  );
  const ask = () => {
    dialog.showModal();
    goOn.focus(); // what cannot be undone is one step further
  };
  return h("div", {}, button("End", ask, { class: "quiet" }), dialog);
}
