// Who is signed in, in this tab alone: tokens live in sessionStorage and are renewed by themselves.

import { Api } from "./api.js";
import { ApiError } from "./errors.js";
import { uuid } from "./ids.js";

const KEPT = "fluentpro.session";
const EARLY_MS = 60_000; // a token with less than this left is renewed before it is used
const LEAVING_MS = 1_500; // what a page that is being reloaded gets for letting go of its lock

export class Session {
  #kept = read();
  #renewing = null;
  #api = new Api();
  /** Called when the session has ended without the learner's doing. */
  onEnd = () => {};

  get isOpen() {
    return this.#kept !== null;
  }

  get name() {
    return this.#kept?.name ?? "";
  }

  /** Keeps what a sign-up or a log-in has answered. */
  open({ user, tokens }) {
    this.#keep({ tab: uuid(), name: user.full_name, ...kept(tokens) });
    return this.claim();
  }

  /** Makes sure that no other tab goes on with the same tokens: a copied tab has copies of them, and two tabs that
   *  renew the same session would look like a theft. Whoever comes second signs in anew. */
  async claim() {
    if (!this.#kept || !navigator.locks) return;
    const name = `${KEPT}.${this.#kept.tab}`;
    const isOurs = await new Promise((resolve) => {
      const hold = () => {
        resolve(true);
        return new Promise(() => {}); // until the page goes
      };
      navigator.locks.request(name, { signal: AbortSignal.timeout(LEAVING_MS) }, hold).catch(() => resolve(false));
    });
    if (!isOurs) this.#forget();
  }

  /** Returns an access token that is good for a while yet. */
  async token() {
    if (!this.#kept) throw signedOut();
    return this.#kept.until - Date.now() > EARLY_MS ? this.#kept.access : this.renew(this.#kept.access);
  }

  /** Returns a newer access token than `old`; however many ask at once, it is renewed once. */
  async renew(old) {
    if (!this.#kept) throw signedOut();
    if (this.#kept.access !== old) return this.#kept.access;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** Signs out, here and at the server. */
  async close() {
    const refresh_token = this.#kept?.refresh;
    this.#forget();
    if (refresh_token) await this.#api.call("POST", "/auth/logout", { body: { refresh_token } }).catch(() => {});
  }

  async #renew() {
    try {
      const body = { refresh_token: this.#kept.refresh };
      const { tokens } = await this.#api.call("POST", "/auth/refresh", { body });
      if (!this.#kept) throw signedOut();
      this.#keep({ ...this.#kept, ...kept(tokens) });
      return this.#kept.access;
    } catch (error) {
      if (error instanceof ApiError && error.status === "UNAUTHENTICATED") this.#end();
      throw error;
    }
  }

  #end() {
    if (!this.#kept) return;
    this.#forget();
    this.onEnd();
  }

  #keep(session) {
    this.#kept = session;
    sessionStorage.setItem(KEPT, JSON.stringify(session));
  }

  #forget() {
    this.#kept = null;
    sessionStorage.clear(); // unsent messages too: the next learner at this tab is another one
  }
}

function kept({ access_token, refresh_token, expires_in }) {
  return { access: access_token, refresh: refresh_token, until: Date.now() + expires_in * 1000 };
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

function signedOut() {
  return new ApiError({ code: "TOKEN_MISSING", status: "UNAUTHENTICATED", message: "You are signed out." });
}
