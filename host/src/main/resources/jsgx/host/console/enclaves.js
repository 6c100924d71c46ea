// The enclaves as blocks: as large as their EPC pages, coloured by workload, hatched where pages are reclaimed.

import { command, commandIn } from "./command.js";
import { byId, eachFrame, el, facts, hash, text } from "./dom.js";
import { clock, count, size } from "./format.js";
import { markOf, stack, swatch, workloadLabel } from "./palette.js";
import { squarify } from "./squarify.js";

const PAGE = 4096;
const ROWS = 200;

/** Draws them; `revoke(hash)` and `search(query)` are what the buttons of a chosen enclave do. Returns {update(enclaves, epc)}. */
export function enclaves({ revoke, search }) {
  const map = byId("map");
  const canvas = byId("map-canvas");
  const option = byId("map-option");
  const table = byId("enclave-table");
  let items = [];
  let blocks = [];
  let chosen = null;
  commandIn(byId("enclaves-command"), "jsgx host enclaves");

  const draw = eachFrame(() => {
    const width = map.clientWidth;
    const height = map.clientHeight;
    if (width === 0 || height === 0) {
      return;
    }
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    blocks = lay(items, width, height);
    const patterns = new Map();
    for (const block of blocks) {
      paint(pen, block, patterns);
    }
    const marked = blocks.find((block) => block.enclave.id === chosen);
    if (marked) {
      outline(pen, marked);
    }
  });
  new ResizeObserver(draw).observe(map);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

  const choose = (id) => {
    chosen = id;
    const index = items.findIndex((enclave) => enclave.id === id);
    const enclave = items[index];
    option.setAttribute("aria-posinset", String(index + 1));
    option.setAttribute("aria-setsize", String(items.length));
    text(option, enclave ? inWords(enclave) : "none is chosen");
    show(enclave);
    draw();
  };

  const show = (enclave) => {
    const place = byId("enclave");
    if (!enclave) {
      place.replaceChildren();
      return;
    }
    place.replaceChildren(
      facts([
        ["workload", workloadLabel(enclave.workload)],
        ["MRENCLAVE", hash(enclave.mrenclave)],
        ["MRSIGNER", hash(enclave.mrsigner)],
        ["product, SVN", enclave.product === null ? "" : `${enclave.product}, ${enclave.svn}`],
        ["process", enclave.pid],
        ["interface", enclave.interface],
        ["size", size(enclave.size)],
        ["pages", pagesOf(enclave)],
        ["since", enclave.initialized ? clock(enclave.since) : "not initialised"],
      ]),
      enclave.mrenclave
        ? el(
            "p",
            { class: "buttons" },
            el("button", { type: "button", onclick: () => search({ mrenclave: enclave.mrenclave }) }, "Its audit trail"),
            el("button", { type: "button", onclick: () => revoke("enclave", enclave.mrenclave) }, "Revoke it…"),
            el("button", { type: "button", onclick: () => revoke("signer", enclave.mrsigner) }, "Revoke its signer…"),
          )
        : "",
      enclave.mrenclave ? command(`jsgx audit query --enclave ${enclave.mrenclave}`).element : "",
    );
  };

  map.addEventListener("click", (event) => {
    const block = blocks.find(
      ({ x, y, width, height }) => event.offsetX >= x && event.offsetX < x + width && event.offsetY >= y && event.offsetY < y + height,
    );
    if (block) {
      choose(block.enclave.id);
    }
  });
  map.addEventListener("keydown", (event) => {
    const index = items.findIndex((enclave) => enclave.id === chosen);
    const next = {
      ArrowRight: index + 1,
      ArrowDown: index + 1,
      ArrowLeft: index - 1,
      ArrowUp: index - 1,
      Home: 0,
      End: items.length - 1,
      Enter: Math.max(index, 0),
      " ": Math.max(index, 0),
    }[event.key];
    if (next !== undefined && items.length > 0) {
      event.preventDefault();
      choose(items[Math.min(Math.max(next, 0), items.length - 1)].id);
    }
  });
  map.addEventListener("focus", () => {
    if (chosen === null && items.length > 0) {
      choose(items[0].id);
    }
  });
  table.addEventListener("toggle", () => fill());

  const fill = () => {
    if (!table.open) {
      return;
    }
    const rows = items.slice(0, ROWS).map((enclave) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, workloadLabel(enclave.workload)),
        el("td", {}, hash(enclave.mrenclave)),
        el("td", { class: "number" }, String(enclave.pid ?? "")),
        el("td", {}, enclave.interface),
        el("td", { class: "number" }, String(enclave.residentPages)),
        el("td", { class: "number" }, String(enclave.reclaimedPages)),
        el("td", {}, enclave.initialized ? clock(enclave.since) : "not initialised"),
      ),
    );
    const heads = ["workload", "MRENCLAVE", "process", "interface", "pages in the EPC", "reclaimed", "since"];
    table
      .querySelector(".scroll")
      .replaceChildren(
        el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))), el("tbody", {}, ...rows)),
        items.length > ROWS ? el("p", { class: "help" }, `the ${ROWS} largest of ${items.length}`) : "",
      );
  };

  return {
    update(all, epc) {
      // By workload, then the largest first: blocks of one workload lie together, and keep their place while nothing changes.
      items = [...all].sort(
        (a, b) => a.workload.localeCompare(b.workload) || pages(b) - pages(a) || a.id - b.id,
      );
      map.hidden = items.length === 0;
      byId("map-empty").hidden = items.length > 0;
      const used = epc.pages - epc.free;
      text(
        byId("enclaves-sum"),
        `${count(items.length, "enclave")}, ${size(used * PAGE)} of ${size(epc.pages * PAGE)} EPC in use, ${count(epc.reclaimed, "page")} reclaimed`,
      );
      const parts = epc.workloads.map(({ workload, pages: value }) => ({ workload, value, title: `${workload}: ${size(value * PAGE)}` }));
      stack(byId("epc-bar"), parts, epc.pages, `EPC: ${parts.map((part) => part.title).join(", ") || "unused"}; ${size(epc.free * PAGE)} free`);
      const names = [...new Set(items.map((enclave) => enclave.workload))];
      const legend = byId("legend");
      const key = names.join("\n");
      if (legend.dataset.key !== key) {
        legend.dataset.key = key;
        legend.replaceChildren(
          ...names.map((name) => el("li", {}, workloadLabel(name))),
          names.length > 0 ? el("li", {}, el("span", { class: "swatch hatched", "aria-hidden": "true" }), " reclaimed") : "",
        );
      }
      if (chosen !== null) {
        const still = items.find((enclave) => enclave.id === chosen);
        if (still) {
          text(option, inWords(still));
        } else {
          choose(null);
        }
      }
      fill();
      draw();
    },
  };
}

const nameOf = (enclave) => enclave.mrenclave.slice(0, 8) || (enclave.initialized ? enclave.workload : "building");

const pages = (enclave) => enclave.residentPages + enclave.reclaimedPages;

const pagesOf = (enclave) =>
  `${enclave.residentPages} in the EPC${enclave.reclaimedPages > 0 ? `, ${enclave.reclaimedPages} reclaimed` : ""}`;

const inWords = (enclave) =>
  `${enclave.workload}, ${nameOf(enclave)}, ${pagesOf(enclave)}, process ${enclave.pid ?? "unknown"}`;

function lay(items, width, height) {
  const groups = new Map();
  for (const enclave of items) {
    const group = groups.get(enclave.workload) ?? [];
    group.push(enclave);
    groups.set(enclave.workload, group);
  }
  const weigh = (list) => list.reduce((sum, enclave) => sum + Math.max(pages(enclave), 1), 0);
  const areas = squarify(
    [...groups.values()].map((list) => ({ list, weight: weigh(list) })).sort((a, b) => b.weight - a.weight),
    { x: 0, y: 0, width, height },
  );
  return areas.flatMap(({ item, ...area }) =>
    squarify(
      item.list.map((enclave) => ({ enclave, weight: Math.max(pages(enclave), 1) })),
      { x: area.x + 1, y: area.y + 1, width: Math.max(area.width - 2, 0), height: Math.max(area.height - 2, 0) },
    ).map(({ item: { enclave }, ...block }) => ({ enclave, ...block })),
  );
}

function paint(pen, { enclave, x, y, width, height }, patterns) {
  const mark = markOf(enclave.workload);
  const gap = width > 6 && height > 6 ? 1 : 0.25;
  const w = Math.max(width - gap, 0.5);
  const h = Math.max(height - gap, 0.5);
  pen.fillStyle = mark.fill;
  pen.fillRect(x, y, w, h);
  if (mark.pattern > 0 && w > 6 && h > 6) {
    pen.fillStyle = patternOf(pen, `workload ${mark.pattern} ${mark.ink}`, patterns);
    pen.fillRect(x, y, w, h);
  }
  const out = pages(enclave) === 0 ? 0 : enclave.reclaimedPages / pages(enclave);
  if (out > 0) {
    pen.fillStyle = "rgb(255 255 255 / 45%)";
    pen.fillRect(x, y + h * (1 - out), w, h * out);
    pen.fillStyle = patternOf(pen, "hatch", patterns);
    pen.fillRect(x, y + h * (1 - out), w, h * out);
  }
  if (w > 14 && h > 14) {
    pen.fillStyle = mark.ink;
    pen.font = "600 11px system-ui, sans-serif";
    pen.textBaseline = "top";
    pen.fillText(mark.letter, x + 3, y + 3, w - 5);
    if (w > 76 && h > 30) {
      pen.font = "11px ui-monospace, monospace";
      pen.fillText(nameOf(enclave), x + 3, y + 16, w - 5);
      if (h > 46) {
        pen.fillText(`${pages(enclave)} pages`, x + 3, y + 29, w - 5);
      }
    }
  }
}

function outline(pen, { x, y, width, height }) {
  pen.lineWidth = 4;
  pen.strokeStyle = "#fff";
  pen.strokeRect(x + 2, y + 2, Math.max(width - 4, 2), Math.max(height - 4, 2));
  pen.lineWidth = 2;
  pen.strokeStyle = "#000";
  pen.strokeRect(x + 2, y + 2, Math.max(width - 4, 2), Math.max(height - 4, 2));
}

function patternOf(pen, name, patterns) {
  let pattern = patterns.get(name);
  if (!pattern) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const brush = tile.getContext("2d");
    brush.strokeStyle = brush.fillStyle = name === "hatch" ? "rgb(0 0 0 / 70%)" : name.endsWith("#fff") ? "rgb(255 255 255 / 45%)" : "rgb(0 0 0 / 40%)";
    brush.lineWidth = 1.5;
    brush.beginPath();
    if (name === "hatch") {
      for (const [a, b] of [[-2, 2], [0, 8], [6, 10]]) {
        brush.moveTo(a, b === 8 ? 8 : b === 2 ? 2 : 10);
        brush.lineTo(a === 0 ? 8 : a === -2 ? 2 : 10, a === 0 ? 0 : a === -2 ? -2 : 6);
      }
      brush.stroke();
    } else if (name.startsWith("workload 1")) {
      brush.arc(4, 4, 1.5, 0, 7);
      brush.fill();
    } else if (name.startsWith("workload 2")) {
      brush.moveTo(0, 4);
      brush.lineTo(8, 4);
      brush.stroke();
    } else {
      brush.moveTo(4, 0);
      brush.lineTo(4, 8);
      brush.stroke();
    }
    pattern = pen.createPattern(tile, "repeat");
    patterns.set(name, pattern);
  }
  return pattern;
}
