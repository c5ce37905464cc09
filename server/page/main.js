// The page begins here: who is signed in, what is shown at which address, and the header above it.

import { Api } from "./api.js";
import { h, fill, button } from "./dom.js";
import { Line } from "./line.js";
import { Router, here } from "./router.js";
import { Session } from "./session.js";
import { conversationView } from "./views/conversation.js";
import { failure } from "./views/failure.js";
import { onboardingView } from "./views/onboarding.js";
import { scenarioView } from "./views/scenario.js";
import { scenariosView } from "./views/scenarios.js";
import { sessionsView } from "./views/sessions.js";
import { signInView } from "./views/sign_in.js";

const session = new Session();
const page = { session, api: new Api(session), notice: "", back: "", go: (path) => router.go(path) };

const routes = [
  [/^\/$/, scenariosView],
  [/^\/log-in$/, signInView("log-in")],
  [/^\/sign-up$/, signInView("sign-up")],
  [/^\/onboarding(?:\/([a-z]+))?$/, onboardingView],
  [/^\/scenarios\/([^/]+)$/, scenarioView],
  [/^\/conversations\/([^/]+)$/, conversationView],
  [/^\/sessions$/, sessionsView],
].map(([pattern, view]) => [pattern, shown(view)]);

const router = new Router(document.getElementById("main"), routes, guard);

/** Nobody sees anything but the doors before they are in; then they go where they wanted to. */
function guard(path) {
  const isDoor = path === "/log-in" || path === "/sign-up";
  if (session.isOpen) return isDoor ? "/" : path;
  if (!isDoor && path !== "/") page.back = path;
  return isDoor ? path : "/log-in";
}

/** A view that cannot be made says why, and offers to try again. */
function shown(view) {
  return async (found, signal) => {
    drawTop();
    try {
      return await view(page, found, signal);
    } catch (error) {
      return session.isOpen ? failure(error, () => router.show()) : signInView("log-in")(page, found, signal);
    }
  };
}

function drawTop() {
  const brand = h("a", { class: "brand", href: "#/", "aria-label": "FluentPro" }, h("span", { "aria-hidden": "true", class: "mark" }), h("span", { class: session.isOpen && "brand-name" }, "FluentPro"));
  if (!session.isOpen) return fill(document.getElementById("top"), brand);
  const links = [
    ["#/", "Practise"],
    ["#/onboarding", "My work"],
    ["#/sessions", "Devices"],
  ].map(([href, text]) => h("a", { href, "aria-current": href === `#${here()}` ? "page" : null }, text));
  const out = button("Sign out", async () => {
    await session.close();
    router.go("/log-in");
  }, { class: "quiet" });
  return fill(document.getElementById("top"), brand, h("nav", { "aria-label": "Main" }, links, out));
}

session.onEnd = () => {
  page.notice = "Your session has ended. Please log in again.";
  page.back = here();
  router.go("/log-in");
};

Line.listen((isBroken) => {
  const banner = document.getElementById("connection");
  banner.hidden = !isBroken;
  banner.textContent = isBroken ? "Reconnecting…" : "";
});

await session.claim();
await router.show();
