// Onboarding, a step at a time, in the order that the app has. Every answer can be given again.

import { h } from "../dom.js";
import { industryStep, languageStep } from "./steps/catalogue.js";
import { stepName } from "./steps/names.js";
import { partnersStep } from "./steps/partners.js";
import { roleStep } from "./steps/role.js";
import { situationsStep } from "./steps/situations.js";
import { summaryStep } from "./steps/summary.js";

const STEPS = [
  { name: "language", title: "Which language do you speak at home?", make: languageStep },
  { name: "industry", title: "Where do you work?", make: industryStep },
  { name: "role", title: "What is your job?", make: roleStep },
  { name: "partners", title: "Whom do you speak English with?", make: partnersStep },
  { name: "situations", title: "When do you speak English?", make: situationsStep },
  { name: "summary", title: "Is this right?", make: summaryStep },
];
export async function onboardingView(page, [asked]) {
  const onboarding = await page.api.call("GET", "/onboarding");
  const name = asked ?? stepName(onboarding.next_step);
  const index = Math.max(0, STEPS.findIndex((step) => step.name === name));
  const step = STEPS[index];
  const after = STEPS[index + 1];
  const context = {
    page,
    onboarding,
    next: () => page.go(after ? `/onboarding/${after.name}` : "/"),
    extra: [
      index > 0 && h("a", { class: "button quiet", href: `#/onboarding/${STEPS[index - 1].name}` }, "Back"),
      h("a", { class: "button quiet", href: "#/" }, onboarding.completed_at ? "Leave it as it is" : "Skip for now"),
    ],
  };
  const element = h(
    "section",
    { class: "page narrow" },
    h("p", { class: "steps" }, h("span", {}, `Step ${index + 1} of ${STEPS.length}`)),
    h("progress", { class: "bar", max: STEPS.length, value: index + 1, "aria-hidden": "true" }),
    h("h1", {}, step.title),
    await step.make(context),
  );
  return { title: step.title, element };
}
