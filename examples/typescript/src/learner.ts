// What the example does, in the words of the product.

import { Api } from "./api.js";
import type { Conversation, ReplyEvent, SignUp, Turn } from "./contract.js";
import { reply } from "./reply.js";

/** Somebody who is signed in. */
export class Learner {
  private constructor(private readonly api: Api) {}

  /** Makes an account at a server, such as `http://127.0.0.1:8080`. */
  static async signUp(site: string, account: SignUp): Promise<Learner> {
    const { tokens } = await new Api(site).call("post", "/api/v2/auth/signup", { body: account });
    return new Learner(new Api(site, tokens.access_token));
  }

  /** Starts the role-play of a scenario. */
  start(scenarioId: string): Promise<Conversation> {
    return this.api.call("post", "/api/v2/conversations", { body: { scenario_id: scenarioId } });
  }

  /** Returns what was said so far; the partner's opening line is the first of it. */
  async turns(conversation: Conversation): Promise<Turn[]> {
    const path = { conversation_id: conversation.id };
    return (await this.api.call("get", "/api/v2/conversations/{conversation_id}/turns", { path })).turns;
  }

  /** Says something, under an id that is new in this conversation, and yields the events of the reply. */
  say(conversation: Conversation, messageId: string, text: string): AsyncGenerator<ReplyEvent> {
    return reply(this.api, conversation.id, { client_message_id: messageId, text });
  }
}
