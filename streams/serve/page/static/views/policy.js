// The policy in words.

import { h, replace } from "../dom.js";
import { legend, ladderName, look, segment, signalName, stageName, step } from "../legend.js";
import { words } from "../format.js";
import { panel } from "../panel.js";
import { POLICY } from "../sources.js";

const HEADINGS = { stage: "Stages", segment: "Segments", ladder: "Ladders", step: "Ladders", signal: "Signals" };

export function policyView(scope) {
  return h("div", { class: "grid" }, panel(scope, {
    title: "The policy in words", className: "full", source: POLICY,
    isEmpty: ({ sentences }) => !sentences.length, empty: "Nothing is said of this policy.",
    render(body, { version, sentences }) {
      const groups = new Map();
      for (const it of sentences) {
        const [heading, name] = headed(it.about);
        if (!groups.has(heading)) groups.set(heading, new Map());
        const named = groups.get(heading);
        if (!named.has(name)) named.set(name, { about: it.about, texts: [] });
        named.get(name).texts.push(bare(it.text, name));
      }
      replace(body, h("p", { class: "at" }, "Version ", h("code", {}, version), ". Every transition carries it."),
        h("div", { class: "policy" }, [...groups].map(([heading, named]) => h("section", {}, h("h3", {}, heading),
          h("dl", {}, [...named].map(([name, { about, texts }]) => h("div", {}, name && h("dt", {}, nameMark(about, name)), texts.map((it) => h("dd", {}, it)))))))));
    },
  }).element);
}

/** Return the heading and the name that a sentence stands under; `about` is such as `segment:vip` or `money`. */
function headed(about) {
  const [kind, ...rest] = String(about).split(":");
  if (!rest.length) return [capital(words(kind)), ""];
  const [key, inner] = rest;
  const names = { stage: () => stageName(key), segment: () => segment(key).name, ladder: () => ladderName(key), signal: () => signalName(key),
    step: () => (inner ? `${ladderName(key)}: ${step(key, inner).name}` : words(key)) };
  return [HEADINGS[kind] ?? capital(words(kind)), (names[kind] ?? (() => words(rest.join(":"))))()];
}

function nameMark(about, name) {
  const [kind, key] = about.split(":");
  return kind === "stage" && legend.stages.some((it) => it.key === key) ? h("span", { class: `stage look-${look(key)}` }, h("i", { "aria-hidden": "true" }), name) : name;
}

/** Return a sentence without the name that it stands under, and with the names of features in words. */
function bare(text, name) {
  const rest = [name, name.replace(": ", ", ")].find((it) => it && text.startsWith(`${it}: `));
  const told = rest ? capital(text.slice(rest.length + 2)) : text;
  return told.replaceAll(/\b[a-z0-9]+(?:_[a-z0-9]+)+\b/g, words).replaceAll(" * ", " × ");
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
