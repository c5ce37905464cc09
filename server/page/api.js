// Calls of the public API by fetch, and its streams as server-sent events.

import { ApiError, ConnectionError } from "./errors.js";
import { serverSentEvents } from "./server_sent_events.js";

const ROOT = "/api/v2";
// The server sends a comment every 15 s: a stream that brings nothing for so long has lost its connection.
const SILENCE_MS = 40_000;
const ANSWER_MS = 35_000; // the longest that the server gives a call, and five seconds for the way

export class Api {
  /** @param {{token(): Promise<string>, renew(old: string): Promise<string>} | null} session null: for calls anyone may make */
  constructor(session = null) {
    this.session = session;
  }

  /** Makes a call and returns the data of its answer; throws an ApiError or a ConnectionError. */
  async call(method, path, { query = {}, body, key } = {}) {
    const limit = AbortSignal.timeout(ANSWER_MS);
    const answer = await this.#request(method, path, { query, body, key, signal: limit, accept: "application/json" });
    try {
      return (await answer.json()).data;
    } catch (error) {
      throw new ConnectionError(error);
    }
  }

  /** Yields every item of a list, page after page. */
  async *all(path, field, query = {}) {
    for (let token = ""; ; ) {
      const page = await this.call("GET", path, { query: { ...query, page_size: 100, page_token: token } });
      yield* page[field];
      token = page.next_page_token;
      if (!token) return;
    }
  }

  /** Makes a call that answers with a stream, and yields its entries as they come; throws as `call` does. */
  async *stream(method, path, { query = {}, body, signal } = {}) {
    const stalled = new AbortController();
    const either = signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal;
    let timer = 0;
    const hear = () => {
      clearTimeout(timer);
      timer = setTimeout(() => stalled.abort(), SILENCE_MS);
    };
    hear();
    try {
      const answer = await this.#request(method, path, { query, body, signal: either, accept: "text/event-stream" });
      if (answer.status === 204) return;
      for await (const { event, data } of serverSentEvents(answer.body, hear)) {
        if (event === "error") throw new ApiError(JSON.parse(data).error);
        yield JSON.parse(data);
      }
    } catch (error) {
      throw error instanceof ApiError ? error : new ConnectionError(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #request(method, path, options) {
    const token = this.session ? await this.session.token() : "";
    const answer = await send(method, path, token, options);
    if (answer.status !== 401 || !this.session) return checked(answer);
    return checked(await send(method, path, await this.session.renew(token), options));
  }
}

async function send(method, path, token, { query, body, key, signal, accept }) {
  const headers = { accept };
  if (token) headers.authorization = `Bearer ${token}`;
  if (key) headers["idempotency-key"] = key;
  if (body !== undefined) headers["content-type"] = "application/json";
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined);
  const search = given.length ? `?${new URLSearchParams(given)}` : "";
  const request = { method, headers, signal, cache: "no-store", credentials: "omit", body: JSON.stringify(body) };
  try {
    return await fetch(`${ROOT}${path}${search}`, request);
  } catch (error) {
    throw new ConnectionError(error);
  }
}

async function checked(/** @type {Response} */ answer) {
  if (!answer.ok) throw await ApiError.from(answer);
  return answer;
}
