// All answers, and the word that they are right.

import { h, words } from "../../dom.js";
import { form } from "../../forms.js";
import { stepName } from "./names.js";

export async function summaryStep({ page, next, extra }) {
  const { onboarding, missing } = await page.api.call("GET", "/onboarding/summary");
  const list = h(
    "dl",
    { class: "summary" },
    entry("Native language", onboarding.native_language?.display_name, "language"),
    entry("Industry", onboarding.industry?.display_name, "industry"),
    entry("Role", onboarding.role?.title, "role"),
    onboarding.partners.length
      ? onboarding.partners.map(({ partner, situations }) => {
          const names = situations.map(({ display_name }) => display_name).join(", ");
          return entry(partner.display_name, names, "situations");
        })
      : entry("Partners", "", "partners"),
  );
  if (missing.length) return h("div", { class: "stack" }, list, lacking(missing[0]));
  const submit = onboarding.completed_at ? "Done" : "Yes, that is right";
  const onsubmit = async () => {
    await page.api.call("POST", "/onboarding:complete", { body: {} });
    next();
  };
  return h("div", { class: "stack" }, list, form({ fields: [], submit, onsubmit, extra: extra.slice(0, 1) }));
}

function lacking(step) {
  const link = h("a", { class: "button primary", href: `#/onboarding/${stepName(step)}` }, "Answer what is missing");
  return h("div", { class: "actions" }, link);
}

function entry(name, value, step) {
  const change = h("a", { href: `#/onboarding/${step}`, "aria-label": `Change ${name}` }, "Change");
  return h("div", { class: "summary-row" }, words("dt", name), words("dd", value || "–"), change);
}
