// The flow between stages as a picture: where customers came from on the left, where they went on the right.

import { svg } from "./dom.js";
import { count } from "./format.js";
import { legend, look, stageName } from "./legend.js";

const GAP = 14;
const BAR = 10;
const MIN_ROOM = 26;
const NOWHERE = "";

const nameOf = (key, side) => (key === NOWHERE ? (side === "from" ? "first seen" : "gone") : stageName(key));

/** Return the picture of flows [{from, to, count}] (null: from or to no stage), as wide as it is told. */
export function sankey(flows, width) {
  const links = flows.filter((it) => it.count > 0).map((it) => ({ ...it, from: it.from ?? NOWHERE, to: it.to ?? NOWHERE }));
  const total = links.reduce((sum, it) => sum + it.count, 0);
  const order = [NOWHERE, ...legend.stages.map((it) => it.key)];
  const rank = (key) => (order.indexOf(key) + 1 || order.length + 1);
  const side = (name) => {
    const sums = new Map();
    for (const it of links) sums.set(it[name], (sums.get(it[name]) ?? 0) + it.count);
    return [...sums].sort(([a], [b]) => rank(a) - rank(b));
  };
  const [left, right] = [side("from"), side("to")];
  const scale = Math.max(200, Math.max(left.length, right.length) * 44) / Math.max(total, 1);
  const height = Math.max(...[left, right].map((nodes) => needed(nodes, scale)));
  const margin = Math.min(150, Math.max(96, width * 0.2));
  const [x0, x1] = [margin, width - margin];
  const places = { from: place(left, scale, height), to: place(right, scale, height) };
  const picture = svg("svg", { class: "sankey", width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${count(total)} changes of stage. The table below has the same numbers.` });
  const used = { from: new Map(), to: new Map() };
  const take = (name, key, size) => {
    const begin = used[name].get(key) ?? 0;
    used[name].set(key, begin + size);
    return places[name].get(key).y + begin;
  };
  links.sort((a, b) => rank(a.from) - rank(b.from) || rank(a.to) - rank(b.to));
  const begins = links.map((it) => take("from", it.from, it.count * scale));
  const ends = new Map();
  for (const it of [...links].sort((a, b) => rank(a.to) - rank(b.to) || rank(a.from) - rank(b.from))) ends.set(it, take("to", it.to, it.count * scale));
  links.forEach((it, at) => {
    const size = it.count * scale;
    picture.append(svg("path", { class: `ribbon look-${it.from === NOWHERE ? 8 : look(it.from)}`, d: ribbon(x0 + BAR, begins[at], x1 - BAR, ends.get(it), Math.max(size, 1.5)) },
      svg("title", {}, `${nameOf(it.from, "from")} to ${nameOf(it.to, "to")}: ${count(it.count)}`)));
  });
  for (const [name, x, anchor, offset] of [["from", x0, "end", -10], ["to", x1 - BAR, "start", BAR + 10]]) {
    for (const [key, { y, size, sum }] of places[name]) {
      const middle = y + size / 2;
      picture.append(
        svg("rect", { class: `node look-${key === NOWHERE ? 8 : look(key)}`, x, y, width: BAR, height: Math.max(size, 2), rx: 2 }),
        svg("text", { class: "name", x: x + offset, y: middle - 2, "text-anchor": anchor }, nameOf(key, name)),
        svg("text", { class: "sum", x: x + offset, y: middle + 13, "text-anchor": anchor }, count(sum)));
    }
  }
  return picture;
}

// Small nodes need room for their two lines of text.
const room = (sum, scale) => Math.max(sum * scale, MIN_ROOM);
const needed = (nodes, scale) => nodes.reduce((sum, [, it]) => sum + room(it, scale) + GAP, GAP);

function place(nodes, scale, height) {
  const found = new Map();
  let y = GAP + (height - needed(nodes, scale)) / 2;
  for (const [key, sum] of nodes) {
    const size = sum * scale;
    found.set(key, { y: y + (room(sum, scale) - size) / 2, size, sum });
    y += room(sum, scale) + GAP;
  }
  return found;
}

function ribbon(x0, y0, x1, y1, size) {
  const middle = (x0 + x1) / 2;
  return `M${x0},${y0}C${middle},${y0} ${middle},${y1} ${x1},${y1}V${y1 + size}C${middle},${y1 + size} ${middle},${y0 + size} ${x0},${y0 + size}Z`;
}
