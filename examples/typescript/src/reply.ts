// One message and the partner's reply to it, over as many connections as it takes.

import type { Api, Positioned } from "./api.js";
import type { ReplyEvent, SendMessage } from "./contract.js";
import { ApiError, ConnectionError } from "./errors.js";

const TRIES = 6; // connections in a row that bring nothing: about fifteen seconds
const FIRST_PAUSE = 500; // milliseconds; each further one is twice as long

/**
 * Says something and yields the events of the reply, each once, however often the connection breaks.
 *
 * The server keeps the reply in a log, and a stream only reads it. So after a break it goes on behind the last event
 * seen. Where none was seen, the message is sent again: its `client_message_id` sees to it that it is said once.
 */
export async function* reply(api: Api, conversationId: string, message: SendMessage): AsyncGenerator<ReplyEvent> {
  let seen: Positioned<ReplyEvent> | undefined;
  let cause: unknown;
  for (let breaks = 0; breaks < TRIES; breaks++) {
    if (breaks > 0) await pause(FIRST_PAUSE * 2 ** (breaks - 1));
    try {
      for await (const event of seen ? resumed(api, seen) : sent(api, conversationId, message)) {
        seen = event;
        yield event.entry;
        if (isLast(event.entry)) return;
        breaks = 0;
      }
    } catch (error) {
      if (!mayPass(error)) throw error;
      cause = error;
    }
  }
  throw new ConnectionError("The reply broke off again and again.", { cause });
}

/** The text of the reply after one more event. */
export function textAfter(text: string, event: ReplyEvent): string {
  if ("delta" in event) return text + event.delta.text;
  if ("snapshot" in event) return event.snapshot.text;
  if ("reset" in event) return "";
  return text;
}

function sent(api: Api, conversationId: string, message: SendMessage) {
  const path = { conversation_id: conversationId };
  return api.stream("post", "/api/v2/conversations/{conversation_id}/messages", { path, body: message });
}

function resumed(api: Api, { id, entry }: Positioned<ReplyEvent>) {
  const path = { generation_id: entry.generation_id };
  return api.stream("get", "/api/v2/generations/{generation_id}/events", { path, header: { "Last-Event-ID": id } });
}

function isLast(event: ReplyEvent): boolean {
  return "completed" in event || "cancelled" in event || "failed" in event;
}

/** Whether another connection may get further: this one broke, or its server stops, or its time was over. */
function mayPass(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === "UNAVAILABLE" || error.status === "DEADLINE_EXCEEDED";
  return error instanceof ConnectionError;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
