// Segments and ladders: how many are in each, and how that changed.

import { h, replace, table } from "../dom.js";
import { count, share } from "../format.js";
import { legend, segment } from "../legend.js";
import { delta, sparkline } from "../marks.js";
import { panel } from "../panel.js";
import { together } from "../resource.js";
import { STAGES, sets } from "../sources.js";

const COLUMNS = [
  { name: "Name" }, { name: "Customers", number: true }, { name: "Share", number: true }, { name: "7 days", number: true }, { name: "30 days", number: true }, { name: "90 days" },
];

export function segmentsView(scope) {
  const source = together(sets(90), STAGES);
  const box = (title, note, keys) => panel(scope, {
    title, note, className: "full", source, isEmpty: ([told]) => !keys(told).length, empty: "The policy has none.",
    render: (body, [told, { stages }]) => replace(body, sizes(title, keys(told), stages.reduce((sum, it) => sum + it.count, 0))),
  }).element;
  return h("div", { class: "grid" },
    box("Segments", "a customer can be in several", ({ segments }) => Object.entries(segments).map(([key, values]) => ({ ...segment(key), values, set: `segment:${key}` }))),
    legend.ladders.map((ladder) => box(ladder.name, "a customer is on one step, or on none", ({ steps }) =>
      ladder.steps.filter((it) => steps[`${ladder.key}:${it.key}`]).map((it) => ({ ...it, values: steps[`${ladder.key}:${it.key}`], set: `step:${ladder.key}:${it.key}` })))));
}

function sizes(caption, sets, all) {
  const rows = sets.map(({ name, description, values, set }) => {
    const now = values.at(-1) ?? 0;
    const since = (days) => (values.length > days ? delta(now - values.at(-1 - days), `against ${days} days ago`) : delta(null));
    return [
      h("span", {}, h("a", { href: `#/customers?in=${encodeURIComponent(set)}`, "data-key": set }, name), description && h("small", {}, description)),
      h("b", {}, count(now)), share(now, all), since(7), since(30), sparkline(values, `${name}, 90 days`, "", 160, 30),
    ];
  });
  return table(caption, COLUMNS, rows, { class: "sizes" });
}
