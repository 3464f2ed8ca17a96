// A resource: what a path answers, asked again in intervals, and shared by all that show it.

import { Problem, askAgain, onConnection } from "./server.js";

const RETRY_MS = 2000;
const MAX_RETRY_MS = 15_000;
const resources = new Map();

/** What is known of a resource: its data, null before the first answer, and why it could not be had the last time. */
class Resource {
  #path;
  #every;
  #floor;
  #listeners = new Set();
  #timer = 0;
  #asking = false;
  #asked = -Infinity;
  #failures = 0;
  #due = Infinity;
  #tag = null;
  data = null;
  problem = null;

  constructor(path, everyMs, floorMs) {
    this.#path = path;
    this.#every = everyMs;
    this.#floor = floorMs;
  }

  /** Call now and whenever something changed, until the function that is returned is called. */
  subscribe(listener) {
    this.#listeners.add(listener);
    if (this.data !== null || this.problem !== null) listener(this);
    this.#plan(this.#asked === -Infinity ? 0 : Math.max(0, this.#asked + this.#every - performance.now()));
    return () => {
      this.#listeners.delete(listener);
      if (!this.#listeners.size) clearTimeout(this.#timer), (this.#due = Infinity);
    };
  }

  /** Ask soon, since what it tells has changed: at once, or when the shortest interval since the last time is over. */
  nudge() {
    if (this.#listeners.size) this.#plan(Math.max(0, this.#asked + this.#floor - performance.now()));
  }

  /** Ask now. */
  again() {
    if (this.#listeners.size) this.#plan(0);
  }

  #plan(ms) {
    const due = performance.now() + ms;
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#ask(), ms);
  }

  async #ask() {
    this.#due = Infinity;
    if (this.#asking || !this.#listeners.size) return;
    if (document.hidden) return; // asked again when the page is looked at
    this.#asking = true;
    this.#asked = performance.now();
    let changed = true;
    try {
      const answer = await askAgain(this.#path, this.#tag);
      changed = answer !== null || this.problem !== null;
      if (answer !== null) ({ data: this.data, tag: this.#tag } = answer);
      this.problem = null;
      this.#failures = 0;
    } catch (error) {
      this.problem = error instanceof Problem ? error : new Problem(-1, String(error));
      this.#failures += 1;
    }
    this.#asking = false;
    if (changed) for (const listener of [...this.#listeners]) listener(this);
    if (!this.#listeners.size) return;
    const retry = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** (this.#failures - 1), this.#every);
    this.#plan(this.problem === null ? this.#every : Math.max(retry, this.problem.retrySeconds * 1000));
  }
}

/** Return the resource of a path, asked again every so many seconds, and when nudged at most every `floor` seconds. */
export function resource(path, everySeconds, floorSeconds = 1) {
  if (!resources.has(path)) resources.set(path, new Resource(path, everySeconds * 1000, floorSeconds * 1000));
  return resources.get(path);
}

/** Ask all that is shown again now. */
export function askAll() {
  for (const each of resources.values()) each.again();
}

/** Return several resources as one: its data are a list, null before each of them has answered. */
export function together(...parts) {
  return {
    subscribe(listener) {
      const told = () => {
        const data = parts.every((it) => it.data !== null) ? parts.map((it) => it.data) : null;
        const problem = parts.find((it) => it.problem !== null)?.problem ?? null;
        if (data !== null || problem !== null) listener({ data, problem });
      };
      const ends = parts.map((it) => it.subscribe(told));
      return () => ends.forEach((end) => end());
    },
    again: () => parts.forEach((it) => it.again()),
  };
}

document.addEventListener("visibilitychange", () => document.hidden || askAll());
onConnection((away) => away || askAll());
