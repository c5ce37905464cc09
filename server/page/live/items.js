// What is shown of a conversation, in order: turns, replies being said in their place, and messages on their way.

import { isUnderWay } from "./replies.js";

/** Returns `{key, author, text, state, note, turnId}` for each thing to show. A turn keeps the key that it had while it
 *  was on its way, so that what is shown stays where it is. */
export function items(turns, replies, messages) {
  const shown = turns.filter((turn) => !turn.replaced).sort((a, b) => a.position - b.position).map((turn) => ofTurn(turn, replies));
  const taken = new Set(turns.map((turn) => turn.client_message_id));
  shown.push(...messages.filter(({ id }) => !taken.has(id)).map(ofMessage));
  for (const reply of replies) {
    if (!reply.isStored) place(shown, reply);
  }
  return shown;
}

/** Whether the partner is who says a turn. */
export function isPartners(turn) {
  return turn.author === "AUTHOR_PARTNER";
}

function ofTurn(turn, replies) {
  if (!isPartners(turn)) {
    return { key: `message ${turn.client_message_id}`, author: "learner", text: turn.text, state: "stored", note: "", turnId: turn.id };
  }
  const key = turn.generation_id ? `reply ${turn.generation_id}` : `turn ${turn.id}`;
  const note = turn.partial ? replies.get(turn.generation_id)?.problem || "Stopped here." : "";
  return { key, author: "partner", text: turn.text, state: "stored", note, turnId: turn.id };
}

function ofMessage({ id, text, turnId, problem }) {
  const state = problem ? "refused" : turnId ? "stored" : "sending";
  return { key: `message ${id}`, author: "learner", text, state, note: problem, turnId, messageId: id };
}

/** Puts a reply after what it answers, in the place of the reply that it is to replace. One that ended with nothing
 *  said leaves that one where it is. */
function place(shown, reply) {
  const at = shown.findLastIndex((item) => item.author === "learner" && item.turnId === reply.answers);
  if (at < 0) return;
  let end = at + 1;
  while (end < shown.length && shown[end].author === "partner") end += 1;
  const isEmpty = !isUnderWay(reply) && !reply.text;
  if (isEmpty && end > at + 1) return;
  shown.splice(at + 1, end - at - 1, ofReply(reply));
}

const NOTES = { cancelled: "Stopped here.", failed: "The reply broke off." };

function ofReply(reply) {
  const note = reply.problem || (NOTES[reply.state] ?? "");
  return { key: `reply ${reply.id}`, author: "partner", text: reply.text, state: reply.state, note, turnId: reply.turnId };
}
