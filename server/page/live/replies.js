// The replies that are read word by word, as their events tell them.

/** What is known of each reply by its generation's id, the oldest first. */
export class Replies {
  #all = new Map();

  /** Reading begins, at the reply's beginning. */
  begin(generationId, answers = "") {
    const known = this.#all.get(generationId);
    const fresh = { text: "", state: "waiting", problem: "", turnId: "", isStored: false };
    this.#all.set(generationId, { id: generationId, answers: known?.answers || answers, ...fresh });
  }

  /** Takes an event in. */
  hear(event) {
    const reply = this.#all.get(event.generation_id);
    if (event.accepted) reply.answers = event.accepted.turn_id;
    else if (event.delta) Object.assign(reply, { text: reply.text + event.delta.text, state: "speaking" });
    else if (event.snapshot) Object.assign(reply, { text: event.snapshot.text, state: "speaking" });
    else if (event.reset) Object.assign(reply, { text: "", state: "waiting" });
    else if (event.completed) Object.assign(reply, { state: "completed", turnId: event.completed.turn_id });
    else if (event.cancelled) Object.assign(reply, { state: "cancelled", turnId: event.cancelled.turn_id });
    else if (event.failed) fail(reply, event.failed);
    return reply;
  }

  has(generationId) {
    return this.#all.has(generationId);
  }

  /** The reply has become a turn; from now on that is what is shown of it, or what has taken its place. */
  store(generationId) {
    const reply = this.#all.get(generationId);
    if (reply) reply.isStored = true;
  }

  get(generationId) {
    return this.#all.get(generationId);
  }

  /** It has become known what a reply answers: the learner's turn. */
  place(generationId, turnId) {
    const reply = this.#all.get(generationId);
    if (reply) reply.answers = turnId;
  }

  *[Symbol.iterator]() {
    yield* this.#all.values();
  }

  /** The reply that is being said. */
  get underWay() {
    return [...this].find(isUnderWay);
  }
}

export function isUnderWay(reply) {
  return reply.state === "waiting" || reply.state === "speaking";
}

function fail(reply, { failure, turn_id }) {
  Object.assign(reply, { state: "failed", turnId: turn_id ?? "", problem: failure?.message ?? "" });
}
