// A conversation as it is right now: watched, read word by word, and spoken in. It knows nothing of what it looks like.

import { ApiError, ConnectionError, inWords, isPassing } from "../errors.js";
import { Line } from "../line.js";
import { uuid } from "../ids.js";
import { items, isPartners } from "./items.js";
import { Outbox } from "./outbox.js";
import { Replies, isUnderWay } from "./replies.js";
import { comeBack, replyEvents } from "./reply_events.js";
import { watchEvents } from "./watch_events.js";

/** `onChange()` is called after each change, `onReply(text)` once for each reply that has ended here. */
export class LiveConversation {
  #turns = new Map();
  #replies = new Replies();
  #reading = new Set();
  #outbox;
  #isStopping = false;
  #wish = false;
  /** The conversation as the API has it. */
  conversation = null;
  /** Why the last wish was refused, in words. */
  problem = "";

  constructor(api, id, { signal, onChange, onReply }) {
    Object.assign(this, { api, id, signal, onChange, onReply });
    this.#outbox = new Outbox(id);
    this.way = { signal, probe: () => this.#look() };
  }

  /** Reads all that there is, then goes on by itself until `signal` is aborted. */
  async open() {
    await this.#look();
    await this.#readTurns();
    this.#keepWatching();
    for (const message of this.#outbox.messages) this.#deliver(message);
  }

  get items() {
    return items([...this.#turns.values()], this.#replies, this.#outbox.messages);
  }

  /** Whether a reply is being said, or was asked for. */
  get isAnswering() {
    return Boolean(this.#replies.underWay) || this.#wish || this.isSending;
  }

  /** Whether a message is on its way: the next one waits, so that they arrive in order. */
  get isSending() {
    return this.#outbox.messages.some(({ problem, turnId }) => !problem && !turnId);
  }

  get isStopping() {
    return this.#isStopping;
  }

  get status() {
    return this.conversation.status.replace("CONVERSATION_STATUS_", "").toLowerCase();
  }

  /** The learner's newest message, as a turn. */
  get newestMessage() {
    return [...this.#turns.values()].filter((turn) => !isPartners(turn)).sort((a, b) => b.position - a.position)[0];
  }

  /** Says something; a reply under way is stopped first. */
  say(text) {
    this.problem = "";
    this.#isStopping = false;
    this.#deliver(this.#outbox.add(text));
    this.onChange();
  }

  /** Takes a message back that was refused, and returns its text. */
  takeBack(messageId) {
    const text = this.#outbox.messages.find(({ id }) => id === messageId)?.text ?? "";
    this.#outbox.remove(messageId);
    this.onChange();
    return text;
  }

  /** Has the partner stop, as soon as it is known which reply that is. */
  async stop() {
    if (!this.isAnswering || this.#isStopping) return;
    this.#isStopping = true;
    this.onChange();
    const reply = this.#replies.underWay;
    if (reply) await this.#cancel(reply.id);
  }

  /** Has the partner reply anew to the newest message. */
  async tryAgain() {
    const turn = this.newestMessage;
    if (!turn || this.isAnswering) return;
    const body = { client_message_id: uuid() };
    this.#wish = true;
    this.problem = "";
    this.onChange();
    await this.#try(() => this.#follow(() => this.#open("POST", `/turns/${turn.id}:regenerate`, { body }), turn.id));
    this.#wish = false;
    this.onChange();
  }

  /** Pauses, resumes or ends the conversation: `pause`, `resume`, `end`. */
  change(verb) {
    return this.#try(async () => {
      this.conversation = await this.api.call("POST", `/conversations/${this.id}:${verb}`, { body: {}, key: uuid() });
      this.onChange();
    });
  }

  async #look() {
    this.conversation = await this.api.call("GET", `/conversations/${this.id}`);
    this.#followActive();
  }

  async #readTurns() {
    const before = new Set(this.#turns.keys());
    for await (const turn of this.api.all(`/conversations/${this.id}/turns`, "turns")) {
      this.#turns.set(turn.id, turn);
      before.delete(turn.id);
    }
    for (const id of before) this.#turns.delete(id); // replaced, or about to be
    this.#settle();
  }

  async #keepWatching() {
    await this.#try(async () => {
      for await (const change of watchEvents(this.api, this.id, this.way)) this.#take(change);
    });
  }

  #take({ turn, generation, conversation }) {
    if (turn) this.#turns.set(turn.id, turn);
    if (generation) this.#takeGeneration(generation);
    if (conversation) {
      this.conversation = conversation;
      this.#followActive();
    }
    this.#settle();
  }

  #takeGeneration({ id, turn_id, status }) {
    this.#replies.place(id, turn_id);
    if (/QUEUED|RUNNING/.test(status)) this.#read(id, turn_id);
  }

  #followActive() {
    const id = this.conversation.active_generation_id;
    if (id) this.#read(id);
  }

  /** Reads a reply that was asked for elsewhere, from its beginning. */
  #read(id, answers = "") {
    if (this.#reading.has(id) || (this.#replies.has(id) && !isUnderWay(this.#replies.get(id)))) return;
    this.#try(() => this.#follow(() => this.#open("GET", `/generations/${id}/events`), answers, id));
  }

  /** What has become a turn is no longer on its way. */
  #settle() {
    for (const turn of this.#turns.values()) {
      if (isPartners(turn)) this.#replies.store(turn.generation_id);
      else this.#outbox.remove(turn.client_message_id);
    }
    this.onChange();
  }

  async #deliver(message) {
    const body = { client_message_id: message.id, text: message.text, interrupt: true };
    const open = () => this.#open("POST", `/conversations/${this.id}/messages`, { body });
    try {
      await this.#follow(open, "", "", message);
    } catch (error) {
      if (message.turnId || this.signal.aborted) return this.#refuse(error);
      message.problem = inWords(error);
      this.onChange();
    }
  }

  #open(method, path, options = {}) {
    return this.api.stream(method, path, { ...options, signal: this.signal });
  }

  /** Reads one reply to its end, unless it is being read already. */
  async #follow(open, answers, known = "", message = null) {
    let id = known;
    if (id) this.#begin(id, answers);
    try {
      for await (const event of replyEvents(this.api, open, this.way)) {
        if (message && event.accepted) message.turnId = event.accepted.turn_id;
        if (!id) {
          if (this.#reading.has(event.generation_id)) return;
          id = event.generation_id;
          this.#begin(id, answers);
        }
        this.#hear(event);
      }
    } finally {
      this.#reading.delete(id);
    }
    await this.#readTurns().catch(leavePassing); // who has seen the end can read the turn
  }

  #begin(id, answers) {
    this.#reading.add(id);
    this.#replies.begin(id, answers);
    this.#wish = false;
    if (this.#isStopping) this.#cancel(id);
  }

  #hear(event) {
    const reply = this.#replies.hear(event);
    if (!isUnderWay(reply)) {
      this.#isStopping = false;
      this.onReply(reply);
    }
    this.onChange();
  }

  /** Cancels a reply, and does not give up while the server is away. */
  #cancel(id) {
    const line = new Line();
    return this.#try(async () => {
      while (this.#reading.has(id)) {
        try {
          return await this.api.call("POST", `/generations/${id}:cancel`, { body: {} });
        } catch (error) {
          if (!isPassing(error)) throw error;
        }
        await comeBack(line, this.signal, this.way.probe);
      }
    }).finally(() => line.isBack());
  }

  async #try(act) {
    try {
      await act();
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error) {
    if (this.signal.aborted) return;
    if (!(error instanceof ApiError || error instanceof ConnectionError)) throw error;
    this.#isStopping = false;
    this.problem = inWords(error);
    this.onChange();
  }
}

/** The turn comes by the watch as well, once there is a connection again. */
function leavePassing(error) {
  if (!isPassing(error)) throw error;
}
