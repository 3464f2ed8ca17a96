// How the feed stands, in a few words.

import { h } from "./dom.js";
import { feed } from "./feed.js";

const WORDS = {
  live: "Live",
  polling: "Every few seconds: the token does not have the scope stream",
  connecting: "Connecting",
};

/** Return an element that says how the feed stands, and what it lacks. */
export function feedStatus(scope) {
  const element = h("p", { class: "feed-status" });
  const update = () => {
    const told = WORDS[feed.status] ?? `Not live: ${feed.problem?.message ?? "it is tried again"}`;
    if (element.dataset.status === feed.status && element.textContent === told) return;
    element.dataset.status = feed.status;
    element.textContent = told;
  };
  scope.add(feed.subscribe(update));
  update();
  return element;
}
