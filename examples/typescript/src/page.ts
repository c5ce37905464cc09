// The example in a browser: index.html has the elements.

import type { Conversation } from "./contract.js";
import { ApiError } from "./errors.js";
import { Learner } from "./learner.js";
import { textAfter } from "./reply.js";

const signUpForm = element("sign-up", HTMLFormElement);
const messageForm = element("message", HTMLFormElement);
const turns = element("turns", HTMLElement);
const trouble = element("trouble", HTMLElement);

onSubmit(signUpForm, async (form) => {
  const learner = await Learner.signUp(text(form, "site"), {
    email: text(form, "email"),
    password: text(form, "password"),
    full_name: text(form, "full_name"),
    accept_terms: true,
  });
  const conversation = await learner.start("early_check_in");
  for (const turn of await learner.turns(conversation)) show("partner", turn.text);
  signUpForm.hidden = true;
  messageForm.hidden = false;
  onSubmit(messageForm, (message) => converse(learner, conversation, text(message, "text")));
});

async function converse(learner: Learner, conversation: Conversation, words: string): Promise<void> {
  messageForm.reset();
  show("learner", words);
  const answer = show("partner", "");
  answer.ariaBusy = "true";
  try {
    for await (const event of learner.say(conversation, crypto.randomUUID(), words)) {
      answer.textContent = textAfter(answer.textContent ?? "", event);
      if ("failed" in event) complain(event.failed.failure.message);
    }
  } finally {
    answer.ariaBusy = "false";
  }
}

/** Has a form do something, once at a time, and shows what went wrong. */
function onSubmit(form: HTMLFormElement, act: (form: FormData) => Promise<void>): void {
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    const fields = element(`${form.id}-fields`, HTMLFieldSetElement);
    const entered = new FormData(form); // a disabled field has no value
    fields.disabled = true;
    complain("");
    void act(entered)
      .catch((error: unknown) => complain(explanation(error)))
      .finally(() => {
        fields.disabled = false;
      });
  });
}

function explanation(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  const violations = error.violations.map(({ field, message }) => `${field}: ${message}`);
  return [error.message, ...violations].join("\n");
}

function complain(words: string): void {
  trouble.textContent = words;
}

function show(author: "learner" | "partner", words: string): HTMLElement {
  const turn = document.createElement("li");
  turn.className = author;
  turn.textContent = words;
  turns.append(turn);
  return turn;
}

function text(form: FormData, name: string): string {
  return String(form.get(name) ?? "");
}

function element<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return found;
}
