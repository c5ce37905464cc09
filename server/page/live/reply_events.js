// One reply from its first event to its last, across every break of the connection.

import { ApiError, isPassing } from "../errors.js";
import { Line } from "../line.js";

/** Whether an event is the last of its reply. */
export function isLast(event) {
  return Boolean(event.completed || event.cancelled || event.failed);
}

/** Yields the events of a reply, each once and in order. `open` asks for it: by saying something, which the same id
 *  never says twice, or by reading it from its beginning. Once an event has come, a break is followed by ResumeReply
 *  from its cursor. `probe` finds out whether the server can be reached. Throws what waiting cannot mend. */
export async function* replyEvents(api, open, { signal, probe }) {
  const line = new Line();
  let last = null;
  const resume = () => api.stream("GET", `/generations/${last.generation_id}/events`, { query: { after: last.cursor }, signal });
  try {
    for (;;) {
      try {
        for await (const event of last ? resume() : open()) {
          line.holds();
          last = event;
          yield event;
          if (isLast(event)) return;
        }
      } catch (error) {
        if (isUnknownCursor(error) && last?.cursor) {
          last = { generation_id: last.generation_id, cursor: "" };
          yield { ...last, reset: {} }; // from the beginning
        } else if (!isPassing(error)) throw error;
      }
      await comeBack(line, signal, probe);
    }
  } finally {
    line.isBack();
  }
}

/** Waits until the server can be reached again, or until it is worth a try in any case. */
export async function comeBack(line, signal, probe) {
  await line.pause(signal);
  try {
    await probe();
    line.isBack();
  } catch (error) {
    if (!isPassing(error)) throw error;
  }
}

export function isUnknownCursor(error) {
  return error instanceof ApiError && error.code === "CURSOR_UNKNOWN";
}
