// The page: what is around all views, and which one is shown.

import { now, onClock, setStreamClock } from "./clock.js";
import { arrowed } from "./controls.js";
import { Scope, h, replace } from "./dom.js";
import { feed } from "./feed.js";
import { count, dateTime, setZone } from "./format.js";
import { legend, setLegend } from "./legend.js";
import { customerPath } from "./marks.js";
import { askAll } from "./resource.js";
import { go, parse } from "./router.js";
import { Problem, ask, onConnection, onTokenWanted } from "./server.js";
import { allows, isSignedIn, readSession, signOut, wantsToken } from "./session.js";
import { LEGEND, READY, WORKERS } from "./sources.js";
import { customerView } from "./views/customer.js";
import { customersView } from "./views/customers.js";
import { flowsView } from "./views/flows.js";
import { forecastView } from "./views/forecast.js";
import { overview } from "./views/overview.js";
import { policyView } from "./views/policy.js";
import { rejectsView } from "./views/rejects.js";
import { segmentsView } from "./views/segments.js";
import { signInView } from "./views/sign_in.js";
import { transitionsView } from "./views/transitions.js";
import { stateOf, workersView } from "./views/workers.js";

const VIEWS = [
  ["", "Overview", overview],
  ["transitions", "Transitions", transitionsView],
  ["flows", "Flows", flowsView],
  ["segments", "Segments", segmentsView],
  ["forecast", "Forecast", forecastView],
  ["customers", "Customers", customersView],
  ["rejects", "Rejects", rejectsView],
  ["policy", "Policy", policyView],
  ["workers", "Workers", workersView],
];
const RETRY_MS = 1000;
const CLOCK_MS = 1000;
const MANY_WAIT = 100;

const main = document.getElementById("main");
const tabs = document.getElementById("tabs");
const banner = document.getElementById("banner");
const notice = document.getElementById("notice");
let scope = new Scope();

function makeTabs() {
  const links = VIEWS.map(([path, name]) => h("a", { role: "tab", id: `tab-${path}`, href: `#/${path}`, "aria-controls": "main" }, name));
  tabs.append(...links);
  tabs.addEventListener("keydown", (event) => {
    const next = arrowed(event, links, document.activeElement);
    if (next === null) return;
    next.focus();
    next.click();
  });
  return links;
}

const links = makeTabs();

function show() {
  const { path, query } = parse(location.hash);
  const at = VIEWS.findIndex(([name]) => name === (path[0] ?? ""));
  const [, name, view] = VIEWS[at] ?? [null, "Not found", notFound];
  links.forEach((link, each) => {
    link.setAttribute("aria-selected", String(each === at));
    link.tabIndex = each === Math.max(0, at) ? 0 : -1;
  });
  links[at]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  main.setAttribute("aria-label", name);
  scope.end();
  scope = new Scope();
  const id = path[0] === "customers" && path.length > 1 ? path.slice(1).join("/") : null;
  document.title = `${id ?? name} · lifestage`;
  replace(main, id === null ? [h("h1", { class: "unseen" }, name), view(scope, query, go)] : customerView(scope, id));
  main.dataset.view = id === null ? path[0] ?? "" : "customer";
}

function notFound() {
  return h("p", { class: "empty big" }, `There is no view ${location.hash} here: choose one above.`);
}

function onHash() {
  if (location.hash === "#main") return void main.focus();
  const typing = tabs.contains(document.activeElement);
  show();
  scrollTo({ top: 0 });
  if (!typing) main.focus({ preventScroll: true });
}

function tellClock() {
  const at = now();
  document.getElementById("as-of").textContent = at ? `as of ${dateTime(at)}${legend.zone === "UTC" ? " UTC" : ""}` : "";
}

function foot() {
  const workers = h("a", { class: "health", href: "#/workers" }, "…");
  WORKERS.subscribe(({ data, problem }) => {
    tellWaiting(data?.workers ?? []);
    const states = data && !problem ? data.workers.map((it) => stateOf(it).state) : [];
    const bad = states.filter((it) => it !== "ready").length;
    workers.dataset.state = problem ? "unknown" : !states.length || bad === states.length ? "bad" : bad ? "some" : "good";
    workers.textContent = problem ? "health of the workers not known" : !states.length ? "no worker"
      : `${count(states.length - bad)} of ${count(states.length)} ${states.length === 1 ? "worker" : "workers"} ready`;
  });
  const policy = h("a", { href: "#/policy" });
  const zone = h("span", {});
  replace(document.getElementById("foot"), h("span", {}, "Policy ", policy), workers, zone,
    h("a", { href: "openapi.json", hidden: wantsToken() && !allows("read") }, "API"));
  return () => {
    policy.textContent = legend.policy;
    zone.textContent = `Dates in ${legend.zone}`;
  };
}

/** Show everything anew as soon as another policy is in force: it may have other stages, segments and days. */
function followLegend(tellFoot) {
  let shown = JSON.stringify(legend);
  LEGEND.subscribe(({ data, problem }) => {
    if (problem || JSON.stringify(data) === shown) return;
    shown = JSON.stringify(data);
    setLegend(data);
    setZone(legend.zone);
    setStreamClock(legend.clock === "stream");
    tellFoot();
    show();
    askAll();
  });
}

/** Tell that Redis is behind the stream: sizes, curves and forecasts are made of what is in it. */
function tellWaiting(workers) {
  const waiting = workers.reduce((sum, it) => sum + (it.mirror?.waiting ?? 0), 0);
  notice.hidden = waiting < MANY_WAIT;
  const told = `${count(waiting)} customers wait to be written to Redis: until then, sizes, curves and forecasts are not whole.`;
  if (!notice.hidden && notice.textContent !== told) notice.textContent = told;
}

/** Ask for everything again as soon as the server lacks something else than before. */
function followReadiness() {
  let before = null;
  READY.subscribe(({ data, problem }) => {
    const lacks = problem ? problem.message : JSON.stringify(data.missing);
    if (before !== null && lacks !== before) askAll();
    before = lacks;
  });
}

function signedOut() {
  scope.end();
  document.body.classList.add("signed-out");
  replace(main, signInView(scope, () => location.reload()));
}

async function begin() {
  try {
    await readSession();
    if (!allows("read")) return signedOut();
    setLegend(await ask("page/legend.json"));
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) return signedOut();
    replace(main, h("p", { class: "empty big" }, problem.message, " It is tried again."));
    return void setTimeout(begin, RETRY_MS);
  }
  setZone(legend.zone);
  setStreamClock(legend.clock === "stream");
  document.body.classList.remove("signed-out");
  const out = document.getElementById("sign-out");
  out.hidden = !isSignedIn();
  out.addEventListener("click", () => signOut().then(() => location.reload(), askAll));
  feed.start();
  const tellFoot = foot();
  tellFoot();
  followReadiness();
  onClock(tellClock);
  setInterval(tellClock, CLOCK_MS);
  addEventListener("hashchange", onHash);
  show();
  followLegend(tellFoot);
}

document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = document.getElementById("search-id");
  const id = input.value.trim();
  if (!id) return void input.focus();
  input.value = "";
  go(customerPath(id));
});

// A token that was taken away in the meantime; one without a scope is told where it is missed.
onTokenWanted(() => readSession().then(() => allows("read") || signedOut(), () => {}));

onConnection((away) => {
  banner.hidden = !away;
  banner.textContent = away ? "The server does not answer. This page goes on by itself when it is back." : "";
});

begin();
