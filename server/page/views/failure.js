// What stands in the place of a view that could not be made.

import { button, h } from "../dom.js";
import { inWords } from "../errors.js";

export function failure(error, again) {
  const element = h(
    "section",
    { class: "page narrow" },
    h("h1", {}, "That did not work"),
    h("p", { role: "alert" }, inWords(error)),
    h("div", { class: "actions" }, button("Try again", again, { class: "primary", "data-focus": true })),
  );
  return { title: "That did not work", element };
}
