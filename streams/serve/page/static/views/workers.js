// The health of the workers, as they told it last.

import { h, replace, table } from "../dom.js";
import { count, dateTime, words } from "../format.js";
import { panel } from "../panel.js";
import { serverTime } from "../server.js";
import { READY, WORKERS } from "../sources.js";

const SILENT_SECONDS = 15;

/** Return what is to be said of a worker: {state, told}. */
export function stateOf({ at, ready, missing }) {
  const silent = Math.max(0, Math.floor((serverTime() - Date.parse(at)) / 1000));
  if (silent > SILENT_SECONDS) return { state: "silent", told: `silent for ${silent < 120 ? `${silent} seconds` : `${count(Math.floor(silent / 60))} minutes`}` };
  if (ready) return { state: "ready", told: "ready" };
  return { state: "waiting", told: missing?.length ? `waits: ${missing.join("; ")}` : "not ready" };
}

export function workersView(scope) {
  return h("div", { class: "grid" }, panel(scope, {
    title: "Workers", className: "full bare", source: WORKERS,
    isEmpty: ({ workers }) => !workers.length,
    empty: "No worker has told anything of itself. Start one (lifestage worker) with the same LIFESTAGE_REDIS_URL and LIFESTAGE_APP_ID as this server.",
    render: (body, { workers }) => replace(body, h("div", { class: "workers" }, workers.map(worker))),
  }).element, panel(scope, {
    title: "This server", className: "full", source: READY,
    isEmpty: ({ missing }) => !Object.keys(missing).length, empty: "It lacks nothing.",
    render: (body, { missing }) => replace(body, table("What this server lacks", [{ name: "Part" }, { name: "Lacks" }], Object.entries(missing))),
  }).element);
}

function worker(it) {
  const { state, told } = stateOf(it);
  const partitions = Object.entries(it.partitions ?? {}).sort(([a], [b]) => Number(a) - Number(b));
  return h("section", { class: `panel worker ${state}`, "data-worker": it.instance },
    h("div", { class: "panel-head" }, h("h3", {}, it.instance), h("p", { class: "state" }, h("i", { "aria-hidden": "true" }), told)),
    h("dl", { class: "facts" },
      fact("Behind", `${count(it.lag_records ?? 0)} records`),
      fact("Partitions", count(partitions.length)),
      it.mirror ? fact("Redis", it.mirror.connected === false ? "away" : "connected", it.mirror.waiting ? h("small", {}, `${count(it.mirror.waiting)} customers wait`) : null) : null,
      fact("Told", dateTime(it.at))),
    it.mirror?.trouble ? h("p", { class: "trouble-text" }, it.mirror.trouble) : null,
    partitions.length ? table(`Partitions of ${it.instance}`,
      [{ name: "Partition" }, { name: "State" }, { name: "Up to" }, { name: "Behind", number: true }],
      partitions.map(([number, group]) => [number, h("span", {}, words(group.state ?? ""), group.reason ? h("small", {}, group.reason) : null),
        group.upto ? dateTime(group.upto) : "–", count(lag(group))])) : null);
}

const lag = ({ lag_records: lags }) => (typeof lags === "number" ? lags : Object.values(lags ?? {}).reduce((sum, it) => sum + it, 0));
const fact = (name, ...told) => h("div", {}, h("dt", {}, name), h("dd", {}, told));
