// The kernel's token cache: its limit, its workloads' shares, and their floors and ceilings as handles.

import { patch, post } from "./api.js";
import { commandIn } from "./command.js";
import { byId, confirmed, el, text } from "./dom.js";
import { count, parseSize, percent, shell, size, sizeWord } from "./format.js";
import { stack, workloadLabel } from "./palette.js";
import { slider } from "./slider.js";

const PAGE = 4096;
// The limit's slider: four steps to each doubling, from 4 KiB to 1 GiB.
const LEAST = 4096;
const STEPS = 72;
const whole = (bytes) => Math.round(bytes / LEAST) * LEAST;
const bytesAt = (step) => whole(LEAST * 2 ** (step / 4));
const stepOf = (bytes) => Math.min(Math.max(Math.round(4 * Math.log2(Math.max(bytes, 1) / LEAST)), 0), STEPS);

/** The panel; returns {update(cache, epc)}. */
export function cache() {
  const error = byId("cache-error");
  const exact = byId("cache-exact");
  const shown = commandIn(byId("cache-command"), "jsgx host cache");
  const rows = new Map();
  let last = null;

  const change = async (body, words) => {
    shown.set(`jsgx host cache ${words}`);
    error.textContent = "";
    const answer = await patch("/v1/cache", body);
    update(answer, null);
  };
  const tried = async (body, words, back) => {
    try {
      await change(body, words);
    } catch (e) {
      back();
      error.textContent = `${e.message}${e.body?.advice ? `: ${e.body.advice}` : ""}`;
    }
  };

  const limit = slider({
    label: "limit of the cache",
    visible: true,
    max: STEPS,
    toValue: bytesAt,
    toPosition: (bytes) => stepOf(bytes ?? bytesAt(STEPS)),
    show: size,
    send: (bytes) => change({ maxBytes: bytes }, `--max-bytes ${sizeWord(bytes)}`),
    moved: (bytes, byHand) => {
      if (bytes !== null && document.activeElement !== exact) {
        exact.value = sizeWord(bytes);
      }
      if (byHand) {
        shown.set(`jsgx host cache --max-bytes ${sizeWord(bytes)}`);
      }
    },
  });
  byId("cache-limit").append(limit.element);
  exact.addEventListener("change", () => {
    const bytes = parseSize(exact.value);
    if (Number.isNaN(bytes)) {
      error.textContent = `"${exact.value}" is no size: expected one such as 64KiB, 1MiB or 4096`;
      exact.value = last?.maxBytes === null ? "" : sizeWord(last.maxBytes);
      return;
    }
    tried({ maxBytes: bytes }, `--max-bytes ${sizeWord(bytes)}`, () => (exact.value = sizeWord(last.maxBytes ?? 0)));
  });
  for (const name of ["placement", "scheme"]) {
    const select = byId(`cache-${name}`);
    select.addEventListener("change", () =>
      tried({ [name]: select.value }, `--${name} ${select.value}`, () => (select.value = last[name])),
    );
  }
  byId("cache-flush").addEventListener("click", async () => {
    const said = el("p", {}, `All ${count(last?.entries ?? 0, "token")} of the kernel's cache are dropped; the launch enclave is asked again for each launch.`);
    if (await confirmed("Flush the cache", said, "Flush it")) {
      shown.set("jsgx host cache --flush");
      try {
        const { dropped } = await post("/v1/cache/flush");
        text(byId("cache-sum"), `${count(dropped, "token")} dropped`);
      } catch (e) {
        error.textContent = e.message;
      }
    }
  });

  const rowOf = (name) => {
    const cells = {
      epc: el("td", { class: "number" }),
      bytes: el("td", { class: "number" }),
      entries: el("td", { class: "number" }),
      hits: el("td", { class: "number" }),
      evictions: el("td", { class: "number" }),
      limits: el("td"),
    };
    const send = (word) => async (bytes) => {
      const all = word === "ceiling" && bytes === null;
      shown.set(`jsgx host cache --workload ${shell(name)} --${word} ${all ? "none" : sizeWord(bytes)}`);
      update(await patch(`/v1/cache/workloads/${encodeURIComponent(name)}`, { [word]: bytes }), null);
    };
    const top = () => last?.maxBytes ?? Math.max(2 * (last?.bytes ?? 0), 1 << 20);
    const floor = slider({ label: `floor of ${name}`, max: 1, step: "any", toValue: whole, show: size, send: send("floor") });
    const ceiling = slider({
      label: `ceiling of ${name}`,
      max: 1,
      step: "any",
      // At the right end there is none but the cache's own limit.
      toValue: (at) => (at >= top() ? null : whole(at)),
      toPosition: (bytes) => bytes ?? top(),
      show: size,
      send: send("ceiling"),
    });
    const element = el(
      "tr",
      {},
      el("th", { scope: "row" }, workloadLabel(name)),
      cells.epc,
      cells.bytes,
      cells.entries,
      cells.hits,
      cells.evictions,
      el("td", {}, floor.element),
      el("td", {}, ceiling.element),
      cells.limits,
    );
    return { element, cells, floor, ceiling, top };
  };

  const update = (now, epc) => {
    last = now;
    byId("cache").removeAttribute("aria-busy");
    limit.set(now.maxBytes);
    for (const name of ["placement", "scheme"]) {
      const select = byId(`cache-${name}`);
      if (document.activeElement !== select) {
        select.value = now[name];
      }
    }
    const asked = now.statistics.hits + now.statistics.misses;
    text(
      byId("cache-sum"),
      `${count(now.entries, "token")}, ${size(now.bytes)} of ${size(now.maxBytes)}; ${asked === 0 ? "not asked yet" : `${percent(now.statistics.hits / asked)} hits since the start`}${now.placement === "none" || now.placement === "user" ? "; off while the placement is " + now.placement : ""}`,
    );
    const parts = now.workloads.map(({ workload, bytes: value }) => ({ workload, value, title: `${workload}: ${size(value)}` }));
    stack(byId("cache-share"), parts, now.maxBytes ?? now.bytes, `Cache: ${parts.map((part) => part.title).join(", ") || "empty"}`);
    const pages = new Map((epc?.workloads ?? []).map((entry) => [entry.workload, entry]));
    const names = [...new Set([...now.workloads.map((entry) => entry.workload), ...pages.keys(), ...(epc ? [] : rows.keys())])].sort();
    const known = new Map(now.workloads.map((entry) => [entry.workload, entry]));
    const body = byId("workloads");
    names.forEach((name, index) => {
      let row = rows.get(name);
      if (!row) {
        row = rowOf(name);
        rows.set(name, row);
        body.insertBefore(row.element, body.children[index] ?? null);
      }
      const entry = known.get(name) ?? { bytes: 0, entries: 0, hits: 0, misses: 0, evictions: 0, floor: 0, ceiling: now.defaultCeiling, limits: "default" };
      if (epc) {
        const held = pages.get(name);
        text(row.cells.epc, held ? `${size(held.pages * PAGE)}${held.quota === null ? "" : ` of ${size(held.quota * PAGE)}`}` : "none");
      }
      text(row.cells.bytes, `${size(entry.bytes)} ${now.bytes > 0 ? `(${percent(entry.bytes / now.bytes)})` : ""}`);
      text(row.cells.entries, String(entry.entries));
      const lookups = entry.hits + entry.misses;
      text(row.cells.hits, lookups === 0 ? "" : percent(entry.hits / lookups));
      text(row.cells.evictions, String(entry.evictions));
      text(row.cells.limits, entry.limits);
      row.floor.set(entry.floor, row.top());
      row.ceiling.set(entry.ceiling, row.top());
    });
    for (const [name, row] of rows) {
      if (!names.includes(name)) {
        row.element.remove();
        rows.delete(name);
      }
    }
    byId("workloads-empty").hidden = names.length > 0;
    const offered = byId("workload-names");
    if (offered.dataset.key !== names.join("\n")) {
      offered.dataset.key = names.join("\n");
      offered.replaceChildren(...names.map((name) => el("option", { value: name })));
    }
  };
  return { update };
}
