// Why, in words: the reasons of a message are comparisons, true of the digits they print, and stay so here.

import { WINDOW, count, words } from "./format.js";

const RELATIONS = {
  ">=": "at least", "<=": "at most", ">": "more than", "<": "less than", "==": "exactly", "!=": "not",
  in: "one of", "not in": "none of",
};
const COMPARISON = /^(.+?) ("(?:[^"\\]|\\.)*"|-?[\d.,e+-]+|true|false|\[.*?\]) (>=|<=|>|<|==|!=|not in|in) (.+)$/s;
const ORIGIN = / \((?=[^()]*\)$)([^()]*)\)$/;

/** Return the reasons of a message as {text, origin}: the text in words, and where its limit comes from. */
export function reasonsOf(why) {
  return (why ?? "").split("; ").filter(Boolean).map(reasonOf);
}

function reasonOf(text) {
  const origin = ORIGIN.exec(text);
  const bare = origin ? text.slice(0, origin.index) : text;
  const found = COMPARISON.exec(bare);
  if (!found) return { text: plain(text), origin: "" };
  const [, what, value, relation, limit] = found;
  const same = relation === "==" && plain(value) === plain(limit);
  const told = same ? `${plain(what)} is ${plain(value)}` : `${plain(what)} ${plain(value)}, ${RELATIONS[relation]} ${limited(limit)}`;
  return { text: told, origin: origin ? plain(origin[1]) : "" };
}

/** A limit that is calculated comes as its formula and its value: `(0.25 * orders_90d) 3.25`. */
function limited(limit) {
  const calculated = /^\((.+)\) (-?[\d.]+)$/s.exec(limit);
  return calculated ? `${plain(calculated[2])} (${plain(calculated[1])})` : plain(limit);
}

/** Return a part of a condition as people write it: names without underscores, numbers with separators. */
export function plain(text) {
  return text
    .replace(/^\((.*)\)$/s, "$1")
    .replace(/^\[(.*)\]$/s, "$1")
    .replaceAll(/["']/g, "")
    .replaceAll(WINDOW, " in $1 days")
    .replaceAll("_", " ")
    .replaceAll(" * ", " × ")
    .replaceAll(/ x /g, " × ")
    .replaceAll(/(?<![\w.])(\d{4,})(\.\d+)?\b/g, (_, whole, rest = "") => count(Number(whole)) + rest);
}

/** Return what made a message happen. */
export function causeOf({ cause, cause_event: event }) {
  if (cause === "event") return event ? `after ${event}` : "after an event";
  return cause === "deadline" ? "as time passed" : cause === "policy" ? "under a new policy" : words(cause ?? "");
}
