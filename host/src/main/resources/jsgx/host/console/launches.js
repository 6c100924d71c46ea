// Launches as they end, newest first, each refusal with its reason in sight and its explanation beneath.

import { command, commandIn } from "./command.js";
import { byId, eachFrame, el, facts, hash, text } from "./dom.js";
import { clock, count, micros } from "./format.js";
import { workloadLabel } from "./palette.js";

const KEPT = 1000;
const SHOWN = 100;
const SAID_EACH = 5_000;
const MARKS = { launched: "✓", issued: "✓", refused: "✗" };

/** The list; `revoke(kind, hash)` and `search(query)` are what the buttons of an open launch do. Returns {add(launches)}. */
export function launches({ revoke, search }) {
  const list = byId("launches-list");
  const refusedOnly = byId("launches-refused");
  const words = byId("launches-text");
  const hold = byId("launches-hold");
  const newer = byId("launches-newer");
  const rows = new Map();
  let all = [];
  let ids = new Set();
  let shown = [];
  const shownCommand = commandIn(byId("launches-command"), "jsgx host launches");

  const heldByHand = () => hold.getAttribute("aria-pressed") === "true";
  // What somebody reads stays where it is: while one is open or has the focus, new ones wait above.
  const held = () => heldByHand() || list.contains(document.activeElement) || list.querySelector("details[open]") !== null;

  const wanted = () => {
    const word = words.value.trim().toLowerCase();
    const found = [];
    for (const launch of all) {
      if ((!refusedOnly.checked || launch.verdict === "refused") && (word === "" || has(launch, word))) {
        found.push(launch);
        if (found.length === SHOWN) {
          break;
        }
      }
    }
    return found;
  };

  const put = (launchesToShow) => {
    shown = launchesToShow;
    let at = list.firstChild;
    const keep = new Set();
    for (const launch of shown) {
      keep.add(launch.id);
      let row = rows.get(launch.id);
      if (!row) {
        row = rowOf(launch, { revoke, search });
        rows.set(launch.id, row);
      }
      if (row === at) {
        at = at.nextSibling;
      } else {
        list.insertBefore(row, at);
      }
    }
    for (const [id, row] of rows) {
      if (!keep.has(id)) {
        row.remove();
        rows.delete(id);
      }
    }
    tabStop(list.querySelector("summary[tabindex='0']") ?? list.querySelector("summary"));
    byId("launches-empty").hidden = shown.length > 0;
    text(byId("launches-empty"), all.length > 0 ? "None of the launches here is one of those." : "Nothing was launched yet.");
  };

  const draw = eachFrame(() => {
    const next = wanted();
    if (held() && shown.length > 0) {
      const known = new Set(shown.map((launch) => launch.id));
      const waiting = next.filter((launch) => !known.has(launch.id)).length;
      newer.hidden = waiting === 0;
      text(newer, `Show ${waiting === SHOWN ? `more than ${SHOWN}` : waiting} newer`);
      return;
    }
    newer.hidden = true;
    put(next);
  });

  const show = () => {
    newer.hidden = true;
    put(wanted());
  };

  // One stop for Tab, arrows within: a hundred stops would keep a keyboard's user from the rest of the page.
  const tabStop = (summary) => {
    for (const other of list.querySelectorAll("summary[tabindex='0']")) {
      other.tabIndex = -1;
    }
    if (summary) {
      summary.tabIndex = 0;
    }
  };
  list.addEventListener("keydown", (event) => {
    const summaries = [...list.querySelectorAll("summary")];
    const index = summaries.indexOf(event.target);
    const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: summaries.length - 1 }[event.key];
    if (index >= 0 && next !== undefined) {
      event.preventDefault();
      const summary = summaries[Math.min(Math.max(next, 0), summaries.length - 1)];
      tabStop(summary);
      summary.focus();
    }
  });
  list.addEventListener("focusin", (event) => {
    if (event.target.localName === "summary") {
      tabStop(event.target);
    }
  });
  list.addEventListener("focusout", () => setTimeout(draw));
  list.addEventListener("toggle", draw, true);
  hold.addEventListener("click", () => {
    hold.setAttribute("aria-pressed", String(!heldByHand()));
    draw();
  });
  newer.addEventListener("click", () => {
    const first = list.querySelector("summary");
    show();
    (list.querySelector("summary") ?? first)?.focus();
  });
  refusedOnly.addEventListener("change", () => {
    shownCommand.set(refusedOnly.checked ? "jsgx audit query --verdict refused" : "jsgx host launches");
    show();
  });
  words.addEventListener("input", show);

  // Said aloud at most each few seconds, and as a sum: a storm of launches must not become a storm of speech.
  let ended = 0;
  let refusals = [];
  setInterval(() => {
    if (refusals.length > 0) {
      text(
        byId("launches-said"),
        `${count(ended, "launch", "launches")}, ${refusals.length} refused; the last: ${refusals.at(-1).workload}, ${refusals.at(-1).code}`,
      );
    }
    ended = 0;
    refusals = [];
  }, SAID_EACH);

  return {
    /** Takes launches, oldest first or newest first: they are put in the order of their times. */
    add(some, first = false) {
      const fresh = some.filter((launch) => !ids.has(launch.id));
      if (fresh.length === 0) {
        return;
      }
      if (!first) {
        ended += fresh.length;
        refusals.push(...fresh.filter((launch) => launch.verdict === "refused"));
      }
      if (!first) {
        // The stream has the oldest first, and many in one millisecond.
        fresh.reverse();
      }
      fresh.forEach((launch) => ids.add(launch.id));
      all = [...fresh, ...all].sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0));
      if (all.length > KEPT) {
        all.length = KEPT;
        ids = new Set(all.map((launch) => launch.id));
      }
      draw();
    },
  };
}

const has = (launch, word) =>
  [launch.workload, launch.mrenclave, launch.mrsigner, launch.code, launch.reason, launch.rule, launch.interface].some((field) =>
    String(field ?? "").toLowerCase().includes(word),
  );

/** The reason in one line; where the processor refused, the check that did not hold. */
function reasonOf(launch) {
  const { headline = "", facts: known = [] } = launch.explanation ?? {};
  const check = known.find(({ label }) => label === "which check");
  return launch.reason !== "" && launch.reason !== headline ? launch.reason : check ? `this does not hold: ${check.value}` : headline;
}

const valueOf = (value) => (/^[0-9a-f]{64}$/.test(value) ? el("span", { class: "hash whole" }, value) : value);

function rowOf(launch, actions) {
  const refused = launch.verdict === "refused";
  const body = el("div", { class: "explained" });
  const details = el(
    "details",
    {
      class: refused ? "refused" : launch.code === "POLICY_WARNED" ? "warned" : "launched",
      ontoggle: () => {
        // What is not open costs nothing.
        body.replaceChildren(...(details.open ? explained(launch, actions) : []));
      },
    },
    el(
      "summary",
      { tabindex: "-1" },
      el("span", { class: "verdict" }, el("span", { "aria-hidden": "true" }, `${MARKS[launch.verdict] ?? "·"} `), launch.verdict),
      el("time", { datetime: launch.time, title: launch.time }, clock(launch.time)),
      workloadLabel(launch.workload),
      launch.mrenclave ? el("span", { class: "hash" }, launch.mrenclave.slice(0, 8)) : el("span", { class: "none" }, "no MRENCLAVE"),
      el("span", { class: "interface" }, launch.interface),
      el("span", { class: "took" }, micros(launch.micros?.total)),
      refused || launch.reason
        ? el("span", { class: "why" }, refused ? el("b", {}, launch.code) : "", refused ? ` ${reasonOf(launch)}` : launch.reason)
        : null,
    ),
    body,
  );
  return el("li", {}, details);
}

function explained(launch, { revoke, search }) {
  const parts = [];
  if (launch.explanation) {
    parts.push(el("p", { class: "headline" }, launch.explanation.headline), facts(launch.explanation.facts.map(({ label, value }) => [label, valueOf(value)])));
  } else if (launch.reason) {
    parts.push(el("p", { class: "headline" }, `${launch.code} ${launch.reason}`));
  }
  const took = launch.micros ?? {};
  parts.push(
    facts([
      ["MRENCLAVE", launch.mrenclave ? el("span", { class: "hash whole" }, launch.mrenclave) : ""],
      ["MRSIGNER", launch.mrsigner ? el("span", { class: "hash whole" }, launch.mrsigner) : ""],
      ["product, SVN", launch.product === null || launch.product === undefined ? "" : `${launch.product}, ${launch.svn}`],
      ["process", launch.pid],
      ["decided by", [launch.stage, launch.rule ? `rule "${launch.rule}"` : "", `revision ${launch.revision}`].filter(Boolean).join(", ")],
      ["token", launch.tokenSource === "none" ? "" : launch.tokenSource],
      [
        "took",
        ["policy", "token", "audit", "einit", "total"]
          .filter((name) => took[name] !== undefined)
          .map((name) => `${name} ${micros(took[name])}`)
          .join(", "),
      ],
    ]),
    el(
      "p",
      { class: "buttons" },
      el("button", { type: "button", onclick: () => search({ id: launch.id }) }, "Its audit trail"),
      launch.mrenclave ? el("button", { type: "button", onclick: () => revoke("enclave", launch.mrenclave) }, "Revoke it…") : null,
      launch.mrsigner ? el("button", { type: "button", onclick: () => revoke("signer", launch.mrsigner) }, "Revoke its signer…") : null,
    ),
    command(`jsgx audit query --id ${launch.id}`).element,
  );
  return parts;
}
