// The session of this browser: whether the server wants a token, and what that of this browser allows.

import { ask, send } from "./server.js";

let session = { wanted: false, scopes: [] };

/** Return whether the token of this browser, if the server wants any, allows a scope. */
export const allows = (scope) => !session.wanted || session.scopes.includes(scope);
export const wantsToken = () => session.wanted;
export const isSignedIn = () => session.wanted && session.scopes.length > 0;

export async function readSession() {
  session = await ask("session");
}

/** Begin a session. Throws `Problem`. */
export async function signIn(token) {
  session = await send("session", { token });
}

export async function signOut() {
  session = await send("session/end", {});
}
