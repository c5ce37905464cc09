// When the learner speaks with each partner: one partner after the other.

import { h } from "../../dom.js";
import { choices, field, form } from "../../forms.js";

export async function situationsStep(context) {
  const { page, onboarding } = context;
  const situations = [];
  for await (const situation of page.api.all("/situations", "situations")) situations.push(situation);
  const { partners } = onboarding;
  if (!partners.length) return h("p", {}, "First say whom you speak with. ", h("a", { href: "#/onboarding/partners" }, "Choose partners"));
  const place = h("div");
  const show = (index) => {
    if (index >= partners.length) return context.next();
    place.replaceChildren(one(context, situations, index, () => show(index + 1)));
    if (place.isConnected) place.querySelector("h2").focus();
  };
  const missing = partners.findIndex(({ situations: own }) => !own.length);
  show(Math.max(0, missing));
  return place;
}

function one({ page, onboarding, extra }, situations, index, next) {
  const { partner, situations: own } = onboarding.partners[index];
  const all = [...own.filter(({ custom }) => custom), ...situations];
  const options = all.map(({ id, display_name }) => ({ id, label: display_name, isChosen: own.some((each) => each.id === id) }));
  const enter = form({
    fields: [
      choices("situation_ids", "Tick all that happen", options, "checkbox"),
      field("custom_situations", "Something else (optional)", { dir: "auto", maxlength: 100 }),
    ],
    submit: "Continue",
    onsubmit: async (data) => {
      const custom_situations = [data.get("custom_situations").trim()].filter(Boolean);
      const body = { situation_ids: data.getAll("situation_ids"), custom_situations };
      await page.api.call("PUT", `/onboarding/communication-partners/${partner.id}/situations`, { body });
      next();
    },
    extra,
  });
  const count = onboarding.partners.length > 1 ? ` (${index + 1} of ${onboarding.partners.length})` : "";
  return h("div", { class: "stack" }, h("h2", { tabindex: "-1" }, "With ", h("span", { dir: "auto" }, partner.display_name), count), enter);
}
