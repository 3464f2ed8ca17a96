// The feed: transitions as they happen, newest first, each once, whatever breaks in between.

import { tellAsOf } from "./clock.js";
import { eventsOf } from "./event_stream.js";
import { Problem, ask, lost, onConnection, request } from "./server.js";
import { allows } from "./session.js";

const KEPT = 400;
const REMEMBERED = 4000;
const FLUSH_MS = 250;
const FIRST = 100;
const POLL_MS = 3000;
const MAX_WAIT_MS = 10_000;
const HIDDEN_MS = 60_000;

class Feed {
  /** Newest first; {gap: true} stands where some may be missing. */
  entries = [];
  /** "connecting", "live", "polling" (the token does not allow the stream) or "away". */
  status = "connecting";
  problem = null;
  loaded = false;
  #listeners = new Set();
  #ids = new Set();
  #arrived = [];
  #timer = 0;
  #lastId = null;
  #abort = null;
  #wake = () => {};
  #running = false;

  /** Call with the new messages, oldest first, and whenever the status changes, until what is returned is called. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begin, once. */
  start() {
    if (this.#running) return;
    this.#running = true;
    this.#run();
    onConnection((away) => away || this.#wake());
    let hidden = 0;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(hidden);
      // Nobody looks: nothing is read. What happened meanwhile is read in one go afterwards.
      if (document.hidden) hidden = setTimeout(() => ((this.#lastId = null), this.#abort?.abort()), HIDDEN_MS);
      else this.#wake();
    });
  }

  async #run() {
    for (let failures = 0; ; ) {
      if (document.hidden) await this.#rest(Infinity);
      try {
        if (allows("stream")) await this.#stream(() => (failures = 0));
        else await this.#poll();
      } catch (error) {
        if (error.name !== "AbortError") this.#failed(error);
      }
      if (document.hidden) continue;
      const wait = Math.max(Math.min(MAX_WAIT_MS, 250 * 2 ** failures), (this.problem?.retrySeconds ?? 0) * 1000);
      failures += 1;
      await this.#rest(wait);
    }
  }

  #rest(ms) {
    return new Promise((done) => {
      this.#wake = done;
      if (ms !== Infinity) setTimeout(done, ms);
    });
  }

  #failed(error) {
    this.problem = error instanceof Problem ? error : new Problem(0, "The stream broke off.");
    if (this.problem.status === 410) this.#lastId = null;
    if (!(error instanceof Problem)) lost();
    this.#tell("away", []);
  }

  async #stream(answered) {
    this.#abort = new AbortController();
    const headers = this.#lastId === null ? {} : { "Last-Event-ID": this.#lastId };
    const response = await request("v1/transitions", { headers: { Accept: "text/event-stream", ...headers }, signal: this.#abort.signal });
    answered();
    // The stream is open before the past is asked for, so that nothing falls between the two.
    if (this.#lastId === null) await this.#past();
    this.problem = null;
    this.#tell("live", []);
    for await (const { id, event, data } of eventsOf(response.body)) {
      if (id !== null) this.#lastId = id;
      if (event === "dropped") throw this.#dropped(JSON.parse(data));
      if (data !== "" && event !== "member") this.#arrive(JSON.parse(data));
    }
    if (!this.#abort.signal.aborted) throw new Problem(0, "The stream ended.");
  }

  /** Return why the server ended the stream; what follows the last one is gone in some cases, and is not asked for. */
  #dropped({ reason, detail }) {
    if (reason === "gone") this.#lastId = null;
    return new Problem(503, detail);
  }

  async #poll() {
    await this.#past();
    this.problem = null;
    this.#tell("polling", []);
    await this.#rest(POLL_MS);
  }

  /** Take over the latest transitions; what lies between them and those known already is marked as missing. */
  async #past() {
    const transitions = await recent();
    const meets = !this.loaded || transitions.length < FIRST || transitions.some((it) => this.#ids.has(it.messageId));
    if (!meets) this.entries.unshift({ gap: true });
    this.loaded = true;
    this.#take(transitions.reverse());
    this.#tell(this.status, []);
  }

  #arrive(message) {
    this.#arrived.push(message);
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#take(this.#arrived.splice(0));
    }, FLUSH_MS);
  }

  #take(messages) {
    const fresh = [];
    for (const message of messages) {
      if (this.#ids.has(message.messageId)) continue;
      this.#ids.add(message.messageId);
      fresh.push(message);
      tellAsOf(message.timestamp);
    }
    if (!fresh.length) return;
    for (const id of this.#ids) {
      if (this.#ids.size <= REMEMBERED) break;
      this.#ids.delete(id);
    }
    this.entries = withoutForgotten([...fresh.slice(-KEPT).reverse(), ...this.entries]).slice(0, KEPT);
    this.#tell(this.status, fresh);
  }

  #tell(status, fresh) {
    this.status = status;
    for (const listener of [...this.#listeners]) listener(fresh);
  }
}

/** Return entries, newest first, without what was told of customers before they were forgotten. */
function withoutForgotten(entries) {
  const gone = new Set();
  return entries.filter(({ event, userId, properties }) => {
    const isKept = !gone.has(userId);
    if (event === "Customer Forgotten" && !properties.retracted) gone.add(userId);
    return isKept;
  });
}

/** Return the latest transitions, newest first; none from a server without Redis, which has the stream alone. */
async function recent() {
  try {
    return (await ask(`v1/history/recent?limit=${FIRST}`)).transitions;
  } catch (problem) {
    if (problem.status === 404) return [];
    throw problem;
  }
}

export const feed = new Feed();
