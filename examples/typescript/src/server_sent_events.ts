// The event stream format of the HTML standard (9.2.6). EventSource reads it too, but knows neither POST nor headers.

/** One event, with the standard's names. */
export interface ServerSentEvent {
  /** Where the stream stands: the newest `id` so far, for `Last-Event-ID`. Empty: none yet. */
  readonly id: string;
  /** Its kind; `message` when the server named none. */
  readonly event: string;
  readonly data: string;
}

/** Reads events as they arrive. An event that the end of the stream cuts off is no event. */
export async function* serverSentEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let id = "";
  let event = "";
  let data: string[] = [];
  for await (const line of lines(body)) {
    if (line === "") {
      if (data.length > 0) yield { id, event: event || "message", data: data.join("\n") };
      event = "";
      data = [];
      continue;
    }
    const [name, value] = field(line);
    if (name === "data") data.push(value);
    if (name === "event") event = value;
    if (name === "id" && !value.includes("\0")) id = value;
  }
}

/** Parts a line into name and value. The name of a comment, such as the server's heartbeat, is empty. */
function field(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  if (colon < 0) return [line, ""];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}

/** Reads whole lines, which end with LF, CR LF or CR. */
async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of texts(body)) {
    rest += text;
    // A CR that is last so far may be half of a CR LF: the next piece will tell.
    const whole = rest.split(/\r\n|\n|\r(?!$)/);
    rest = whole.pop() ?? "";
    yield* whole;
  }
  if (rest.endsWith("\r")) yield rest.slice(0, -1);
}

/** Decodes the pieces of a body. Leaving the loop early tells the server that nobody listens any more. */
async function* texts(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder(); // also drops a byte order mark
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => undefined); // fails where the connection is broken already
  }
}
