// The two doors: signing up and logging in.

import { Api } from "../api.js";
import { h } from "../dom.js";
import { field, form, tick } from "../forms.js";

const DOORS = {
  "sign-up": {
    title: "Create your account",
    lead: "Practise the English of your work with a partner who always has time.",
    submit: "Sign up",
    path: "/auth/signup",
    fields: () => [
      field("full_name", "Your name", { autocomplete: "name", "data-focus": true }),
      address({}),
      field("password", "Password", { type: "password", autocomplete: "new-password" }, "At least 10 characters."),
      tick("accept_terms", "I accept the terms of use"),
    ],
    other: ["#/log-in", "I have an account"],
  },
  "log-in": {
    title: "Log in",
    lead: "Go on where you stopped.",
    submit: "Log in",
    path: "/auth/login",
    fields: () => [
      address({ "data-focus": true }),
      field("password", "Password", { type: "password", autocomplete: "current-password" }),
    ],
    other: ["#/sign-up", "Create an account"],
  },
};

function address(more) {
  return field("email", "E-mail address", { type: "email", autocomplete: "email", inputmode: "email", ...more });
}

export function signInView(name) {
  const door = DOORS[name];
  return (page) => {
    const notice = page.notice && h("p", { class: "notice", role: "status" }, page.notice);
    const enter = form({
      fields: door.fields(),
      submit: door.submit,
      onsubmit: async (data) => {
        const body = { ...Object.fromEntries(data), ...(data.has("accept_terms") && { accept_terms: true }) };
        await page.session.open(await new Api().call("POST", door.path, { body }));
        page.go(name === "sign-up" ? "/onboarding" : page.back || "/");
        page.back = page.notice = "";
      },
      extra: [h("a", { href: door.other[0], class: "button quiet" }, door.other[1])],
    });
    const element = h("section", { class: "page narrow" }, notice, h("h1", {}, door.title), h("p", { class: "lead" }, door.lead), enter);
    return { title: door.title, element };
  };
}
