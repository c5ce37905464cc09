// A plugin of Swagger UI for operations that stream: examples to copy, and after "Execute" each event as it arrives.

import { asCurl, asJavaScript } from "./example.js";
import { requestOf } from "./stream_request.js";
import { EVENTS, Streams } from "./streams.js";

/** The plugin, as SwaggerUIBundle takes it. */
export function liveStreams() {
  const streams = new Streams();
  return {
    statePlugins: {
      spec: {
        wrapActions: {
          executeRequest: (original) => (request) =>
            original({ ...request, userFetch: streams.fetchFor(`${request.method} ${request.pathName}`) }),
        },
      },
      oas3: {
        wrapSelectors: {
          // What `Accept` says until the reader chooses; Swagger UI would leave it to the server.
          responseContentType:
            (original, system) =>
            (state, path, method) =>
              original(state, path, method) ?? (isStream(responsesOf(system, path, method)) ? EVENTS : undefined),
        },
      },
    },
    wrapComponents: {
      responses: (Original, system) => (props) => {
        const { createElement, Fragment } = system.React;
        if (!isStream(props.responses)) return createElement(Original, props);
        return createElement(
          Fragment,
          null,
          createElement(Panel, { system, streams, path: props.path, method: props.method }),
          createElement(Original, { ...props, producesValue: typeOf(system, props.path, props.method) }),
        );
      },
    },
  };
}

function Panel({ system, streams, path, method }) {
  const { createElement: element, useEffect, useReducer } = system.React;
  const [, redraw] = useReducer((count) => count + 1, 0);
  const key = `${method} ${path}`;
  useEffect(() => streams.listen(key, redraw), [streams, key]);
  const request = requestOf(system, path, method);
  return element(
    "section",
    { className: "stream" },
    element("h4", null, "Reading the stream"),
    element(Log, { system, stream: streams.of(key) }),
    element(Example, { system, title: "curl", className: "curl-example", text: asCurl(request) }),
    element(Example, { system, title: "JavaScript", className: "javascript-example", text: asJavaScript(request) }),
  );
}

function Log({ system, stream }) {
  const { createElement: element, useEffect, useRef } = system.React;
  const list = useRef(null);
  useEffect(() => {
    list.current?.scrollTo(0, list.current.scrollHeight);
  }, [stream?.rows.length]);
  if (!stream) {
    return element("p", null, "Execute shows each event here as it arrives. Without this page:");
  }
  const rows = stream.rows.map(({ seconds, kind, data }, key) => {
    const cells = [`${seconds}\u00a0s`, element("b", null, kind), element("code", null, data)];
    return element("li", { key }, ...cells);
  });
  const stop = element("button", { className: "btn", onClick: () => stream.stop() }, "Stop");
  return element(
    "div",
    { className: "stream-log" },
    element("ol", { ref: list, role: "log", "aria-label": "Events" }, rows),
    stream.ending ? element("p", null, `${rows.length} events; the stream ${stream.ending}.`) : stop,
  );
}

function Example({ system, title, className, text }) {
  const { createElement: element } = system.React;
  return element(
    "details",
    { className },
    element("summary", null, title),
    element("pre", null, element("code", null, text)),
  );
}

function responsesOf(system, path, method) {
  return system.specSelectors.specResolvedSubtree(["paths", path, method, "responses"]);
}

/** The media type that is shown and asked for. */
function typeOf(system, path, method) {
  return system.oas3Selectors.responseContentType(path, method);
}

function isStream(responses) {
  return !!responses?.some((response, status) => `${status}`.startsWith("2") && !!response.getIn(["content", EVENTS]));
}
