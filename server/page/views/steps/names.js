// What the page calls the steps that the API calls `ONBOARDING_STEP_…`.

const NAMES = {
  NATIVE_LANGUAGE: "language",
  INDUSTRY_SELECTION: "industry",
  ROLE_INPUT: "role",
  ROLE_SELECTION: "role",
  COMMUNICATION_PARTNERS: "partners",
  SITUATION_SELECTION: "situations",
};

export function stepName(step) {
  return NAMES[step.replace("ONBOARDING_STEP_", "")] ?? "summary";
}
