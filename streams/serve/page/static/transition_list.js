// Transitions as rows: when, who, what, and why in words.

import { now } from "./clock.js";
import { h, replace } from "./dom.js";
import { dateTime, relative, shortTime } from "./format.js";
import { changed, customer } from "./marks.js";
import { causeOf, reasonsOf } from "./reasons.js";

/** Return the row of a message; `named`: with the customer, `short`: with the first reason only. */
export function row(message, { named = true, short = false } = {}) {
  const { properties: it, timestamp, messageId, userId } = message;
  const what = changed(message);
  const reasons = reasonsOf(it.why);
  const shown = short ? reasons.slice(0, 1) : reasons;
  const flag = it.retracted ? "taken back" : it.correction ? "correction" : "";
  return h("li", { class: `row ${it.retracted ? "retracted" : ""}`, "data-id": messageId, "data-kind": what.kind },
    h("time", { datetime: timestamp, title: `${dateTime(timestamp)}, ${relative(timestamp, now())}` }, named ? shortTime(timestamp, now()) : dateTime(timestamp)),
    named && h("span", { class: "who" }, customer(userId, messageId)),
    h("span", { class: "what" }, what.parts, flag && h("span", { class: "flag" }, flag)),
    h("span", { class: "why" },
      shown.map((reason, at) => h("span", { class: "reason", title: reason.origin || null }, reason.text, at < shown.length - 1 && "; ")),
      short ? null : h("span", { class: "cause" }, causeOf(it))));
}

/** Keep a list the same as these entries of the feed; rows that stay are not made again. */
export function show(list, entries, options) {
  const there = new Map([...list.children].map((it) => [it.dataset.id, it]));
  const rows = entries.map((entry, at) =>
    entry.gap ? h("li", { class: "gap", "data-id": `gap ${at}` }, "Some may be missing here: this page was not looking.")
      : there.get(entry.messageId) ?? row(entry, options));
  if (rows.length === list.children.length && rows.every((it, at) => it === list.children[at])) return;
  replace(list, rows);
}
