// The audit trail: a search, its pages, and its end as it grows.

import { get, listen } from "./api.js";
import { commandIn } from "./command.js";
import { byId, eachFrame, el, hash, text } from "./dom.js";
import { clock, count, shell } from "./format.js";
import { workloadLabel } from "./palette.js";

const LIMIT = 50;
const LIVE_MOST = 200;
const OPTIONS = {
  since: "--since",
  until: "--until",
  kind: "--kind",
  verdict: "--verdict",
  workload: "--workload",
  code: "--code",
  mrenclave: "--enclave",
  mrsigner: "--signer",
  rule: "--rule",
  id: "--id",
};

/** The panel; returns {find(query)}, which searches for that and nothing else, and load(). */
export function audit() {
  const form = byId("audit-form");
  const rows = byId("audit-rows");
  const error = byId("audit-error");
  const older = byId("audit-older");
  const newest = byId("audit-newest");
  const live = byId("audit-live");
  const shown = commandIn(byId("audit-command"), "jsgx audit query");
  let asked = {};
  let last = null;
  let stop = null;

  const query = () => {
    const entries = [...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== "");
    return Object.fromEntries(
      entries.map(([name, value]) => [name, name === "since" || name === "until" ? new Date(value).toISOString() : value]),
    );
  };
  const search = async (before = null) => {
    error.textContent = "";
    if (before === null) {
      asked = query();
      shown.set(commandOf(asked));
    }
    try {
      const page = await get("/v1/audit", { ...asked, limit: LIMIT, before });
      rows.replaceChildren(...page.items.map(rowOf));
      byId("audit-empty").hidden = page.items.length > 0;
      last = page.items.at(-1)?.number ?? null;
      older.disabled = !page.more;
      newest.disabled = before === null;
      text(
        byId("audit-page"),
        page.items.length === 0 ? "" : `${count(page.items.length, "entry", "entries")}, ${last} to ${page.items[0].number}${page.more ? "; there are older ones" : ""}`,
      );
    } catch (e) {
      error.textContent = `${e.message}${e.body?.advice ? `: ${e.body.advice}` : ""}`;
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  form.addEventListener("reset", () => setTimeout(() => search()));
  older.addEventListener("click", () => search(last));
  newest.addEventListener("click", () => search());

  let arrived = [];
  const draw = eachFrame(() => {
    const fresh = arrived.slice(-LIVE_MOST).filter((entry) => agrees(entry, asked));
    arrived = [];
    rows.prepend(...fresh.reverse().map(rowOf));
    while (rows.children.length > LIVE_MOST) {
      rows.lastElementChild.remove();
    }
    byId("audit-empty").hidden = rows.children.length > 0;
  });
  live.addEventListener("change", async () => {
    stop?.();
    stop = null;
    if (live.checked) {
      shown.set("jsgx audit tail --follow");
      stop = listen(
        "/v1/audit/stream",
        {
          audit: (entry) => {
            arrived.push(entry);
            draw();
          },
        },
        () => search(),
      );
    }
  });
  byId("audit-verify").addEventListener("click", async () => {
    const said = byId("audit-verified");
    text(said, "verifying");
    shown.set("jsgx audit verify");
    try {
      const found = await get("/v1/audit/verify");
      text(
        said,
        found.valid
          ? `the trail is what was recorded: ${count(found.entries, "entry", "entries")}, ${count(found.checkpoints, "checkpoint")}; anchor ${found.anchor.slice(0, 24)}…`
          : `changed at entry ${found.entry}: ${found.meaning}; expected ${found.expected}, found ${found.found}`,
      );
      said.classList.toggle("bad", !found.valid);
    } catch (e) {
      text(said, e.message);
    }
  });

  return {
    load: () => search(),
    find(wanted) {
      form.reset();
      for (const [name, value] of Object.entries(wanted)) {
        form.elements.namedItem(name).value = value;
      }
      byId("audit").scrollIntoView();
      byId("audit").focus();
    },
  };
}

function commandOf({ text: words, ...asked }) {
  const options = Object.entries(asked).map(([name, value]) => ` ${OPTIONS[name]} ${shell(value)}`);
  return `jsgx audit query${options.join("")}${words ? ` | grep -iF -e ${shell(words)}` : ""}`;
}

// The stream has everything: the search's fields that can be looked at here are.
function agrees(entry, asked) {
  const begins = (field) => asked[field] === undefined || entry[field].startsWith(asked[field].toLowerCase());
  const same = (field) => asked[field] === undefined || entry[field] === asked[field];
  const within = asked.text === undefined || [entry.reason, entry.rule, entry.workload].some((field) => field.toLowerCase().includes(asked.text.toLowerCase()));
  return (
    begins("mrenclave") &&
    begins("mrsigner") &&
    ["kind", "verdict", "workload", "code", "rule", "id"].every(same) &&
    within &&
    (asked.until === undefined || entry.time <= asked.until)
  );
}

function rowOf(entry) {
  const bad = entry.verdict === "refused" || entry.verdict === "refuse";
  return el(
    "tr",
    { class: bad ? "refused" : null },
    el("th", { scope: "row", class: "number" }, String(entry.number)),
    el("td", {}, el("time", { datetime: entry.time, title: entry.time }, clock(entry.time))),
    el("td", {}, entry.kind),
    el("td", { class: "verdict" }, entry.verdict),
    el("td", {}, entry.workload ? workloadLabel(entry.workload) : ""),
    el("td", {}, entry.mrenclave ? hash(entry.mrenclave) : ""),
    el("td", {}, entry.rule),
    el("td", { class: "wide" }, entry.code ? el("b", {}, entry.code) : "", entry.code && entry.reason ? " " : "", entry.reason),
  );
}
