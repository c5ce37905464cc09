// Reading along: what a stream has brought so far, for whoever shows it.

export const EVENTS = "text/event-stream";
const LINES = "application/x-ndjson";

/** One stream that runs or ran: what came, and when, in seconds since it was asked for. */
class Stream {
  #tell;
  #stopping = new AbortController();
  #began = performance.now();
  rows = [];
  /** How it ended; empty while there may be more. */
  ending = "";

  constructor(tell) {
    this.#tell = tell;
  }

  get signal() {
    return this.#stopping.signal;
  }

  stop() {
    this.#stopping.abort();
  }

  async read(/** @type {Response} */ answer, /** @type {boolean} */ isEvents) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const separator = isEvents ? "\n\n" : "\n";
    let rest = "";
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const whole = (rest + part.value).split(separator);
        rest = whole.pop();
        this.#take(whole.map(isEvents ? parsed : lined));
      }
      this.ending = "has ended";
    } catch {
      this.ending = "broke off";
    }
    this.#tell();
  }

  #take(/** @type {{kind: string, data: string}[]} */ events) {
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(2);
    this.rows = [...this.rows, ...events.filter(({ data }) => data).map((event) => ({ seconds, ...event }))];
    this.#tell();
  }
}

/** A server-sent event; one without data, such as a comment, has none here either. */
function parsed(/** @type {string} */ event) {
  const lines = event.split("\n").map((line) => line.split(/: ?(.*)/, 2));
  const values = (/** @type {string} */ wanted) => lines.filter(([name]) => name === wanted).map(([, value]) => value);
  return { kind: values("event").join(), data: values("data").join("\n") };
}

function lined(/** @type {string} */ line) {
  return { kind: "", data: line };
}

/** The streams of this page by operation, and who wants to know of news. */
export class Streams {
  #latest = new Map();
  #listeners = new Map();

  of(key) {
    return this.#latest.get(key);
  }

  listen(key, listener) {
    this.#listeners.set(key, listener);
    return () => this.#listeners.delete(key);
  }

  /** A `fetch` for one request of Swagger UI: it gets its answer as ever, and we read along. */
  fetchFor(key) {
    return async (url, request) => {
      this.#latest.get(key)?.stop();
      const tell = () => this.#listeners.get(key)?.();
      const stream = new Stream(tell);
      const answer = await fetch(url, { ...request, signal: stream.signal });
      const type = answer.headers.get("content-type") ?? "";
      if (type.startsWith(EVENTS) || type.startsWith(LINES)) {
        this.#latest.set(key, stream);
        stream.read(answer.clone(), type.startsWith(EVENTS));
      } else {
        this.#latest.delete(key);
        tell();
      }
      return answer;
    };
  }
}
