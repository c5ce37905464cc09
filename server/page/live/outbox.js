// What the learner has said and the server has not yet taken, kept in this tab until it has.

import { uuid } from "../ids.js";

export class Outbox {
  #place;
  /** @type {{id: string, text: string, turnId: string, problem: string}[]} */
  messages;

  constructor(conversationId) {
    this.#place = `fluentpro.outbox.${conversationId}`;
    this.messages = read(this.#place);
  }

  /** Keeps a message under an id that it has for good: sent again under it, it is never said twice. */
  add(text) {
    const message = { id: uuid(), text, turnId: "", problem: "" };
    this.messages = [...this.messages, message];
    this.#write();
    return message;
  }

  remove(id) {
    this.messages = this.messages.filter((message) => message.id !== id);
    this.#write();
  }

  #write() {
    sessionStorage.setItem(this.#place, JSON.stringify(this.messages.map(({ id, text }) => ({ id, text }))));
  }
}

function read(place) {
  try {
    return JSON.parse(sessionStorage.getItem(place) ?? "[]").map((message) => ({ ...message, turnId: "", problem: "" }));
  } catch {
    return [];
  }
}
