"use strict";
// Elements are made of names and texts, never of markup: what a plan holds stays text.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(3).filter((each) => each != null && each !== false));
  return element;
}

function h(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function s(name, attributes, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

const $ = (id) => document.getElementById(id);

function say(text) {
  $("said").textContent = text;
}

function counted(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without leave to write there, the selection of a field can be copied all the same.
    const field = h("textarea", { class: "away", "aria-label": what });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  say(`${what} copied`);
}

// A mark has a shape of its own for each severity, so that colour only repeats what it says.
const MARKS = {
  critical: "M5 1h6l4 4v6l-4 4H5l-4-4V5z",
  high: "M8 1.5l7 13H1z",
  medium: "M8 1l7 7-7 7-7-7z",
  low: "M8 2a6 6 0 1 1 0 12A6 6 0 1 1 8 2z",
};

function mark(severity) {
  return s("svg", { class: `mark ${severity}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
    s("path", { d: MARKS[severity] }));
}

function tag(text, name = "") {
  return h("span", { class: `tag ${name}` }, text);
}
