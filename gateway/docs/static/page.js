// Puts Swagger UI on the page for the document that the page names, and tells what the document says of its version.

import { folding } from "./folding.js";
import { liveStreams } from "./live_stream.js";

const DARK = matchMedia("(prefers-color-scheme: dark)");

function dress() {
  document.documentElement.classList.toggle("dark-mode", DARK.matches);
}

function announce({ title, version }) {
  const isNamed = /^v\d/.test(version) && !title.endsWith(version);
  const name = isNamed ? `${title} ${version}` : title;
  document.title = name;
  document.getElementById("title").textContent = name;
}

/** A plugin that puts our intro first, and folds what the document says of all operations, which is long. */
function intro() {
  const show = (node) => node?.replaceChildren(document.getElementById("intro").content.cloneNode(true));
  return {
    wrapComponents: {
      InfoContainer: (Original, system) => (props) => {
        const { createElement: element, Fragment } = system.React;
        const summary = element("summary", null, "What holds for all operations");
        const about = element("details", { className: "about" }, summary, element(Original, props));
        return element(Fragment, null, element("div", { ref: show }), about);
      },
    },
  };
}

dress();
DARK.addEventListener("change", dress);

const ui = SwaggerUIBundle({
  dom_id: "#viewer",
  url: document.getElementById("document").getAttribute("href"),
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [intro, folding, liveStreams],
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // it would ask a server of others
  queryConfigEnabled: false, // or a link could show another document under our name
  onComplete: () => announce(ui.specSelectors.info().toJS()),
});

/** Open the operation that a link on the page leads to; Swagger UI does so when it comes up, and not later. */
function follow() {
  const [, tag, operation] = decodeURIComponent(location.hash).split("/");
  if (!operation) return;
  ui.layoutActions.show(["operations-tag", tag], true);
  ui.layoutActions.show(["operations", tag, operation], true);
  document.getElementById(`operations-${tag}-${operation}`)?.scrollIntoView();
}

addEventListener("hashchange", follow);
