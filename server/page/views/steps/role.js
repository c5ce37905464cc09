// The job: described in the learner's words and matched with the catalogue, chosen from the list, or made anew.

import { announce, h } from "../../dom.js";
import { choices, field, form, menu } from "../../forms.js";

const OWN = "own"; // among ids, which are slugs and UUIDs of the catalogue
const LEVELS = [
  ["ROLE_LEVEL_ASSOCIATE", "I do the work"],
  ["ROLE_LEVEL_SUPERVISOR", "I lead a team at its work"],
  ["ROLE_LEVEL_MANAGER", "I answer for a department"],
  ["ROLE_LEVEL_DIRECTOR", "I answer for the business"],
];

export async function roleStep(context) {
  const { onboarding, extra } = context;
  const results = h("div", { class: "results" });
  const describe = form({
    fields: [
      field("job_title", "Job title", { value: onboarding.job_title, dir: "auto", maxlength: 200, autocomplete: "organization-title" }),
      duties(onboarding.job_description),
    ],
    submit: "Find my role",
    onsubmit: async (data) => showMatches(context, results, Object.fromEntries(data)),
    extra,
  });
  const current = onboarding.role && h("p", { class: "notice" }, "Your role now: ", h("strong", { dir: "auto" }, onboarding.role.title));
  return h("div", { class: "stack" }, current, describe, results, await fromList(context));
}

function duties(text) {
  const hint = "Any language will do.";
  const area = field("job_description", "What do you do all day?", { rows: 4, dir: "auto", maxlength: 2000 }, hint);
  area.querySelector("textarea").value = text;
  return area;
}

async function showMatches(context, results, job) {
  const { matches } = await context.page.api.call("POST", "/onboarding/roles:match", { body: job });
  const options = matches.map(({ role, score }, index) => ({
    id: role.id,
    label: role.title,
    note: `Fits by ${Math.round(score * 100)} %. ${role.duties}`,
    isChosen: index === 0,
  }));
  options.push({ id: OWN, label: `None of these: “${job.job_title}”`, note: "A role of your own.", isChosen: !matches.length });
  const level = menu("level", "How senior are you?", LEVELS);
  const title = matches.length ? "Which of these is it?" : "No role of ours fits: make your own";
  const set = choices("role_id", title, options);
  const choose = form({
    fields: [set, level],
    submit: "Continue",
    onsubmit: (data) => (data.get("role_id") === OWN ? makeOwn(context, job, data.get("level")) : select(context, data)),
  });
  const toggle = () => {
    level.hidden = new FormData(choose).get("role_id") !== OWN;
  };
  set.addEventListener("change", toggle);
  results.replaceChildren(choose);
  toggle();
  announce(`${matches.length} roles found.`);
  choose.querySelector("input:checked").focus();
}

async function select({ page, next }, data) {
  await page.api.call("PUT", "/onboarding/role", { body: { role_id: data.get("role_id") ?? "" } });
  next();
}

async function makeOwn({ page, next }, { job_title, job_description }, level) {
  const body = { title: job_title, description: job_description, level };
  await page.api.call("POST", "/onboarding/roles", { body });
  next();
}

async function fromList(context) {
  const { page, onboarding } = context;
  const options = [];
  const query = { industry_id: onboarding.industry?.id };
  for await (const { id, title } of page.api.all("/roles", "roles", query)) {
    options.push({ id, label: title, isChosen: id === onboarding.role?.id });
  }
  return h(
    "details",
    { class: "aside" },
    h("summary", {}, "Choose from the list instead"),
    form({
      fields: [choices("role_id", "Roles", options)],
      submit: "Take this role",
      onsubmit: (data) => select(context, data),
    }),
  );
}
