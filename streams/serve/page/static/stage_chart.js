// Customers by stage over time, stacked or as lines, painted by uPlot.

import { h } from "./dom.js";
import { count, day } from "./format.js";
import { colour, legend } from "./legend.js";

const HEIGHT = 470;
const FILL = "d0"; // how opaque, as the end of a colour
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const seconds = (date) => Date.parse(`${date}T00:00:00Z`) / 1000;

/** A chart in a container; `show` takes what `/v1/history/stages` answers. */
export class StageChart {
  #scope;
  #plot = null;
  #told = null;
  #shape = "";
  #stacked;
  #width = 0;
  #readings = new Map();
  element = h("div", { class: "chart" });
  #canvas = h("div", { class: "plot", role: "img" });
  #keys = h("ul", { class: "keys" });
  #at = h("p", { class: "at" });

  constructor(scope, stacked) {
    this.#scope = scope;
    this.#stacked = stacked;
    this.element.append(h("div", { class: "chart-head" }, this.#keys, this.#at), this.#canvas);
    scope.width(this.element, (width) => ((this.#width = width), this.#resize()));
    scope.on(window, "themechange", () => this.#rebuild());
    scope.add(() => this.#plot?.destroy());
  }

  /** Show it stacked, or as lines. */
  stack(stacked) {
    this.#stacked = stacked;
    this.#rebuild();
  }

  show(told) {
    this.#told = told;
    const shape = legend.stages.map((it) => it.key).join();
    if (this.#plot && shape === this.#shape) this.#plot.setData(this.#data());
    else (this.#shape = shape), this.#rebuild();
    this.#read(null);
    const last = told.dates.length - 1;
    const parts = legend.stages.map((it) => `${it.name} ${count(this.#value(it.key, last))}`).join(", ");
    this.#canvas.setAttribute("aria-label", `Customers by stage, ${day(told.dates[0])} to ${day(told.dates[last])}. At the end: ${parts}.`);
  }

  #value(key, at) {
    return Math.max(0, this.#told.stages[key]?.[at] ?? 0);
  }

  #data() {
    const { dates } = this.#told;
    const sums = dates.map(() => 0);
    const rows = [...legend.stages].reverse().map(({ key }) =>
      dates.map((_, at) => (this.#stacked ? (sums[at] += this.#value(key, at)) : this.#value(key, at))));
    return [dates.map(seconds), ...rows.reverse()];
  }

  #resize() {
    if (this.#plot) this.#plot.setSize({ width: this.#width, height: this.#height() });
    else if (this.#told) this.#rebuild();
  }

  #height = () => (this.#width < 480 ? 200 : HEIGHT);

  #rebuild() {
    this.#plot?.destroy();
    this.#plot = null;
    if (!this.#told || !this.#width) return;
    const stacked = this.#stacked;
    const surface = colour("surface");
    const series = legend.stages.map(({ key, name, look }) => {
      const paint = colour(`look-${look}`);
      return { label: name, stroke: stacked ? surface : paint, width: stacked ? 1.5 : 2, fill: stacked ? paint + FILL : undefined, points: { show: false }, key };
    });
    const axis = { stroke: colour("faint"), font: `11px ${getComputedStyle(document.body).fontFamily}`, ticks: { show: false } };
    const grid = { stroke: colour("line"), width: 1 };
    this.#plot = new uPlot({
      width: this.#width,
      height: this.#height(),
      padding: [8, 20, 0, 0],
      legend: { show: false },
      tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), "Etc/UTC"),
      cursor: { drag: { x: false, y: false }, y: false, points: { show: !stacked, size: 6 } },
      scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.04, 1)] } },
      axes: [
        { ...axis, grid: { show: false }, space: 70, incrs: [1, 2, 7, 14, 28, 61, 92, 183, 365].map((it) => it * 86_400), values: (_, at) => at.map(axisDate) },
        { ...axis, grid, size: 48, space: 44, incrs: [1, 2, 5].flatMap((it) => [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].map((by) => it * by)).sort((a, b) => a - b), values: (_, at) => at.map(count) },
      ],
      series: [{}, ...series],
      bands: stacked ? series.slice(1).map((_, at) => ({ series: [at + 1, at + 2] })) : undefined,
      hooks: { setCursor: [(plot) => this.#read(plot.cursor.idx)] },
    }, this.#data(), this.#canvas);
    this.#readings = new Map(legend.stages.map(({ key }) => [key, h("b", {})]));
    this.#keys.replaceChildren(...legend.stages.map(({ key, name, look }) =>
      h("li", { class: `stage look-${look}` }, h("i", { "aria-hidden": "true" }), name, " ", this.#readings.get(key))));
    this.#read(null);
  }

  /** Write the numbers of a day beside the names; null: of the last one. */
  #read(index) {
    if (!this.#told || !this.#readings.size) return;
    const at = index ?? this.#told.dates.length - 1;
    for (const [key, reading] of this.#readings) reading.textContent = count(this.#value(key, at));
    this.#at.textContent = this.#told.dates[at] ? day(this.#told.dates[at]) : "";
  }
}

function axisDate(at) {
  const date = new Date(at * 1000);
  const month = MONTHS[date.getUTCMonth()];
  return date.getUTCDate() === 1 && date.getUTCMonth() === 0 ? String(date.getUTCFullYear()) : `${date.getUTCDate()} ${month}`;
}
