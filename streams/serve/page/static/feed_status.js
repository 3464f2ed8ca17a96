// How the feed stands, in a few words.

import { h } from "./dom.js";
import { feed } from "./feed.js";
import { READY } from "./sources.js";

const WORDS = {
  live: "Live",
  polling: "Every few seconds: the token does not have the scope stream",
  connecting: "Connecting",
};

/** Return an element that says how the feed stands, and what it lacks. */
export function feedStatus(scope) {
  const element = h("p", { class: "feed-status" });
  // A stream stays open while Kafka, where it comes from, is away.
  let lack = "";
  const update = () => {
    const status = lack ? "away" : feed.status;
    const told = WORDS[status] ?? `Not live: ${lack || feed.problem?.message || "it is tried again"}`;
    if (element.dataset.status === status && element.textContent === told) return;
    element.dataset.status = status;
    element.textContent = told;
  };
  scope.add(READY.subscribe(({ data, problem }) => {
    lack = problem?.status === 503 ? problem.message : problem ? "" : data?.missing?.transitions ?? "";
    update();
  }));
  scope.add(feed.subscribe(update));
  update();
  return element;
}
