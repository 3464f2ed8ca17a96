// Customers: who changed lately, and who is in a stage, in a segment or on a step.

import { h, replace } from "../dom.js";
import { field } from "../controls.js";
import { count } from "../format.js";
import { feed } from "../feed.js";
import { legend } from "../legend.js";
import { customer } from "../marks.js";
import { panel } from "../panel.js";
import { ask } from "../server.js";
import { row } from "../transition_list.js";

const PAGE = 60;
const LATELY = 12;

export function customersView(scope, { in: chosen = "" }, go) {
  return h("div", { class: "grid" }, members(scope, chosen, go), lately(scope));
}

function members(scope, chosen, go) {
  const option = (value, name) => h("option", { value }, name);
  const select = h("select", {}, option("", "Choose"),
    h("optgroup", { label: "Stages" }, legend.stages.filter((it) => it.key !== "excluded").map((it) => option(`stage:${it.key}`, it.name))),
    h("optgroup", { label: "Segments" }, legend.segments.map((it) => option(`segment:${it.key}`, it.name))),
    legend.ladders.map((ladder) => h("optgroup", { label: ladder.name }, ladder.steps.map((it) => option(`step:${ladder.key}:${it.key}`, it.name)))));
  select.value = chosen;
  const told = h("p", { class: "at", role: "status" });
  const list = h("ul", { class: "members" });
  const more = h("button", { type: "button", hidden: true }, "More");
  const { element, body } = panel(scope, { title: "Who is in it", className: "two-thirds", actions: field("Members of", select) });
  body.append(told, list, more);
  let cursor = null;
  let ended = false;
  scope.add(() => (ended = true));

  async function load(begin) {
    const set = select.value;
    if (!set) return void (told.textContent = "Choose a stage, a segment or a step, or find a customer by their id above.");
    try {
      const page = await ask(`${pathOf(set)}?limit=${PAGE}${begin ? `&cursor=${cursor}` : ""}`);
      if (ended || set !== select.value) return;
      cursor = page.cursor;
      const known = new Set(begin ? [...list.children].map((it) => it.dataset.id) : []);
      const items = page.members.filter((it) => !known.has(it)).map((it) => h("li", { "data-id": it }, customer(it)));
      if (begin) list.append(...items);
      else replace(list, items);
      told.textContent = `${count(page.count)} ${page.count === 1 ? "customer" : "customers"}`;
      more.hidden = cursor === null;
    } catch (problem) {
      told.textContent = problem.message;
    }
  }

  select.addEventListener("change", () => {
    go(select.value ? `#/customers?in=${encodeURIComponent(select.value)}` : "#/customers", true);
    replace(list);
    more.hidden = true;
    load(false);
  });
  more.addEventListener("click", () => load(true));
  load(false);
  return element;
}

function pathOf(set) {
  const [kind, ...keys] = set.split(":").map(encodeURIComponent);
  return { stage: `v1/stages/${keys[0]}/members`, segment: `v1/segments/${keys[0]}/members`, step: `v1/ladders/${keys[0]}/steps/${keys[1]}/members` }[kind] ?? `v1/stages/${keys[0]}/members`;
}

function lately(scope) {
  const list = h("ol", { class: "feed compact" });
  const { element, body } = panel(scope, { title: "Lately changed", className: "third" });
  body.append(list);
  const update = () => {
    const latest = [...new Map(feed.entries.filter((it) => !it.gap).reverse().map((it) => [it.userId, it])).values()]
      .sort((a, b) => feed.entries.indexOf(a) - feed.entries.indexOf(b)).slice(0, LATELY);
    const there = new Map([...list.children].map((it) => [it.dataset.id, it]));
    if (latest.length) replace(list, latest.map((it) => there.get(it.messageId) ?? row(it, { short: true })));
    else replace(list, h("li", { class: "empty" }, feed.loaded ? "Nobody yet." : "Loading"));
  };
  scope.add(feed.subscribe(update));
  update();
  return element;
}
