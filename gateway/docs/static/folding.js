// A plugin of Swagger UI that folds what is long and seldom read: the examples of errors, and a choice of one server.

const GOOD = /^[123]/;

/** The plugin, as SwaggerUIBundle takes it. */
export function folding() {
  return {
    wrapComponents: {
      response: (Original, system) => (props) =>
        system.React.createElement(GOOD.test(props.code) ? Original : Failure, { ...props, Original, system }),
      ServersContainer: (Original, system) => (props) =>
        system.specSelectors.servers().size > 1 ? system.React.createElement(Original, props) : null,
    },
  };
}

function Failure({ Original, system, ...props }) {
  const { createElement: element, useState } = system.React;
  const [isOpen, open] = useState(false);
  if (isOpen) return element(Original, props);
  const Markdown = system.getComponent("Markdown", true);
  return element(
    "tr",
    { className: "response", "data-code": props.code },
    element("td", { className: "response-col_status" }, props.code),
    element(
      "td",
      { className: "response-col_description" },
      element(Markdown, { source: props.response.get("description") }),
      element("button", { className: "btn btn-sm", onClick: () => open(true) }, "Example"),
    ),
    element("td", { className: "response-col_links" }),
  );
}
