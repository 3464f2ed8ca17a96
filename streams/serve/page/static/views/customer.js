// A customer's story: what they are, how they came there and why, what comes next, and what would change it.

import { now } from "../clock.js";
import { h, replace, table } from "../dom.js";
import { counted, date, dateTime, relative, value, words } from "../format.js";
import { ladderName, legend, segment, step } from "../legend.js";
import { stage } from "../marks.js";
import { panel } from "../panel.js";
import { plain, reasonsOf } from "../reasons.js";
import { together } from "../resource.js";
import { outlook, profile, transitionsOf } from "../sources.js";
import { pictureKeys, standing, storyPicture } from "../story_picture.js";
import { row } from "../transition_list.js";

const SHORT = 24;
const LONG = 60;

export function customerView(scope, id) {
  const box = h("div", { class: "grid" });
  const all = [who, picture, next, changes, history, values].map((it) => it(scope, id));
  // One who is no customer is told once, and not in every panel.
  let known = true;
  replace(box, all);
  scope.add(profile(id).subscribe(({ data, problem }) => {
    const isKnown = data !== null || (problem?.status !== 404 && problem?.status !== 400);
    if (isKnown !== known) replace(box, isKnown ? all : nobody(id, problem));
    known = isKnown;
  }));
  return box;
}

function nobody(id, { status, message }) {
  const why = status === 404 ? "No customer has this id: no event of theirs was processed, or they are not written to Redis yet." : message;
  return h("section", { class: "panel full" }, h("h1", {}, id.length > LONG ? `${id.slice(0, LONG)}…` : id), h("p", { class: "empty" }, why));
}

function who(scope, id) {
  const { element } = panel(scope, {
    title: id, className: "full bare customer-head", source: profile(id), level: 1,
    render(body, it) {
      const fact = (name, ...told) => h("div", {}, h("dt", {}, name), h("dd", {}, told));
      replace(body, h("dl", { class: "facts" },
        fact("Stage", stage(it.stage), h("small", {}, `since ${date(it.since)}`)),
        Object.entries(it.steps).map(([ladder, at]) => fact(ladderName(ladder), at.name, h("small", {}, `since ${date(at.since)}`))),
        fact("Segments", Object.keys(it.segments).length ? Object.keys(it.segments).map((key) => h("span", { class: "segment" }, segment(key).name)) : "none"),
        fact("Orders", value(it.figures.orders), h("small", {}, `${value(it.figures.revenue)} ${legend.currency}`)),
        fact("Last order", it.figures.days_since_order === null ? "none" : `${counted(Math.floor(it.figures.days_since_order), "day")} ago`),
        it.holdout === null || it.holdout === undefined ? null : fact("Held out", it.holdout ? "yes" : "no")));
    },
  });
  return element;
}

function picture(scope, id) {
  let box = null;
  let told = null;
  let width = 0;
  const paint = () => {
    if (!width || !told) return;
    const [story, ahead] = told;
    const next = ahead?.next;
    replace(box, storyPicture(story.transitions, now(), next ? { at: next.at, change: words(next.change) } : null, width));
  };
  return panel(scope, {
    title: "The story", className: "full", source: together(transitionsOf(id), outlook(id)), actions: pictureKeys(),
    isEmpty: ([story]) => !standing(story.transitions).length, empty: "Nothing has changed for this customer yet.",
    render(body, data) {
      told = data;
      if (!box) {
        box = h("div", { class: "picture" });
        scope.width(box, (it) => ((width = it), paint()));
      }
      if (box.parentNode !== body) replace(body, box, !data[0].complete && h("p", { class: "at" }, "Older transitions are not remembered here."));
      paint();
    },
  }).element;
}

function next(scope, id) {
  return panel(scope, {
    title: "What comes next", className: "third", source: outlook(id),
    isEmpty: (it) => it.next === null, empty: "Nothing by silence alone: only an event can change the stage.",
    render(body, { next: it }) {
      replace(body, h("p", { class: "next" }, h("b", {}, words(it.change)), " ", relative(it.at, now())),
        h("p", { class: "at" }, `${dateTime(it.at)}, if nothing happens until then`),
        it.why ? h("ul", { class: "reasons" }, reasonsOf(it.why).map((each) => h("li", { title: each.origin || null }, each.text))) : null);
    },
  }).element;
}

function changes(scope, id) {
  return panel(scope, {
    title: "What would change it", className: "two-thirds", source: outlook(id),
    isEmpty: (it) => !it.segments.length && !it.ladders.length, empty: "The policy has no segments and no ladders.",
    render(body, { segments, ladders }) {
      const rungs = ladders.map((it) => [ladderName(it.key), it.step === null ? "on no step" : `on ${step(it.key, it.step).name}`,
        it.next && `for ${step(it.key, it.next.step).name}`, it.next?.conditions ?? []]);
      const groups = segments.map((it) => [segment(it.key).name, it.member ? "member" : "not a member", it.member ? "to leave" : "to join", it.conditions]);
      replace(body, h("ul", { class: "outlook" }, [...rungs, ...groups].map(([name, state, goal, conditions]) =>
        h("li", {}, h("div", {}, h("strong", {}, name), " ", h("span", { class: "state" }, state)),
          conditions.length ? h("ul", { class: "conditions", "aria-label": goal }, h("li", { class: "goal" }, goal), [...new Map(conditions.map((it) => [it.text, it])).values()].map(condition)) : null))));
    },
  }).element;
}

function condition({ text, value: has, limit, holds }) {
  const rises = / (?:at least|above|more than|>=?) /.test(text);
  const share = rises && typeof has === "number" && typeof limit === "number" && limit > 0 ? Math.max(0, Math.min(1, has / limit)) : null;
  const now = has === null || has === undefined ? "nothing known" : `now ${typeof has === "number" ? value(has) : reasonsOf(String(has)).map((it) => it.text).join("; ")}`;
  return h("li", { class: `${holds ? "holds" : "open"} ${now.length > SHORT ? "long" : ""}` },
    h("span", { class: "sign", role: "img", "aria-label": holds ? "holds" : "does not hold" }, holds ? "✓" : "○"),
    h("span", { class: "text" }, plain(text)),
    h("span", { class: "has" }, now),
    share === null ? null : h("progress", { max: 1, value: share, "aria-hidden": "true" }));
}

function history(scope, id) {
  return panel(scope, {
    title: "Every change", className: "full", source: transitionsOf(id),
    isEmpty: ({ transitions }) => !transitions.length, empty: "Nothing has changed for this customer yet.",
    render(body, { transitions }) {
      replace(body, h("ol", { class: "feed unnamed" }, [...transitions].reverse().map((it) => row(it, { named: false }))));
    },
  }).element;
}

function values(scope, id) {
  let chosen = "";
  const filter = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter values", autocomplete: "off" });
  let draw = () => {};
  filter.addEventListener("input", () => ((chosen = filter.value.trim().toLowerCase()), draw()));
  return panel(scope, {
    title: "Values", className: "full", source: profile(id), actions: filter, note: "as of now",
    render(body, it) {
      const traits = Object.fromEntries(Object.entries(it.traits ?? {}).map(([name, told]) => [name, typeof told === "object" ? JSON.stringify(told) : typeof told === "number" ? String(told) : told]));
      const groups = [["Figures", it.figures], ["Windows", it.windows], ["Measures", it.measures], ["Traits", traits]];
      draw = () => replace(body, h("div", { class: "values" }, groups.map(([title, all]) => {
        const shown = Object.entries(all ?? {}).filter(([name, told]) => words(name).includes(words(chosen)) && (chosen || title !== "Windows" || told));
        if (!shown.length) return null;
        return h("section", {}, h("h3", {}, title), h("dl", {}, shown.map(([name, told]) => h("div", {}, h("dt", {}, words(name)), h("dd", {}, told_(told))))));
      })));
      draw();
    },
  }).element;
}

function told_(it) {
  if (it === null || it === undefined) return h("span", { class: "none" }, "–");
  if (typeof it === "number") return value(it);
  if (typeof it === "boolean") return it ? "yes" : "no";
  return String(it).length > LONG ? h("span", { class: "clamped", title: it }, it) : String(it);
}
