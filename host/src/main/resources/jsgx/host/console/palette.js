// How a workload looks: a colour that colour-blind people tell apart, a pattern where the colours run out, and a letter.

import { el } from "./dom.js";

// Okabe and Ito's colours, with the ink that can be read on each.
const COLOURS = [
  ["#56b4e9", "#111"],
  ["#e69f00", "#111"],
  ["#009e73", "#111"],
  ["#f0e442", "#111"],
  ["#cc79a7", "#111"],
  ["#0072b2", "#fff"],
  ["#d55e00", "#111"],
];
const PATTERNS = 4;

const marks = new Map();

/** {index, fill, ink, pattern, letter}: the same for a workload as long as the page is open. */
export function markOf(workload) {
  let mark = marks.get(workload);
  if (!mark) {
    const index = marks.size;
    const [fill, ink] = COLOURS[index % COLOURS.length];
    mark = { index, fill, ink, pattern: Math.floor(index / COLOURS.length) % PATTERNS, letter: letters(index) };
    marks.set(workload, mark);
  }
  return mark;
}

function letters(index) {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}

/** The mark with the workload's name. */
export function workloadLabel(workload) {
  return el("span", { class: "workload" }, swatch(workload), el("span", { class: "name" }, workload || "none"));
}

export function swatch(workload) {
  const mark = markOf(workload);
  return el("span", { class: `swatch c${mark.index % COLOURS.length} p${mark.pattern}`, "aria-hidden": "true" }, mark.letter);
}

/** Shares of a whole, side by side: [{workload, value}]. The element's name tells the same in words. */
export function stack(element, parts, whole, words) {
  element.replaceChildren(
    ...parts
      .filter((part) => part.value > 0)
      .map((part) => {
        const mark = markOf(part.workload);
        const share = el("span", { class: `share c${mark.index % COLOURS.length} p${mark.pattern}`, title: part.title }, mark.letter);
        share.style.width = `${Math.max((100 * part.value) / Math.max(whole, 1), 0.4)}%`;
        return share;
      }),
  );
  element.setAttribute("aria-label", words);
}
