// The steps that choose one thing of the catalogue: the native language and the industry.

import { choices, form } from "../../forms.js";

export async function languageStep(context) {
  const languages = await list(context, "/languages", "languages");
  const options = languages.map(({ id, display_name, available }) => ({
    id,
    label: display_name,
    note: available ? "" : "Not yet available",
    isOff: !available,
    isChosen: id === context.onboarding.native_language?.id,
  }));
  return one(context, "language_id", "Native language", options, "/onboarding/native-language");
}

export async function industryStep(context) {
  const industries = await list(context, "/industries", "industries");
  const options = industries.map(({ id, display_name }) => ({
    id,
    label: display_name,
    isChosen: id === context.onboarding.industry?.id,
  }));
  return one(context, "industry_id", "Industry", options, "/onboarding/industry");
}

function one({ page, next, extra }, name, legend, options, path) {
  return form({
    fields: [choices(name, legend, options)],
    submit: "Continue",
    onsubmit: async (data) => {
      await page.api.call("PUT", path, { body: Object.fromEntries(data) });
      next();
    },
    extra,
  });
}

async function list({ page }, path, field) {
  const found = [];
  for await (const entry of page.api.all(path, field)) found.push(entry);
  return found;
}
