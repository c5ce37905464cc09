// A scenario among others.

import { h, words } from "../dom.js";

export function scenarioCard(scenario) {
  const link = h("a", { href: `#/scenarios/${encodeURIComponent(scenario.id)}`, dir: "auto" }, scenario.title);
  return h("li", { class: "card" }, h("h3", {}, link), level(scenario.level), words("p", scenario.introduction, { class: "clamp" }));
}

/** How hard it is, as a badge. */
export function level(code) {
  return h("span", { class: "badge" }, h("span", { class: "unseen" }, "Level "), code);
}
