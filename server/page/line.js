// The line to the server: whether it holds, and how long to wait before the next try.

const FIRST_MS = 400;
const LONGEST_MS = 15_000;

/** One for each thing that reconnects; all of them together make the banner. */
export class Line {
  static #broken = new Set();
  static #listeners = new Set();
  #tries = 0;

  /** Calls `listener(isBroken)` whenever a line breaks or the last broken one holds again; returns how to stop that. */
  static listen(listener) {
    Line.#listeners.add(listener);
    return () => Line.#listeners.delete(listener);
  }

  static #tell() {
    for (const listener of Line.#listeners) listener(Line.#broken.size > 0);
  }

  /** Something has come: it holds, and the next break is a first one. */
  holds() {
    this.#tries = 0;
    this.isBack();
  }

  /** The server can be reached, though nothing has come yet. */
  isBack() {
    if (Line.#broken.delete(this)) Line.#tell();
  }

  /** Waits before the next try: twice as long each time, never in step with others, and no longer once the browser
   *  is online again or the page is looked at. Throws when `signal` is aborted. */
  async pause(/** @type {AbortSignal} */ signal) {
    signal.throwIfAborted();
    Line.#broken.add(this);
    Line.#tell();
    const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#tries++);
    await rest(signal, most * (0.5 + Math.random() / 2));
  }
}

/** Waits, as `pause` does, where nothing is broken. */
export async function rest(/** @type {AbortSignal} */ signal, milliseconds) {
  const done = new AbortController();
  await new Promise((resolve) => {
    const go = () => {
      done.abort();
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(go, milliseconds);
    addEventListener("online", go, { signal: done.signal });
    document.addEventListener("visibilitychange", () => document.hidden || go(), { signal: done.signal });
    signal.addEventListener("abort", go, { signal: done.signal });
  });
  signal.throwIfAborted();
}
