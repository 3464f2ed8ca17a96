// The overview: how many customers are in which stage, how that came, what happens, and what comes.

import { h, replace } from "../dom.js";
import { count, share } from "../format.js";
import { feed } from "../feed.js";
import { legend, look, segment, stageName, step } from "../legend.js";
import { delta, sparkline } from "../marks.js";
import { panel } from "../panel.js";
import { together } from "../resource.js";
import { FORECAST, STAGES, WEEK_FLOWS, history, sets } from "../sources.js";
import { StageChart } from "../stage_chart.js";
import { row } from "../transition_list.js";
import { feedStatus } from "../feed_status.js";
import { choice } from "../controls.js";
import { renderTomorrow } from "./forecast.js";
import { flowPicture } from "./flows.js";

const RANGES = [["30", "30 days"], ["90", "90 days"], ["365", "A year"]];
const LATEST = 7;

export function overview(scope) {
  return h("div", { class: "grid" }, tiles(scope), chart(scope), latest(scope), flows(scope), movers(scope), tomorrow(scope));
}

function tiles(scope) {
  const { element } = panel(scope, {
    title: "Customers now", className: "full bare", source: together(STAGES, history(90)),
    isEmpty: ([stages]) => stages.stages.every((it) => !it.count),
    empty: "There are no customers yet. They appear here as soon as a worker has decided their first event.",
    render(body, [{ stages }, past]) {
      const counts = new Map(stages.map((it) => [it.stage, it.count]));
      const all = stages.reduce((sum, it) => sum + it.count, 0);
      replace(body, h("p", { class: "total" }, h("b", {}, count(all)), " customers"), h("ul", { class: "tiles" }, legend.stages.map(({ key }) => {
        const now = counts.get(key) ?? 0;
        const before = past.stages[key]?.at(-8);
        return h("li", { class: `tile look-${look(key)}` },
          h("a", { href: `#/customers?in=${encodeURIComponent(`stage:${key}`)}`, "data-key": key },
            h("span", { class: "tile-name" }, h("i", { "aria-hidden": "true" }), stageName(key)),
            h("b", { "data-stage": key }, count(now)),
            h("span", { class: "tile-foot" }, h("span", {}, share(now, all)), before === undefined ? null : delta(now - before, "against seven days ago")),
            sparkline(past.stages[key] ?? [], `${stageName(key)}, 90 days`)));
      })));
    },
  });
  return element;
}

function chart(scope) {
  const stacked = new StageChart(scope, true);
  const box = h("div", {});
  let end = () => {};
  const range = choice("Range", RANGES, "90", (days) => (end(), (end = follow(days))));
  const form = choice("Form", [["stacked", "Stacked"], ["lines", "Lines"]], "stacked", (name) => stacked.stack(name === "stacked"));
  const { element, body } = panel(scope, { title: "Customers by stage", className: "wide", actions: [range, form] });
  body.append(box);
  scope.add(() => end());
  function follow(days) {
    const inner = { add: (it) => (stop = it) };
    let stop = () => {};
    const shown = panel(inner, {
      title: "Customers by stage over time", className: "bare inner", source: history(days), level: 3,
      isEmpty: ({ dates }) => !dates.length, empty: "No day has passed yet.",
      render(into, told) {
        if (stacked.element.parentNode !== into) replace(into, stacked.element);
        stacked.show(told);
      },
    });
    replace(box, shown.element);
    return () => stop();
  }
  end = follow("90");
  return element;
}

function latest(scope) {
  const list = h("ol", { class: "feed compact" });
  const { element, body } = panel(scope, { title: "As it happens", className: "narrow", actions: h("a", { href: "#/transitions" }, "All") });
  const status = feedStatus(scope);
  body.append(status, list);
  const update = () => {
    const entries = feed.entries.filter((it) => !it.gap).slice(0, LATEST);
    const there = new Map([...list.children].map((it) => [it.dataset.id, it]));
    if (entries.length) replace(list, entries.map((it) => there.get(it.messageId) ?? row(it, { short: true })));
    else replace(list, h("li", { class: "empty" }, feed.loaded ? "Nothing has happened yet." : feed.problem?.message ?? "Loading"));
  };
  scope.add(feed.subscribe(update));
  update();
  return element;
}

function flows(scope) {
  return panel(scope, {
    title: "Flow of the last seven days", className: "five", source: WEEK_FLOWS, actions: h("a", { href: "#/flows" }, "Other days"),
    isEmpty: ({ stages }) => !stages.length, empty: "No customer changed their stage in these days.",
    render: flowPicture(scope),
  }).element;
}

function movers(scope) {
  return panel(scope, {
    title: "Segments and steps", className: "third", source: sets(90), actions: h("a", { href: "#/segments" }, "All"),
    note: "the most moved in seven days",
    isEmpty: ({ segments, steps }) => !Object.keys(segments).length && !Object.keys(steps).length, empty: "The policy has none.",
    render(body, { segments, steps }) {
      const named = [
        ...Object.entries(segments).map(([key, values]) => [segment(key).name, values]),
        ...Object.entries(steps).map(([key, values]) => [step(...key.split(":")).name, values]),
      ].map(([name, values]) => ({ name, values, moved: values.at(-1) - (values.at(-8) ?? values[0]) }));
      named.sort((a, b) => Math.abs(b.moved) - Math.abs(a.moved));
      replace(body, h("ul", { class: "movers" }, named.slice(0, 6).map(({ name, values, moved }) =>
        h("li", {}, h("span", { class: "name" }, name), sparkline(values, `${name}, 90 days`, "", 64, 20), h("b", {}, count(values.at(-1) ?? 0)), delta(moved, "against seven days ago")))));
    },
  }).element;
}

function tomorrow(scope) {
  return panel(scope, {
    title: "Tomorrow", className: "quarter", note: "who will change if nothing happens", source: FORECAST, actions: h("a", { href: "#/forecast" }, "The month"),
    isEmpty: ({ tomorrow: changes }) => !changes.length, empty: "Nobody will change tomorrow by silence alone.",
    render: renderTomorrow,
  }).element;
}
