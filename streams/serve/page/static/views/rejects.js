// Rejects: what could not be used, by reason, with examples.

import { now } from "../clock.js";
import { h, replace } from "../dom.js";
import { count, dateTime, relative, words } from "../format.js";
import { panel } from "../panel.js";
import { REJECTS } from "../sources.js";
import { allows } from "../session.js";

const TOKEN = "Rejects hold events as they were sent, with whatever is in them. So they want a token with the scope admin: sign out, and sign in with one, or ask whoever runs this server. The command lifestage rejects shows the same on the command line.";

export function rejectsView(scope) {
  if (!allows("admin")) {
    const { element, body } = panel(scope, { title: "Rejects", className: "full" });
    body.append(h("p", { class: "empty" }, TOKEN));
    return h("div", { class: "grid" }, element);
  }
  return h("div", { class: "grid" }, panel(scope, {
    title: "Rejects", className: "full", source: REJECTS, note: "what could not be used, by reason",
    isEmpty: ({ reasons }) => !reasons.length, empty: "Every event could be used.",
    render: (body, { reasons }) => keepOpen(body, [...reasons].sort((a, b) => b.count - a.count).map(reasonOf)),
  }).element);
}

function keepOpen(body, items) {
  const open = new Set([...body.querySelectorAll("details[open]")].map((it) => it.dataset.reason));
  for (const each of items) each.open = open.has(each.dataset.reason);
  replace(body, h("div", { class: "reject-reasons" }, items));
}

function reasonOf({ reason, count: number, latest, examples }) {
  return h("details", { "data-reason": reason },
    h("summary", { "data-key": reason }, h("strong", {}, words(reason)), h("b", {}, count(number)), h("span", { class: "at" }, latest ? `latest ${dateTime(latest)}, ${relative(latest, now())}` : "")),
    examples.length ? h("ul", { class: "examples" }, examples.map((it) => h("li", {},
      h("p", {}, h("strong", {}, it.detail || words(reason)), " ", h("span", { class: "at" }, `${it.topic}, partition ${it.partition}, offset ${count(it.offset)}${it.at ? `, ${dateTime(it.at)}` : ""}`)),
      h("pre", { tabindex: "0" }, it.value)))) : h("p", { class: "empty" }, "No example is kept."));
}
