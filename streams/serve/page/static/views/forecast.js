// The forecast: who will change if nothing happens, tomorrow and over the month.

import { h, replace, svg, table } from "../dom.js";
import { addDays, count, dateKey, dateTime, day, dayOfWeek, words } from "../format.js";
import { lookOfChange } from "../legend.js";
import { arrow, stage } from "../marks.js";
import { panel } from "../panel.js";
import { FORECAST } from "../sources.js";

const change = (name) => h("span", { class: `stage look-${lookOfChange(name)}` }, h("i", { "aria-hidden": "true" }), words(name));

/** Return changes [{change, from, count}] as a table. */
function changeTable(changes) {
  const rows = [...changes].sort((a, b) => b.count - a.count).map((it) => [h("span", { class: "what" }, stage(it.from), arrow(), change(it.change)), count(it.count)]);
  return table("Expected changes", [{ name: "Change" }, { name: "Customers", number: true }], rows);
}

/** Return a renderer of what changes tomorrow. */
export const renderTomorrow = (body, { asOf, tomorrow }) =>
  replace(body, h("p", { class: "at" }, day(addDays(dateKey(asOf), 1))), changeTable(tomorrow));

export function forecastView(scope) {
  return h("div", { class: "grid" },
    panel(scope, { title: "Tomorrow", className: "third", source: FORECAST,
      isEmpty: ({ tomorrow }) => !tomorrow.length, empty: "Nobody will change tomorrow by silence alone.",
      render: renderTomorrow }).element,
    panel(scope, { title: "The next 30 days", className: "two-thirds", source: FORECAST, note: "expected changes by day, if nothing happens; who is overdue counts as today",
      isEmpty: ({ days }) => !days.some((it) => it.changes.length), empty: "Nobody will change in the next 30 days by silence alone.",
      render: month(scope) }).element,
    panel(scope, { title: "What this is", className: "full", source: FORECAST,
      render: (body, { customers, asOf }) => replace(body, h("p", { class: "prose" },
        `Every customer's next transition is known in advance: it is the instant at which silence alone would change their stage. These are the next ones of ${count(customers)} customers, as of ${dateTime(asOf)}. An order, or anything else that the policy asks for, moves them.`)) }).element);
}

function month(scope) {
  let box = null;
  let days = [];
  let width = 0;
  const details = h("details", {}, h("summary", {}, "As a table"), h("div", {}));
  const keys = h("ul", { class: "keys" });
  return (body, told) => {
    days = told.days;
    if (!box) {
      box = h("div", { class: "picture" });
      scope.width(box, (it) => ((width = it), replace(box, columns(days, width))));
    }
    const names = [...new Set(days.flatMap((it) => it.changes.map((each) => each.change)))];
    replace(keys, names.map((name) => h("li", {}, change(name), " ", h("b", {}, count(total(days, name))))));
    if (box.parentNode !== body) replace(body, keys, box, details);
    if (width) replace(box, columns(days, width));
    replace(details.lastElementChild, table("Expected changes by day", [{ name: "Day" }, ...names.map((it) => ({ name: words(it), number: true }))],
      days.map((it) => [dayOfWeek(it.date), ...names.map((name) => count(of(it, name)))])));
  };
}

const of = (each, name) => each.changes.filter((it) => it.change === name).reduce((sum, it) => sum + it.count, 0);
const total = (days, name) => days.reduce((sum, it) => sum + of(it, name), 0);

const LABEL = 80;

function columns(days, width) {
  const height = 220;
  const foot = 22;
  const most = Math.max(1, ...days.map((it) => it.changes.reduce((sum, each) => sum + each.count, 0)));
  const each = width / days.length;
  const picture = svg("svg", { class: "columns", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Expected changes by day; the table below has the same numbers." });
  const names = [...new Set(days.flatMap((it) => it.changes.map((one) => one.change)))];
  picture.append(svg("line", { class: "axis", x1: 0, x2: width, y1: height - foot, y2: height - foot }));
  days.forEach((it, at) => {
    let y = height - foot;
    const sums = names.map((name) => [name, of(it, name)]).filter(([, number]) => number);
    const group = svg("g", {}, svg("title", {}, `${dayOfWeek(it.date)}: ${sums.map(([name, number]) => `${words(name)} ${count(number)}`).join(", ") || "nobody"}`));
    group.append(svg("rect", { class: "hit", x: at * each, y: 0, width: each, height: height - foot }));
    for (const [name, number] of sums) {
      const size = (number / most) * (height - foot - 8);
      y -= size;
      group.append(svg("rect", { class: `column look-${lookOfChange(name)}`, x: at * each + each * 0.15, y, width: each * 0.7, height: Math.max(size - 1, 1) }));
    }
    picture.append(group);
    if (at % 7 === 0) {
      const late = at * each + LABEL > width;
      picture.append(svg("text", { class: "date", x: late ? width : at * each + each * 0.15, y: height - 6, "text-anchor": late ? "end" : "start" }, dayOfWeek(it.date)));
    }
  });
  return picture;
}
