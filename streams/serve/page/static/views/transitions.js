// Transitions as they happen: each with why in words; they can be paused and filtered.

import { h } from "../dom.js";
import { choice, field } from "../controls.js";
import { count } from "../format.js";
import { feed } from "../feed.js";
import { feedStatus } from "../feed_status.js";
import { legend } from "../legend.js";
import { changed } from "../marks.js";
import { panel } from "../panel.js";
import { show } from "../transition_list.js";

const SHOWN = 150;
const SAY_MS = 5000;
const KINDS = [["", "All"], ["stage", "Stages"], ["segment", "Segments"], ["step", "Steps"], ["signal", "Signals"]];

export function transitionsView(scope, { kind = "", what = "", customer = "" }, go) {
  const chosen = { kind, what, customer };
  let paused = null;
  const list = h("ol", { class: "feed" });
  const said = h("p", { class: "unseen", "aria-live": "polite" });
  const pause = h("button", { type: "button", "aria-pressed": "false", onclick: onPause }, "Pause");
  const waiting = h("span", { class: "waiting" });
  const who = h("input", { type: "search", value: customer, placeholder: "any", maxlength: 1024, autocomplete: "off", spellcheck: "false" });
  const which = h("select", {}, h("option", { value: "" }, "any"), options());
  which.value = what;
  const tools = h("div", { class: "toolbar" },
    choice("Kind", KINDS, kind, (it) => set({ kind: it })), h("div", { class: "fields" }, field("To", which), field("Customer", who)),
    h("div", { class: "push" }, waiting, pause));
  const { element, body } = panel(scope, { title: "Transitions", className: "full" });
  body.append(feedStatus(scope), said, list);

  function options() {
    const option = (value, name) => h("option", { value }, name);
    return [
      h("optgroup", { label: "Stages" }, legend.stages.map((it) => option(`stage:${it.key}`, it.name))),
      h("optgroup", { label: "Segments" }, legend.segments.map((it) => option(`segment:${it.key}`, it.name))),
      ...legend.ladders.map((ladder) => h("optgroup", { label: ladder.name }, ladder.steps.map((it) => option(`step:${ladder.key}:${it.key}`, it.name)))),
      legend.signals.length ? h("optgroup", { label: "Signals" }, legend.signals.map((it) => option(`signal:${it.key}`, it.name))) : null,
    ];
  }

  function set(change) {
    Object.assign(chosen, change);
    const query = new URLSearchParams(Object.entries(chosen).filter(([, it]) => it));
    go(`#/transitions${query.size ? `?${query}` : ""}`, true);
    draw();
  }

  function onPause() {
    paused = paused === null ? feed.entries : null;
    pause.setAttribute("aria-pressed", String(paused !== null));
    pause.textContent = paused === null ? "Pause" : "Go on";
    draw();
  }

  function fits(entry) {
    if (entry.gap) return true;
    const { kind: its, key } = changed(entry);
    return (!chosen.kind || its === chosen.kind) && (!chosen.what || `${its}:${key}` === chosen.what)
      && (!chosen.customer || entry.userId.includes(chosen.customer));
  }

  function draw() {
    const entries = (paused ?? feed.entries).filter(fits);
    const more = paused === null ? 0 : feed.entries.filter(fits).findIndex((it) => it === entries[0]);
    waiting.textContent = more > 0 ? `${count(more)} more` : more < 0 && entries.length ? "many more" : "";
    show(list, entries.slice(0, SHOWN));
    if (!entries.length) list.replaceChildren(h("li", { class: "empty" }, feed.loaded ? "None of the latest transitions is like this." : feed.problem?.message ?? "Loading"));
  }

  let heard = 0;
  const say = setInterval(() => {
    if (heard && paused === null) said.textContent = `${count(heard)} new transitions`;
    heard = 0;
  }, SAY_MS);
  scope.add(() => clearInterval(say));
  scope.add(feed.subscribe((fresh) => {
    heard += fresh.filter(fits).length;
    draw();
  }));
  which.addEventListener("change", () => set({ what: which.value }));
  who.addEventListener("input", () => set({ customer: who.value.trim() }));
  draw();
  return [tools, h("div", { class: "grid" }, element)];
}
