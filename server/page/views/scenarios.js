// What to practise: what was recommended, what one has begun, and everything there is.

import { h, button } from "../dom.js";
import { inWords } from "../errors.js";
import { moment } from "../times.js";
import { maker } from "./maker.js";
import { level, scenarioCard } from "./scenario_card.js";

const SOME = 6; // of what was recommended, and of one's conversations

export async function scenariosView(page, _found, signal) {
  const [recommended, conversations, onboarding] = await Promise.all([
    page.api.call("GET", "/recommendations", { query: { page_size: SOME } }),
    page.api.call("GET", "/conversations", { query: { page_size: SOME } }),
    page.api.call("GET", "/onboarding"),
  ]);
  const every = new EveryScenario(page);
  await every.more();
  const begun = conversations.conversations;
  const element = h(
    "section",
    { class: "page" },
    h("h1", {}, page.session.name ? ["Hello, ", h("span", { dir: "auto" }, page.session.name)] : "Hello"),
    h("p", { class: "lead" }, "What would you like to practise?"),
    !onboarding.completed_at && invitation(),
    begun.length > 0 && section("Your conversations", h("ul", { class: "rows" }, await Promise.all(begun.map((each) => conversationRow(page, each))))),
    recommended.scenarios.length > 0 && section("For you", grid(recommended.scenarios)),
    section("Made for your work", maker(page, () => every.again(), signal)),
    section("All scenarios", every.list, every.button),
  );
  return { title: "Practise", element };
}

function section(title, ...content) {
  return h("section", { class: "part" }, h("h2", {}, title), content);
}

function grid(scenarios) {
  return h("ul", { class: "grid" }, scenarios.map(scenarioCard));
}

function invitation() {
  return h(
    "div",
    { class: "notice" },
    h("p", {}, "Tell us about your work, and the scenarios will fit it."),
    h("a", { class: "button primary", href: "#/onboarding" }, "Tell us about your work"),
  );
}

const STATES = { ACTIVE: "Under way", PAUSED: "Paused", COMPLETED: "Ended" };

async function conversationRow(page, conversation) {
  const scenario = await page.api.call("GET", `/scenarios/${conversation.scenario_id}`).catch(() => null);
  const state = STATES[conversation.status.replace("CONVERSATION_STATUS_", "")] ?? "";
  const title = scenario?.title ?? "A conversation";
  const link = h("a", { class: "row-text", href: `#/conversations/${conversation.id}` }, h("strong", { dir: "auto" }, title));
  link.append(h("span", { class: "soft" }, `${state} · ${moment(conversation.updated_at)}`));
  return h("li", { class: "row" }, link, scenario && level(scenario.level));
}

/** All scenarios, a page at a time. */
class EveryScenario {
  #token = "";
  list = h("ul", { class: "grid", id: "scenarios" });
  button = h("div", { class: "actions" });

  constructor(page) {
    this.page = page;
  }

  /** Begins anew: new ones stand first. */
  async again() {
    this.#token = "";
    this.list.replaceChildren();
    await this.more();
  }

  async more() {
    const found = await this.page.api.call("GET", "/scenarios", { query: { page_size: 12, page_token: this.#token } });
    this.#token = found.next_page_token;
    const cards = found.scenarios.map(scenarioCard);
    this.list.append(...cards);
    const more = button("Show more", () => this.#onward());
    this.button.replaceChildren(...(this.#token ? [more] : []));
    return cards[0];
  }

  async #onward() {
    try {
      const first = await this.more();
      first.querySelector("a").focus();
    } catch (error) {
      this.button.prepend(h("p", { class: "alarm", role: "alert" }, inWords(error)));
    }
  }
}
