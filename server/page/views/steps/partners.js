// Whom the learner speaks with, the most important first.

import { h } from "../../dom.js";
import { choices, field, form } from "../../forms.js";

export async function partnersStep({ page, onboarding, next, extra }) {
  const chosen = onboarding.partners.map(({ partner }) => partner.id);
  const known = new Map(onboarding.partners.filter(({ partner }) => partner.custom).map(({ partner }) => [partner.id, partner]));
  for await (const partner of page.api.all("/communication-partners", "communication_partners")) known.set(partner.id, partner);
  const options = [...known.values()].map(({ id, display_name, description }) => ({
    id,
    label: display_name,
    note: description,
    isChosen: chosen.includes(id),
  }));
  const set = choices("partner_ids", "Tick the most important first", options, "checkbox");
  rank(set, chosen);
  const other = field("custom_partners", "Somebody else (optional)", { dir: "auto", maxlength: 100 });
  return form({
    fields: [set, other],
    submit: "Continue",
    onsubmit: async (data) => {
      const body = { partner_ids: chosen, custom_partners: [data.get("custom_partners").trim()].filter(Boolean) };
      await page.api.call("PUT", "/onboarding/communication-partners", { body });
      next();
    },
    extra,
  });
}

/** Keeps `chosen` in the order of ticking and shows each its place. */
function rank(set, chosen) {
  const show = () => {
    for (const input of set.querySelectorAll("input")) {
      const place = chosen.indexOf(input.value) + 1;
      input.parentElement.querySelector(".rank")?.remove();
      if (place) input.parentElement.append(h("span", { class: "rank" }, String(place)));
    }
  };
  set.addEventListener("change", ({ target }) => {
    if (target.checked) chosen.push(target.value);
    else chosen.splice(chosen.indexOf(target.value), 1);
    show();
  });
  show();
}
