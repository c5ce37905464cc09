// The request that would open a stream, as the reader has filled it in.

import { EVENTS } from "./streams.js";

/** Where a value is missing stands the parameter's name in capitals. */
export function requestOf(system, path, method) {
  const operation = system.specSelectors.specResolvedSubtree(["paths", path, method])?.toJS() ?? {};
  const query = new URLSearchParams();
  let target = path;
  for (const { name, in: place } of operation.parameters ?? []) {
    const value = system.specSelectors.parameterWithMeta([path, method], name, place)?.get("value");
    if (place === "path") target = target.replace(`{${name}}`, value ? encodeURIComponent(value) : name.toUpperCase());
    else if (place === "query" && value) query.set(name, value);
  }
  const server = system.oas3Selectors.selectedServer() || "/";
  const url = new URL(server, location.href).href.replace(/\/$/, "") + target + (query.size ? `?${query}` : "");
  const headers = { ...(isPublic(system, operation) ? {} : { authorization: "Bearer $TOKEN" }), accept: EVENTS };
  const body = bodyOf(system, path, method, operation);
  if (body !== undefined) headers["content-type"] = "application/json";
  return { url, method: method.toUpperCase(), headers, body };
}

function isPublic(system, operation) {
  const security = operation.security ?? system.specSelectors.security()?.toJS() ?? [];
  return security.length === 0 || security.some((way) => Object.keys(way).length === 0);
}

function bodyOf(system, path, method, operation) {
  const content = operation.requestBody?.content?.["application/json"];
  if (!content) return undefined;
  const typed = system.oas3Selectors.requestBodyValue(path, method);
  if (typeof typed === "string") return typed;
  const example = content.example ?? Object.values(content.examples ?? {})[0]?.value;
  if (example !== undefined) return JSON.stringify(example);
  const sample = system.fn.getSampleSchema(content.schema, "application/json", {}, undefined);
  return typeof sample === "string" ? sample : JSON.stringify(sample);
}
