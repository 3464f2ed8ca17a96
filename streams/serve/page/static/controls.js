// Controls that several views have.

import { h } from "./dom.js";

/** A choice of one of a few, [[value, name]], as buttons of which one is pressed; arrows go from one to the next. */
export function choice(label, options, chosen, onChange) {
  const buttons = options.map(([value, name]) =>
    h("button", { type: "button", role: "radio", "aria-checked": String(value === chosen), tabindex: value === chosen ? 0 : -1, onclick: () => choose(value) }, name));
  const group = h("div", { class: "choice", role: "radiogroup", "aria-label": label, onkeydown: onKey }, buttons);

  function choose(value) {
    options.forEach(([each], at) => {
      buttons[at].setAttribute("aria-checked", String(each === value));
      buttons[at].tabIndex = each === value ? 0 : -1;
    });
    onChange(value);
  }

  function onKey(event) {
    const next = arrowed(event, buttons, document.activeElement);
    if (next === null) return;
    next.focus();
    next.click();
  }

  return group;
}

/** Return the element that an arrow key, Home or End leads to from the present one; null for other keys. */
export function arrowed(event, elements, present) {
  const at = elements.indexOf(present);
  const next = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: elements.length - 1 }[event.key];
  if (next === undefined || at < 0) return null;
  event.preventDefault();
  return elements[(next + elements.length) % elements.length];
}

/** A field with its label. */
export function field(label, input) {
  return h("label", { class: "field" }, h("span", {}, label), input);
}
