// What the policy calls its stages, segments, steps and signals, and how a stage looks.

import { words } from "./format.js";

export let legend = { stages: [], segments: [], ladders: [], signals: [], currency: "", policy: "", zone: "UTC", clock: "wall", subject: "customer" };

let stages = new Map();
let segments = new Map();
let steps = new Map();
let ladders = new Map();
let signals = new Map();
let entered = new Map();

export function setLegend(told) {
  legend = told;
  stages = new Map(told.stages.map((it) => [it.key, it]));
  entered = new Map(told.stages.map((it) => [it.entered, it]));
  segments = new Map(told.segments.map((it) => [it.key, it]));
  signals = new Map(told.signals.map((it) => [it.key, it]));
  ladders = new Map(told.ladders.map((it) => [it.key, it]));
  steps = new Map(told.ladders.flatMap((ladder) => ladder.steps.map((it) => [`${ladder.key}:${it.key}`, it])));
}

const NO_LOOK = 8;

export const look = (stage) => stages.get(stage)?.look ?? NO_LOOK;
export const stageName = (stage) => stages.get(stage)?.name ?? words(stage);
export const segment = (key) => segments.get(key) ?? { key, name: words(key), description: "" };
export const ladderName = (key) => ladders.get(key)?.name ?? words(key);
export const signalName = (key) => signals.get(key)?.name ?? words(key);
export const step = (ladder, key) => steps.get(`${ladder}:${key}`) ?? { key, name: words(key), description: "" };

/** Return the look of the stage that a transition of this name leads to. */
export const lookOfChange = (name) => (entered.get(name) ?? stages.get(name))?.look ?? NO_LOOK;

/** Return a colour of the present theme, for what is painted. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
