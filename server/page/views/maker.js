// «Make scenarios for me»: a job, and a bar that shows how far it is.

import { announce, button, h } from "../dom.js";
import { inWords, isPassing } from "../errors.js";
import { uuid } from "../ids.js";
import { Line } from "../line.js";

const ENDED = /SUCCEEDED|FAILED|CANCELLED/;

/** Returns what to show; `onMade` is called when there are new scenarios. A job under way is found again. */
export function maker(page, onMade, signal) {
  const view = new Making(page, onMade, signal);
  view.find();
  return view.element;
}

class Making {
  #job = null;
  #text = h("p", { class: "soft" }, "Three scenarios for your own role, partners and situations.");
  #alarm = h("p", { class: "alarm", role: "alert", hidden: true });
  #bar = h("progress", { class: "bar", "aria-label": "Making scenarios", hidden: true });
  #make;
  #cancel;

  constructor(page, onMade, signal) {
    Object.assign(this, { page, onMade, signal });
    this.#make = button("Make scenarios for me", () => this.#start(), { class: "primary" });
    this.#cancel = button("Cancel", () => this.#stop(), { class: "quiet", hidden: true });
    const actions = h("div", { class: "actions" }, this.#make, this.#cancel);
    this.element = h("div", { class: "maker" }, this.#text, this.#bar, this.#alarm, actions);
  }

  /** Goes on with a job that was begun before, on this device or another. */
  async find() {
    const { jobs } = await this.page.api.call("GET", "/jobs", { query: { page_size: 5 } }).catch(() => ({ jobs: [] }));
    const underWay = jobs.find(({ name, state }) => name === "practice.generate_scenarios" && !ENDED.test(state));
    if (underWay && !this.#job && !this.signal.aborted) await this.#try(() => this.#watch(underWay));
  }

  #start() {
    return this.#try(async () => {
      const { job } = await this.page.api.call("POST", "/scenarios:generate", { body: {}, key: uuid() });
      await this.#watch(job);
    });
  }

  #stop() {
    return this.#try(() => this.page.api.call("POST", `/jobs/${this.#job.id}:cancel`, { body: {} }));
  }

  async #try(act) {
    this.#alarm.hidden = true;
    try {
      await act();
    } catch (error) {
      if (this.signal.aborted) return;
      this.#alarm.textContent = inWords(error);
      this.#alarm.hidden = false;
      this.#rest();
    }
  }

  /** Follows a job to its end; a stream that breaks is opened anew. */
  async #watch(job) {
    const line = new Line();
    this.#show(job);
    try {
      while (!ENDED.test(this.#job.state)) {
        try {
          for await (const now of this.page.api.stream("GET", `/jobs/${job.id}:watch`, { signal: this.signal })) {
            line.holds();
            this.#show(now);
          }
        } catch (error) {
          if (!isPassing(error)) throw error;
        }
        if (!ENDED.test(this.#job.state)) await line.pause(this.signal);
      }
    } finally {
      line.isBack();
    }
    await this.#finish();
  }

  #show(job) {
    this.#job = job;
    const { done = 0, total = 0, text = "" } = job.progress ?? {};
    this.#bar.hidden = this.#cancel.hidden = false;
    this.#make.hidden = true;
    if (total) Object.assign(this.#bar, { max: total, value: done });
    else this.#bar.removeAttribute("value");
    this.#text.textContent = text || (total ? `${done} of ${total} made.` : "It begins shortly.");
  }

  async #finish() {
    const { state, failure } = this.#job;
    this.#rest();
    if (state === "JOB_STATE_SUCCEEDED") {
      await this.onMade();
      this.#text.textContent = "Done: your new scenarios stand first in the list below.";
      announce(this.#text.textContent);
    } else {
      this.#text.textContent = failure ? failure.message : "It was cancelled.";
    }
  }

  #rest() {
    const hadFocus = this.#cancel === document.activeElement;
    this.#bar.hidden = this.#cancel.hidden = true;
    this.#make.hidden = false;
    if (hadFocus) this.#make.focus();
  }
}
