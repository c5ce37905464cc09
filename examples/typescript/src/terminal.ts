// The example in a terminal: node dist/terminal.js [site] [text]

import { randomUUID } from "node:crypto";

import { Learner } from "./learner.js";
import { textAfter } from "./reply.js";

const [site = "http://127.0.0.1:8080", text = "Good evening, and welcome! How may I help you?"] = process.argv.slice(2);

const learner = await Learner.signUp(site, {
  email: `${randomUUID()}@example.com`,
  password: "harbour view at dawn",
  full_name: "Mei Chan",
  accept_terms: true,
});
const conversation = await learner.start("early_check_in");
for (const turn of await learner.turns(conversation)) console.log(`Partner: ${turn.text}`);
console.log(`You: ${text}`);

let said = "";
process.stdout.write("Partner: ");
for await (const event of learner.say(conversation, randomUUID(), text)) {
  const longer = textAfter(said, event);
  // A terminal cannot take words back: what replaces them begins on a new line.
  process.stdout.write(longer.startsWith(said) ? longer.slice(said.length) : `\n${longer}`);
  said = longer;
  if ("failed" in event) process.stdout.write(` (${event.failed.failure.message})`);
}
process.stdout.write("\n");
