// A panel: a heading, what it shows, and what it says while there is nothing to show.

import { h, replace } from "./dom.js";

let made = 0;

/**
 * Return a panel. With a `source`, `render(body, data)` is called for each new answer; what the source lacks is told above
 * what was known before. `isEmpty(data)` says that there is nothing yet, and `empty` says so in words.
 */
export function panel(scope, { title, note, actions, className = "", source, render, isEmpty, empty, level = 2 }) {
  const id = `panel-${(made += 1)}`;
  const body = h("div", { class: "panel-body" });
  const trouble = h("div", { class: "trouble", role: "status" });
  const notes = h("p", { class: "note" }, note);
  const element = h("section", { class: `panel ${className}`, "aria-labelledby": id },
    h("div", { class: "panel-head" }, h("div", {}, h(`h${level}`, { id }, title), note && notes), actions && h("div", { class: "actions" }, actions)),
    trouble, body);
  if (!source) return { element, body, note: notes };
  element.setAttribute("aria-busy", "true");
  replace(body, h("div", { class: "loading" }, h("span", { class: "unseen" }, "Loading"), h("i"), h("i"), h("i")));
  let told = "";
  scope.add(source.subscribe(({ data, problem }) => {
    element.setAttribute("aria-busy", "false");
    element.classList.toggle("stale", problem !== null && data !== null);
    // That the server is gone is told once, above all panels.
    const text = problem === null ? "" : `${problem.status} ${problem.message}`;
    if (text !== told) {
      told = text;
      replace(trouble, problem && (problem.status !== 0 || data === null) && troubleOf(problem, data !== null, () => source.again()));
    }
    if (data === null) return void (problem && replace(body));
    if (isEmpty?.(data)) replace(body, h("p", { class: "empty" }, empty));
    else render(body, data);
  }));
  return { element, body, note: notes };
}

function troubleOf(problem, hasData, again) {
  const [title, more] = inWords(problem);
  return h("div", { class: "trouble-text" },
    h("strong", {}, title), " ", more,
    hasData ? " What stands here was so before." : "",
    ![401, 403, 404].includes(problem.status) && h("button", { type: "button", class: "link", onclick: again }, "Ask again"));
}

function inWords(problem) {
  switch (problem.status) {
    case 0: return ["The server does not answer.", "This page goes on by itself when it is back."];
    case 401: case 403: return ["This wants a token that allows it.", problem.message];
    case 404: return ["Not found.", sentence(problem.message)];
    case 429: return ["Asked too often.", sentence(problem.message)];
    case 503: return ["Not there at the moment.", sentence(problem.message)];
    default: return ["This could not be shown.", sentence(problem.message)];
  }
}

const sentence = (text) => text && `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
