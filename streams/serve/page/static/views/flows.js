// The flow between stages on a day or over days: a picture, and the same as a table.

import { h, replace, table } from "../dom.js";
import { now } from "../clock.js";
import { choice, field } from "../controls.js";
import { addDays, count, dateKey, day } from "../format.js";
import { ladderName, segment, signalName, stageName, step } from "../legend.js";
import { delta, stage } from "../marks.js";
import { panel } from "../panel.js";
import { sankey } from "../sankey.js";
import { WEEK_FLOWS, flowsBetween } from "../sources.js";

const sum = (flows) => flows.reduce((total, it) => total + it.count, 0);

/** Return a renderer of flows as a picture that is as wide as its place, with the table behind it. */
export function flowPicture(scope, { open = false } = {}) {
  let box = null;
  let flows = [];
  let width = 0;
  const details = h("details", { open }, h("summary", {}, "As a table"), h("div", {}));
  const paint = () => width && replace(box, sankey(flows, width));
  return (body, told) => {
    flows = told.stages;
    if (!box) {
      box = h("div", { class: "picture" });
      scope.width(box, (it) => ((width = it), paint()));
    }
    if (box.parentNode !== body) replace(body, box, details);
    paint();
    const rows = [...flows].sort((a, b) => b.count - a.count).map((it) => [stageOr(it.from, "first seen"), stageOr(it.to, "gone"), count(it.count)]);
    replace(details.lastElementChild, table("Changes of stage", [{ name: "From" }, { name: "To" }, { name: "Customers", number: true }], rows));
  };
}

const stageOr = (key, name) => (key === null ? h("span", { class: "stage none" }, name) : stage(key));

const SPANS = [["1", "Today"], ["-1", "Yesterday"], ["7", "7 days"], ["30", "30 days"], ["own", "Dates"]];

/** The view; `from` and `to` come with its address, so that it can be sent on. */
export function flowsView(scope, { from, to }, go) {
  const [first, last] = ["From", "To"].map(() => h("input", { type: "date", required: true }));
  const today = () => dateKey(now() || Date.now());
  const dates = h("div", { class: "fields" }, field("From", first), field("To", last));
  const spans = choice("Days", SPANS, from && to ? "own" : "7", (span) => {
    if (span === "own") return void first.focus();
    const end = span === "-1" ? addDays(today(), -1) : today();
    const begin = span === "-1" ? end : addDays(end, 1 - Number(span));
    go(`#/flows?from=${begin}&to=${end}`, true);
    show(begin, end);
  });
  const box = h("div", { class: "grid" });
  let stop = () => {};
  scope.add(() => stop());

  function onDate() {
    if (!first.value || !last.value) return;
    if (last.value < first.value) [first.value, last.value] = [last.value, first.value];
    go(`#/flows?from=${first.value}&to=${last.value}`, true);
    show(first.value, last.value);
  }
  first.addEventListener("change", onDate);
  last.addEventListener("change", onDate);

  function show(begin, end) {
    stop();
    const ends = [];
    const inner = { add: (it) => ends.push(it), width: (...them) => scope.width(...them) };
    stop = () => ends.splice(0).forEach((it) => it());
    if (begin) [first.value, last.value] = [begin, end];
    const source = begin ? flowsBetween(begin, end) : WEEK_FLOWS;
    replace(box,
      panel(inner, { title: "Between stages", className: "full", source, note: begin ? span(begin, end) : "the last seven days",
        isEmpty: ({ stages }) => !stages.length, empty: "No customer changed their stage in these days.",
        render: withDates(flowPicture(inner, { open: true })) }).element,
      panel(inner, { title: "Segments", className: "half", source, isEmpty: ({ segments }) => !segments.length, empty: "Nobody joined or left a segment.", render: segments }).element,
      panel(inner, { title: "Ladders", className: "half", source, isEmpty: ({ steps }) => !steps.length, empty: "Nobody changed their step.", render: steps }).element,
      panel(inner, { title: "Signals", className: "half", source, isEmpty: ({ signals }) => !signals.length, empty: "No signal occurred.", render: signals }).element);
  }

  function withDates(render) {
    return (body, told) => {
      if (!first.value) [first.value, last.value] = [told.from, told.to];
      render(body, told);
    };
  }

  const unreadable = [from, to].filter((it) => it !== undefined && !isDate(it));
  if (unreadable.length) {
    show();
    const told = `The address has a date that cannot be read, ${unreadable[0]}: these are the last seven days.`;
    return [h("p", { class: "trouble-text", role: "status" }, told), h("div", { class: "toolbar" }, spans, dates), box];
  }
  show(from, to);
  return [h("div", { class: "toolbar" }, spans, dates), box];
}

const isDate = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
const span = (begin, end) => (begin === end ? day(begin) : `${day(begin)} to ${day(end)}`);

function segments(body, told) {
  const rows = [...told.segments].sort((a, b) => b.entered + b.exited - a.entered - a.exited)
    .map((it) => [segment(it.key).name, count(it.entered), count(it.exited), delta(it.entered - it.exited)]);
  replace(body, table("Joined and left, by segment", [{ name: "Segment" }, { name: "Joined", number: true }, { name: "Left", number: true }, { name: "Net", number: true }], rows));
}

function steps(body, told) {
  const name = (ladder, key) => (key === null ? "none" : step(ladder, key).name);
  const rows = [...told.steps].sort((a, b) => b.count - a.count).map((it) => [ladderName(it.ladder), name(it.ladder, it.from), name(it.ladder, it.to), count(it.count)]);
  replace(body, table("Changes of step", [{ name: "Ladder" }, { name: "From" }, { name: "To" }, { name: "Customers", number: true }], rows));
}

function signals(body, told) {
  replace(body, table("Signals", [{ name: "Signal" }, { name: "Times", number: true }], told.signals.map((it) => [signalName(it.key), count(it.count)])));
}
