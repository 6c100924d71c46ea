// The five numbers at the top, each with its last ten minutes.

import { byId, el, svg, text } from "./dom.js";
import { micros, percent, rate, size } from "./format.js";

const WIDTH = 240;
const HEIGHT = 40;
const PAGE = 4096;

const GAUGES = [
  { id: "launches", name: "launches a second", series: "launches", show: rate },
  { id: "refused", name: "refused a second", series: "refused", show: rate, alarm: (value) => value > 0 },
  { id: "epc", name: "EPC in use", series: "epcUsed", show: (pages) => size(pages * PAGE) },
  { id: "hits", name: "cache hit ratio", series: "hitRatio", show: percent, most: 1 },
  { id: "latency", name: "LE latency, p50 and p99", series: "leMicrosP50", second: "leMicrosP99", show: micros },
];

/** Draws them into an element; returns {update(history, epc)}. */
export function gauges(root) {
  const drawn = GAUGES.map((gauge) => {
    const value = el("span", { class: "value" }, "…");
    const note = el("span", { class: "note" });
    const chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${gauge.name}: no figures yet` });
    root.append(
      el("div", { class: `gauge gauge-${gauge.id}` }, el("h3", {}, gauge.name), el("p", {}, value, note), chart),
    );
    return { ...gauge, value, note, chart };
  });

  return {
    update(history, epc) {
      for (const gauge of drawn) {
        const points = history[gauge.series] ?? [];
        const upper = gauge.second ? (history[gauge.second] ?? []) : [];
        draw(gauge, points, upper);
        const last = points.findLastIndex(known);
        const value = last < 0 ? null : points[last];
        text(gauge.value, value === null ? "none" : gauge.show(value));
        gauge.value.parentElement.classList.toggle("alarm", Boolean(gauge.alarm?.(value ?? 0)));
        const notes = [];
        if (gauge.id === "epc" && epc) {
          notes.push(`of ${size(epc.pages * PAGE)}`);
        }
        if (gauge.second && known(upper[last])) {
          notes.push(`p99 ${gauge.show(upper[last])}`);
        }
        if (last >= 0 && last < points.length - 1) {
          notes.push(`${ago(history.seconds.at(-1) - history.seconds[last])} ago`);
        }
        text(gauge.note, notes.length > 0 ? ` ${notes.join(", ")}` : "");
      }
      byId("gauges").removeAttribute("aria-busy");
    },
  };
}

const known = (point) => point !== null && point !== undefined;

const ago = (seconds) => (seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`);

function draw(gauge, points, upper) {
  const top = Math.max(gauge.most ?? 0, ...[...points, ...upper].filter(known), 1e-9);
  const at = (point, index, all) =>
    `${((index * WIDTH) / Math.max(all.length - 1, 1)).toFixed(1)} ${(HEIGHT - 2 - (point / top) * (HEIGHT - 5)).toFixed(1)}`;
  const line = (all, name) => {
    // A gap where there is no figure: nothing was launched then, or the daemon was not there.
    let path = "";
    let drawing = false;
    all.forEach((point, index) => {
      if (known(point)) {
        path += `${drawing ? "L" : "M"}${at(point, index, all)}`;
        if (!drawing && !known(all[index + 1])) {
          path += "h2";
        }
      }
      drawing = known(point);
    });
    return svg("path", { d: path, class: name });
  };
  const parts = [line(points, "line")];
  if (upper.length > 0) {
    parts.push(line(upper, "line upper"));
  }
  gauge.chart.replaceChildren(...parts);
  const figures = points.filter(known);
  gauge.chart.setAttribute(
    "aria-label",
    figures.length === 0
      ? `${gauge.name}: no figures yet`
      : `${gauge.name}, last ten minutes: the last ${gauge.show(figures.at(-1))}, lowest ${gauge.show(Math.min(...figures))}, highest ${gauge.show(Math.max(...figures))}`,
  );
}
