// What the views show, by path, and how often it is asked for. A transition makes them ask sooner.

import { feed } from "./feed.js";
import { resource } from "./resource.js";

export const STAGES = resource("v1/stages", 5, 1);
export const WEEK_FLOWS = resource("v1/history/flows", 60, 3);
export const FORECAST = resource("v1/history/forecast", 120, 15);
/** What each part of the server lacks; it asks for no token. */
export const READY = resource("ready", 5);
export const WORKERS = resource("v1/workers", 3, 1);
/** What the policy calls things: that which is in force, so it changes when another one is published. */
export const LEGEND = resource("page/legend.json", 5);
export const POLICY = resource("v1/policy", 300);
export const REJECTS = resource("v1/rejects", 20);

const followed = new Set([STAGES, WEEK_FLOWS, FORECAST]);
const follow = (it) => (followed.add(it), it);

/** Customers by stage at the end of each of so many days. */
export const history = (days) => follow(resource(`v1/history/stages?days=${days}`, 60, 2));

/** Sizes of segments and steps at the end of each of so many days. */
export const sets = (days) => follow(resource(`v1/history/sets?days=${days}`, 60, 3));

/** Flows between two dates, both included. */
export const flowsBetween = (from, to) => follow(resource(`v1/history/flows?from=${from}&to=${to}`, 60, 3));

const one = (path, id) => follow(resource(path + encodeURIComponent(id), 30, 2));
export const profile = (id) => one("v1/customers/", id);
export const transitionsOf = (id) => one("v1/history/customers/", id);
export const outlook = (id) => one("v1/history/outlook/", id);

feed.subscribe((fresh) => {
  if (fresh.length) for (const each of followed) each.nudge();
});
