// Small things that stand for something everywhere alike: stages, customers, changes, directions.

import { h, svg } from "./dom.js";
import { change } from "./format.js";
import { ladderName, look, segment, signalName, stageName, step } from "./legend.js";

/** A stage: its colour and its name. */
export function stage(key) {
  if (key === null || key === undefined) return h("span", { class: "stage none" }, "none");
  return h("span", { class: `stage look-${look(key)}` }, h("i", { "aria-hidden": "true" }), stageName(key));
}

export const customerPath = (id) => `#/customers/${encodeURIComponent(id)}`;

/** A link to the story of a customer. */
export function customer(id, key = id) {
  return h("a", { class: "customer", href: customerPath(id), "data-key": `c ${key}`, title: id }, id);
}

export const arrow = () => h("span", { class: "arrow" }, h("span", { class: "unseen" }, " to "), h("span", { "aria-hidden": "true" }, "→"));

/** A change of a number: up, down or none; neither is good or bad by itself. */
export function delta(number, since) {
  if (number === null || number === undefined) return h("span", { class: "delta" }, "–");
  const sign = number > 0 ? "▲" : number < 0 ? "▼" : "";
  return h("span", { class: "delta", title: since }, sign && h("span", { class: "tick", "aria-hidden": "true" }, sign), change(number));
}

const DIRECTIONS = { climbed: "climbed", fell: "fell", entered: "entered", left: "left" };

/** What changed in a message, as elements: {kind, key, parts, text}. */
export function changed({ event, properties: it }) {
  switch (event) {
    case "Lifecycle Stage Changed":
      return { kind: "stage", key: it.to, parts: [stage(it.from), arrow(), stage(it.to)], text: `${stageName(it.from)} to ${stageName(it.to)}` };
    case "Audience Entered":
    case "Audience Exited": {
      const verb = event === "Audience Entered" ? "joined" : "left";
      const name = it.audience_name ?? segment(it.audience_key).name;
      return { kind: "segment", key: it.audience_key, parts: [h("span", { class: "verb" }, verb), h("span", { class: "segment" }, name)], text: `${verb} ${name}` };
    }
    case "Ladder Step Changed": {
      const ladder = it.ladder_name ?? ladderName(it.ladder_key);
      const [from, to] = [it.from, it.to].map((key) => (key === "none" ? "none" : step(it.ladder_key, key).name));
      const parts = [h("span", { class: "verb" }, DIRECTIONS[it.direction] ?? ""), h("span", { class: "segment" }, it.to === "none" ? from : to),
        it.direction === "climbed" || it.direction === "fell" ? h("span", { class: "from" }, `from ${from}`) : null];
      return { kind: "step", key: `${it.ladder_key}:${it.to}`, parts, text: `${ladder}: ${from} to ${to}` };
    }
    case "Customer Forgotten":
      return { kind: "forgotten", key: it.reason, parts: [h("span", { class: "verb" }, "forgotten"), h("span", { class: "from" }, it.reason)], text: `forgotten: ${it.reason}` };
    default: {
      const name = it.signal_name ?? signalName(it.signal_key);
      const occasion = it.occasion ? h("span", { class: "from" }, it.occasion) : null;
      return { kind: "signal", key: it.signal_key, parts: [h("span", { class: "verb" }, "signal"), h("span", { class: "segment" }, name), occasion], text: `signal ${name}` };
    }
  }
}

/** A line of how a number went, with words for those who do not see it. */
export function sparkline(values, told, className = "", width = 120, height = 28) {
  const points = values.map((value, at) => [at, value]).filter(([, value]) => value !== null && value !== undefined);
  const label = points.length ? `${told}: from ${points[0][1]} to ${points.at(-1)[1]}` : `${told}: nothing known`;
  const picture = svg("svg", { class: `spark ${className}`, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label });
  if (points.length < 2) return picture;
  const low = Math.min(...points.map(([, value]) => value));
  const span = Math.max(...points.map(([, value]) => value)) - low || 1;
  const x = (at) => (at / (values.length - 1)) * width;
  const y = (value) => height - 3 - ((value - low) / span) * (height - 6);
  const line = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join("L");
  picture.append(
    svg("path", { class: "area", d: `M${x(points[0][0]).toFixed(1)},${height}L${line}L${x(points.at(-1)[0]).toFixed(1)},${height}Z` }),
    svg("path", { class: "line", d: `M${line}`, "vector-effect": "non-scaling-stroke" }),
  );
  return picture;
}
