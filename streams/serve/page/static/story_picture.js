// A customer's story as a picture: stages and steps as bands, segments as bars, transitions as marks with their reasons.

import { h, svg } from "./dom.js";
import { date, dateTime } from "./format.js";
import { ladderName, look, segment, stageName, step } from "./legend.js";
import { changed } from "./marks.js";
import { reasonsOf } from "./reasons.js";

const ROW = 30;
const BAND = 18;
const DAY = 86_400_000;

/** Return the transitions that stand: not taken back, and not replaced by a correction. Oldest first. */
export function standing(transitions) {
  const replaced = new Set(transitions.map((it) => it.properties.corrects).filter(Boolean));
  return transitions
    .filter((it) => !it.properties.retracted && !replaced.has(it.messageId))
    .sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
}

/** Return the rows of the picture: {name, spans: [{from, to, text, look}]}, stays that have not ended reach `until`. */
export function rowsOf(transitions, until) {
  const rows = new Map();
  const open = new Map();
  const begin = (name, at, text, style) => {
    if (!rows.has(name)) rows.set(name, []);
    const span = { from: at, to: until, text, ...style };
    rows.get(name).push(span);
    open.set(name, span);
  };
  const end = (name, at) => {
    if (open.has(name)) open.get(name).to = at;
    open.delete(name);
  };
  const first = transitions.length ? Date.parse(transitions[0].timestamp) : until;
  for (const { event, timestamp, properties: it } of transitions) {
    const at = Date.parse(timestamp);
    if (event === "Lifecycle Stage Changed") {
      if (!rows.has("Stage")) begin("Stage", Math.min(first, at), stageName(it.from), { look: look(it.from) });
      end("Stage", at);
      begin("Stage", at, stageName(it.to), { look: look(it.to) });
    } else if (event === "Ladder Step Changed") {
      const name = it.ladder_name ?? ladderName(it.ladder_key);
      end(name, at);
      if (it.to !== "none") begin(name, at, step(it.ladder_key, it.to).name, { quiet: true });
    } else if (event.startsWith("Audience")) {
      const name = it.audience_name ?? segment(it.audience_key).name;
      end(name, at);
      if (event === "Audience Entered") begin(name, at, "", { bar: true });
    }
  }
  return [...rows].map(([name, spans]) => ({ name, spans })).sort((a, b) => (b.name === "Stage") - (a.name === "Stage"));
}

/** Return the picture of a customer's transitions up to an instant, and what is expected after it (`next`: {at, change}). */
export function storyPicture(transitions, until, next, width) {
  const marks = standing(transitions);
  const rows = rowsOf(marks, until);
  const first = marks.length ? Date.parse(marks[0].timestamp) : until - DAY;
  const begin = first - Math.max((until - first) * 0.02, DAY / 2);
  const ahead = next ? Math.min(Date.parse(next.at), until + (until - begin) * 0.25) : until;
  const names = width < 560 ? 0 : 150;
  const height = rows.length * (ROW + (names ? 0 : 14)) + 64;
  const x = (at) => names + ((at - begin) / (ahead - begin || 1)) * (width - names - 8);
  const picture = svg("svg", { class: "story", width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${marks.length} changes from ${date(first)} to ${date(until)}; the list below has each of them.` });
  let y = 8;
  for (const { name, spans } of rows) {
    if (!names) y += 14;
    picture.append(svg("text", { class: "row-name", x: 0, y: names ? y + BAND - 4 : y - 3 }, name));
    for (const span of spans) picture.append(band(span, x, y));
    y += ROW;
  }
  picture.append(svg("line", { class: "axis", x1: names, x2: width, y1: y + 8, y2: y + 8 }));
  for (const message of marks) picture.append(mark(message, x(Date.parse(message.timestamp)), y + 8));
  if (next) {
    picture.append(svg("line", { class: "now", x1: x(until), x2: x(until), y1: 0, y2: y + 14 }));
    if (Date.parse(next.at) <= ahead) picture.append(svg("circle", { class: "expected", cx: x(ahead), cy: y + 8, r: 5 }, svg("title", {}, `${next.change} expected, ${dateTime(next.at)}`)));
  }
  const edge = { class: "date", y: y + 34 };
  picture.append(svg("text", { ...edge, x: names }, date(first)), svg("text", { ...edge, x: Math.max(x(until), names + 180), "text-anchor": "end" }, date(until)));
  return picture;
}

function band({ from, to, text, look: number, quiet, bar }, x, y) {
  const [left, width] = [x(from), Math.max(x(to) - x(from), 1.5)];
  const name = quiet ? "step" : bar ? "member" : `look-${number}`;
  const group = svg("g", { class: `band ${name}` },
    svg("rect", { x: left, y: bar ? y + 5 : y, width, height: bar ? BAND - 10 : BAND, rx: 3 }),
    svg("title", {}, `${text || "member"}: ${dateTime(from)} to ${dateTime(to)}`));
  if (text && width > text.length * 6.8 + 12) group.append(svg("text", { x: left + 7, y: y + 13 }, text));
  return group;
}

function mark(message, x, y) {
  const { kind, text } = changed(message);
  const told = `${dateTime(message.timestamp)}: ${text}. ${reasonsOf(message.properties.why).map((it) => it.text).join("; ")}`;
  const at = kind === "stage" ? svg("circle", { cx: x, cy: y, r: 5 }) : kind === "signal"
    ? svg("path", { d: `M${x},${y - 6}l5,6l-5,6l-5,-6z` }) : svg("line", { x1: x, x2: x, y1: y - 5, y2: y + 5 });
  const style = kind === "stage" ? `look-${look(message.properties.to)}` : "";
  return svg("g", { class: `mark ${kind} ${style}` }, at, svg("title", {}, told));
}

/** Return what the picture's signs mean. */
export function pictureKeys() {
  const sign = (className, text) => h("li", {}, h("i", { class: className, "aria-hidden": "true" }), text);
  return h("ul", { class: "keys small" }, sign("dot", "change of stage"), sign("line", "segment or step"), sign("diamond", "signal"), sign("ring", "expected"));
}
