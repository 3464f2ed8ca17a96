// Elements. Text is only ever put in as text: what customers and producers write is never read as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Return an HTML element. Attributes `onclick` and the like are listeners; null, undefined and false are left out. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Return an SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Put children in place of what a container has; the focus stays on the element with the same `data-key`. */
export function replace(container, ...children) {
  const active = document.activeElement;
  const key = container.contains(active) ? active.dataset?.key : undefined;
  container.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  if (key === undefined) return;
  for (const each of container.querySelectorAll("[data-key]")) {
    if (each.dataset.key === key) return void each.focus({ preventScroll: true });
  }
}

/** Return a table: `columns` are {name, number} and rows are lists of texts or elements. */
export function table(caption, columns, rows, attributes = {}) {
  const heads = columns.map((it) => h("th", { scope: "col", class: it.number && "number" }, it.name));
  const body = rows.map((row) =>
    h("tr", {}, row.map((cell, at) => h(at === 0 ? "th" : "td", { scope: at === 0 ? "row" : null, class: columns[at].number && "number" }, cell))),
  );
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", attributes, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, heads)), h("tbody", {}, body)));
}

/** What has to be ended with a view: subscriptions, timers, observers. */
export class Scope {
  #ends = [];

  add(end) {
    this.#ends.push(end);
  }

  /** Listen until the view ends. */
  on(target, name, listener) {
    target.addEventListener(name, listener);
    this.add(() => target.removeEventListener(name, listener));
  }

  /** Call with the width of an element, now and whenever it changes. */
  width(element, listener) {
    let last = 0;
    const observer = new ResizeObserver(() => {
      const width = Math.floor(element.clientWidth);
      if (width > 0 && width !== last) listener((last = width));
    });
    observer.observe(element);
    this.add(() => observer.disconnect());
  }

  end() {
    for (const end of this.#ends.splice(0)) end();
  }
}
