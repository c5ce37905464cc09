// Calls of the API, typed by method and path.

import type { DataOf, EntryOf, ErrorBody, InputOf, Method, PathOf } from "./contract.js";
import { ApiError, named } from "./errors.js";
import { serverSentEvents } from "./server_sent_events.js";

/** What a call may have, whichever it is. */
interface Input {
  path?: Record<string, string>;
  header?: Record<string, string>;
  body?: unknown;
}

/** One entry of a stream, and the position after it. */
export interface Positioned<Entry> {
  readonly id: string;
  readonly entry: Entry;
}

/** One server, as one caller sees it. */
export class Api {
  /** `site` is the server's origin; `token` an access token, empty for calls that anyone may make. */
  constructor(
    readonly site: string,
    private readonly token = "",
  ) {}

  /** Makes a call and returns the data of its answer; throws an ApiError or a ConnectionError. */
  async call<M extends Method, P extends PathOf<M>>(method: M, path: P, input: InputOf<M, P>): Promise<DataOf<M, P>>;
  async call(method: Method, path: string, input: Input): Promise<unknown> {
    const answer = await this.request(method, path, input, "application/json");
    const { data } = (await answer.json()) as { data: unknown };
    return data;
  }

  /** Makes a call that answers with a stream, and yields its entries as they arrive; throws as `call` does. */
  stream<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    input: InputOf<M, P>,
  ): AsyncGenerator<Positioned<EntryOf<M, P>>>;
  async *stream(method: Method, path: string, input: Input): AsyncGenerator<Positioned<unknown>> {
    const answer = await this.request(method, path, input, "text/event-stream");
    if (answer.body === null) return; // 204: nothing comes after `Last-Event-ID`
    try {
      for await (const { id, event, data } of serverSentEvents(answer.body)) {
        if (event === "error") throw ApiError.of(JSON.parse(data) as ErrorBody);
        yield { id, entry: JSON.parse(data) as unknown };
      }
    } catch (error) {
      throw named(error);
    }
  }

  private async request(method: Method, template: string, input: Input, accept: string): Promise<Response> {
    const path = template.replace(/{(\w+)}/g, (_, name: string) => encodeURIComponent(input.path?.[name] ?? ""));
    const headers = new Headers({ ...input.header, accept });
    if (this.token) headers.set("authorization", `Bearer ${this.token}`);
    const options: RequestInit = { method: method.toUpperCase(), headers };
    if (input.body !== undefined) {
      headers.set("content-type", "application/json");
      options.body = JSON.stringify(input.body);
    }
    const answer = await fetch(new URL(path, this.site), options).catch((error: unknown) => {
      throw named(error);
    });
    if (!answer.ok) throw await ApiError.from(answer);
    return answer;
  }
}
