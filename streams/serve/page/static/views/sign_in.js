// The form for a token.

import { h } from "../dom.js";
import { allows, signIn, signOut } from "../session.js";

/** Return the form; `done` is called when the session has begun. */
export function signInView(scope, done) {
  const input = h("input", { id: "token", type: "password", autocomplete: "current-password", required: true, "aria-describedby": "token-told" });
  const told = h("p", { id: "token-told", class: "at", role: "alert" }, "Whoever runs this server has tokens for those who may look: the scope read suffices.");
  const form = h("form", { class: "sign-in panel", onsubmit: onSubmit },
    h("h1", {}, "This server wants a token"), h("label", { for: "token" }, "Token"), input, told, h("button", { type: "submit", class: "main" }, "Sign in"));

  async function onSubmit(event) {
    event.preventDefault();
    try {
      await signIn(input.value.trim());
      if (allows("read")) return void done();
      await signOut();
      told.textContent = "This token may not look: it has not the scope read.";
    } catch (problem) {
      told.textContent = problem.status === 401 ? "The server has no such token: look whether all of it was copied." : problem.message;
    }
    input.setAttribute("aria-invalid", "true");
    input.focus();
    input.select();
  }

  queueMicrotask(() => input.focus());
  return form;
}
