// Where the learner is signed in, and ending that.

import { announce, button, h, words } from "../dom.js";
import { inWords } from "../errors.js";
import { moment } from "../times.js";

export async function sessionsView(page) {
  const list = h("ul", { class: "rows" });
  const alarm = h("p", { class: "alarm", role: "alert", hidden: true });
  for await (const session of page.api.all("/auth/sessions", "sessions")) list.append(row(page, session, alarm));
  const element = h(
    "section",
    { class: "page" },
    h("h1", {}, "Devices"),
    h("p", { class: "lead" }, "Where you are signed in. A device that you sign out is out within a minute."),
    alarm,
    list,
  );
  return { title: "Devices", element };
}

function row(page, session, alarm) {
  const name = words("strong", device(session.device));
  const used = h("span", { class: "soft" }, `Signed in ${moment(session.created_at)}, last used ${moment(session.last_seen_at)}`);
  const element = h("li", { class: "row" }, h("div", { class: "row-text" }, name, used));
  if (session.current) {
    element.append(h("span", { class: "badge" }, "This device"));
    return element;
  }
  const end = button("Sign out", async () => {
    alarm.hidden = true;
    try {
      await page.api.call("DELETE", `/auth/sessions/${session.id}`);
      element.remove();
      announce("The device is signed out.");
    } catch (error) {
      alarm.textContent = inWords(error);
      alarm.hidden = false;
    }
  }, { "aria-label": `Sign out ${device(session.device)}` });
  element.append(end);
  return element;
}

const SYSTEMS = [
  ["iPhone", /iPhone/],
  ["iPad", /iPad/],
  ["Android", /Android/],
  ["Windows", /Windows/],
  ["Mac", /Mac OS X/],
  ["Linux", /Linux/],
];
const BROWSERS = [
  ["Edge", /Edg\//],
  ["Firefox", /Firefox\//],
  ["Chrome", /Chrome\//],
  ["Safari", /Safari\//],
];

/** A browser names itself at length; that makes two words of it. Anything else is shown as it is. */
function device(agent) {
  if (!agent) return "A device without a name";
  const known = (list) => list.find(([, sign]) => sign.test(agent))?.[0];
  const browser = known(BROWSERS);
  return browser ? [browser, known(SYSTEMS)].filter(Boolean).join(" on ") : agent;
}
