// Server-sent events out of a `fetch`, since EventSource can carry no token.

/** Yields `{id, event, data}` for each event of a body; comments, which keep it alive, are left out. */
export async function* serverSentEvents(/** @type {ReadableStream<Uint8Array>} */ body, onBytes = () => {}) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      onBytes();
      const whole = (rest + part.value).split("\n\n");
      rest = whole.pop();
      for (const text of whole) {
        const event = parsed(text);
        if (event.data) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // whoever stops reading closes the connection
  }
}

function parsed(/** @type {string} */ text) {
  const lines = text.split("\n").map((line) => line.split(/: ?(.*)/s, 2));
  const values = (wanted) => lines.filter(([name]) => name === wanted).map(([, value]) => value);
  return { id: values("id").join(), event: values("event").join(), data: values("data").join("\n") };
}
