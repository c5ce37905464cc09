// What changes in a conversation, across every break of the connection.

import { ApiError, isPassing } from "../errors.js";
import { Line, rest } from "../line.js";
import { comeBack, isUnknownCursor } from "./reply_events.js";

const CROWDED_MS = 30_000; // other windows have all the streams that the learner may have open

/** Yields `{turn}`, `{generation}` and `{conversation}` as WatchConversation tells them, until the conversation has
 *  ended. Throws what waiting cannot mend. */
export async function* watchEvents(api, conversationId, { signal, probe }) {
  const line = new Line();
  let after = "";
  try {
    anew: for (;;) {
      try {
        for await (const event of api.stream("GET", `/conversations/${conversationId}:watch`, { query: { after }, signal })) {
          line.holds();
          after = event.cursor || after;
          yield event;
          if (event.conversation?.ended_at) return;
          if (event.closed?.reason === "STREAM_EXPIRED") continue anew;
        }
      } catch (error) {
        if (isUnknownCursor(error)) after = "";
        else if (isCrowded(error)) await rest(signal, CROWDED_MS);
        else if (!isPassing(error)) throw error;
      }
      await comeBack(line, signal, probe);
    }
  } finally {
    line.isBack();
  }
}

function isCrowded(error) {
  return error instanceof ApiError && error.code === "TOO_MANY_STREAMS";
}
