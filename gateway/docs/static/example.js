// What to type or to copy to read a stream: Swagger UI shows an answer once it has all of it, and a stream is not read so.

/**
 * @typedef {{url: string, method: string, headers: Record<string, string>, body?: string}} StreamRequest
 */

/** The request as a command; `-N` makes curl show each word as it comes. */
export function asCurl(/** @type {StreamRequest} */ { url, method, headers, body }) {
  const parts = [`curl -N -X ${method} ${quoted(url)}`];
  for (const [name, value] of Object.entries(headers)) {
    parts.push(`-H ${value.includes("$TOKEN") ? `"${name}: ${value}"` : quoted(`${name}: ${value}`)}`);
  }
  if (body !== undefined) parts.push(`-d ${quoted(body)}`);
  return parts.join(" \\\n  ");
}

/** The request as JavaScript for browsers; their own EventSource knows neither POST nor the authorization header. */
export function asJavaScript(/** @type {StreamRequest} */ { url, method, headers, body }) {
  const lines = Object.entries(headers).map(([name, value]) => {
    const text = value.includes("$TOKEN") ? `\`${value.replace("$TOKEN", "${token}")}\`` : JSON.stringify(value);
    return `    ${/^[a-z]+$/.test(name) ? name : `"${name}"`}: ${text},`;
  });
  const payload = body === undefined ? "" : `\n  body: JSON.stringify(${indented(body)}),`;
  return `const answer = await fetch(${JSON.stringify(url)}, {
  method: "${method}",
  headers: {
${lines.join("\n")}
  },${payload}
});
if (!answer.ok) throw new Error(await answer.text());
const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
let rest = "";
for (;;) {
  const { value, done } = await reader.read();
  if (done) break;
  const events = (rest + value).split("\\n\\n");
  rest = events.pop();
  for (const event of events) {
    const data = event.split("\\n").find((line) => line.startsWith("data: "));
    if (data) console.log(JSON.parse(data.slice(6)));
  }
}`;
}

function quoted(/** @type {string} */ text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function indented(/** @type {string} */ json) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2).replaceAll("\n", "\n  ");
  } catch {
    return JSON.stringify(json); // half typed; what is shown stays JavaScript
  }
}
