// Requests to the server this page comes from, and whether it answers at all.

import { tellAsOf } from "./clock.js";

const ANSWER_MS = 20_000;
const PROBE_MS = 1000;

/** A request without an answer that can be shown. Status 0: the server does not answer. */
export class Problem extends Error {
  constructor(status, detail, retrySeconds = 0) {
    super(detail);
    this.status = status;
    this.retrySeconds = retrySeconds;
  }
}

const GONE = "The server does not answer.";
const connection = new EventTarget();
let away = false;
let serverNow = 0;

/** Call with true when the server went away, with false when it is back. */
export function onConnection(listener) {
  connection.addEventListener("change", () => listener(away));
}

/** Call when the server wants a token that it was not sent. */
export function onTokenWanted(listener) {
  connection.addEventListener("token", listener);
}

/** Return whether the server is away. */
export const isAway = () => away;

/** Return the server's own clock as of its last answer, in ms since 1970. */
export const serverTime = () => serverNow;

/** Note that a connection broke; asks until the server answers again. */
export function lost() {
  if (away) return;
  away = true;
  connection.dispatchEvent(new Event("change"));
  probe();
}

async function probe() {
  while (away) {
    await new Promise((done) => setTimeout(done, PROBE_MS));
    if (document.hidden) continue;
    try {
      if ((await fetch("live", { signal: AbortSignal.timeout(PROBE_MS * 3) })).ok) back();
    } catch {
      // Not yet.
    }
  }
}

function back() {
  if (!away) return;
  away = false;
  connection.dispatchEvent(new Event("change"));
}

/** Send a request; returns the response if it is one of success or 304. Throws `Problem`. */
export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", redirect: "error", cache: "no-store", ...options });
  } catch (error) {
    if (options.signal?.aborted && options.signal.reason?.name !== "TimeoutError") throw error;
    lost();
    throw new Problem(0, GONE);
  }
  back();
  serverNow = Date.parse(response.headers.get("Date")) || Date.now();
  if (response.ok || response.status === 304) return response;
  if (response.status === 401 && path !== "session") connection.dispatchEvent(new Event("token"));
  throw await problemOf(response);
}

async function problemOf(response) {
  let detail = `The server answered with status ${response.status}.`;
  try {
    detail = (await response.json()).detail ?? detail;
  } catch {
    // A proxy in between, say, which does not speak of problems.
  }
  return new Problem(response.status, detail, Number(response.headers.get("Retry-After")) || 0);
}

/** Return the JSON at a path. Throws `Problem`. */
export async function ask(path) {
  const response = await request(path, { signal: AbortSignal.timeout(ANSWER_MS) });
  return told(response);
}

/** Return the JSON at a path and its tag; null instead if it still has this tag. Throws `Problem`. */
export async function askAgain(path, tag) {
  const headers = tag ? { "If-None-Match": tag } : {};
  const response = await request(path, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
  return response.status === 304 ? null : { data: await told(response), tag: response.headers.get("ETag") };
}

/** Send JSON; returns the JSON of the answer. Throws `Problem`. */
export async function send(path, body) {
  const headers = { "Content-Type": "application/json" };
  return (await request(path, { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(ANSWER_MS) })).json();
}

async function told(response) {
  try {
    const data = await response.json();
    if (data.asOf) tellAsOf(data.asOf);
    return data;
  } catch {
    throw new Problem(response.status, "The answer broke off.");
  }
}
