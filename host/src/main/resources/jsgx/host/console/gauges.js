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
        const now = points.at(-1);
        text(gauge.value, now === null || now === undefined ? "none" : gauge.show(now));
        gauge.value.parentElement.classList.toggle("alarm", Boolean(gauge.alarm?.(now ?? 0)));
        if (gauge.id === "epc" && epc) {
          text(gauge.note, ` of ${size(epc.pages * PAGE)}`);
        } else if (gauge.second) {
          const high = upper.at(-1);
          text(gauge.note, high === null || high === undefined ? "" : ` p99 ${gauge.show(high)}`);
        }
      }
      byId("gauges").removeAttribute("aria-busy");
    },
  };
}

function draw(gauge, points, upper) {
  const known = [...points, ...upper].filter((point) => point !== null && point !== undefined);
  const top = Math.max(gauge.most ?? 0, ...known, 1e-9);
  const at = (point, index, all) =>
    `${((index * WIDTH) / Math.max(all.length - 1, 1)).toFixed(1)} ${(HEIGHT - 2 - (point / top) * (HEIGHT - 5)).toFixed(1)}`;
  const line = (all, name) => {
    // A gap where there is no figure: nothing was launched then, or the daemon was not there.
    let path = "";
    let drawing = false;
    all.forEach((point, index) => {
      const there = point !== null && point !== undefined;
      if (there) {
        path += `${drawing ? "L" : "M"}${at(point, index, all)}`;
        if (!drawing && all[index + 1] === undefined) {
          path += "h1";
        }
      }
      drawing = there;
    });
    return svg("path", { d: path, class: name });
  };
  const parts = [line(points, "line")];
  if (upper.length > 0) {
    parts.push(line(upper, "line upper"));
  }
  gauge.chart.replaceChildren(...parts);
  const figures = points.filter((point) => point !== null && point !== undefined);
  gauge.chart.setAttribute(
    "aria-label",
    figures.length === 0
      ? `${gauge.name}: no figures yet`
      : `${gauge.name}, last ten minutes: now ${gauge.show(figures.at(-1))}, lowest ${gauge.show(Math.min(...figures))}, highest ${gauge.show(Math.max(...figures))}`,
  );
}
