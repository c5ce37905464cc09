// What the learner reads before a scenario begins.

import { button, h, words } from "../dom.js";
import { inWords } from "../errors.js";
import { uuid } from "../ids.js";
import { level } from "./scenario_card.js";

export async function scenarioView(page, [id]) {
  const scenario = await page.api.call("GET", `/scenarios/${encodeURIComponent(id)}`);
  const alarm = h("p", { class: "alarm", role: "alert", hidden: true });
  const key = uuid(); // however often the button is pressed, one conversation begins
  const start = button("Start the conversation", async () => {
    alarm.hidden = true;
    try {
      const conversation = await page.api.call("POST", "/conversations", { body: { scenario_id: id }, key });
      page.go(`/conversations/${conversation.id}`);
    } catch (error) {
      alarm.textContent = inWords(error);
      alarm.hidden = false;
    }
  }, { class: "primary", "data-focus": true });
  const element = h(
    "section",
    { class: "page narrow briefing" },
    h("p", {}, h("a", { href: "#/" }, "All scenarios")),
    h("h1", { dir: "auto" }, scenario.title),
    level(scenario.level),
    words("p", scenario.introduction, { class: "lead" }),
    alarm,
    h("div", { class: "actions" }, start),
    briefing(scenario),
  );
  return { title: scenario.title, element };
}

/** What to reach and what to train, for before and for during a conversation. */
export function briefing(scenario) {
  return h(
    "div",
    { class: "facts" },
    part("Your partner", words("p", scenario.persona)),
    part("What you want to reach", list(scenario.targets)),
    part("What you train at work", list(scenario.skill_aims)),
    part("What you train in English", list(scenario.language_aims)),
    part("Words worth using", vocabulary(scenario.vocabulary)),
  );
}

function part(title, content) {
  return h("section", {}, h("h2", {}, title), content);
}

function list(texts) {
  return h("ul", {}, texts.map((text) => words("li", text)));
}

function vocabulary(items) {
  return h("dl", { class: "words" }, items.map(({ word, context }) => [words("dt", word), words("dd", context)]));
}
