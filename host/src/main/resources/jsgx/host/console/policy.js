// The policy in force, what its rules decided, and an editor that checks before anything is put in force.

import { get, post, put } from "./api.js";
import { commandIn } from "./command.js";
import { byId, confirmed, el, text } from "./dom.js";
import { clock, count } from "./format.js";

const ROWS = 200;

/** The panel; returns {load(), seen(launches)}. */
export function policy() {
  const editor = byId("policy-text");
  const lines = byId("policy-lines");
  const result = byId("policy-result");
  const revert = byId("policy-revert");
  const decisions = new Map();
  const cells = new Map();
  const since = new Date();
  const shown = commandIn(byId("policy-command"), "jsgx policy check policy.yaml");
  let inForce = null;

  const changed = () => inForce !== null && editor.value !== (inForce.text ?? "");
  const number = () => {
    const all = editor.value.split("\n").length;
    text(lines, Array.from({ length: all }, (_, i) => i + 1).join("\n"));
    lines.scrollTop = editor.scrollTop;
    revert.disabled = !changed();
  };
  const where = () => {
    const before = editor.value.slice(0, editor.selectionStart).split("\n");
    text(byId("policy-at"), `line ${before.length}, column ${before.at(-1).length + 1}${changed() ? ", not in force" : ""}`);
  };
  editor.addEventListener("input", number);
  editor.addEventListener("scroll", () => (lines.scrollTop = editor.scrollTop));
  for (const event of ["input", "keyup", "click", "focus"]) {
    editor.addEventListener(event, where);
  }
  revert.addEventListener("click", () => {
    editor.value = inForce.text ?? "";
    result.replaceChildren();
    number();
    where();
    editor.focus();
  });

  const goTo = (line, column) => {
    const all = editor.value.split("\n");
    const at = all.slice(0, Math.max(line - 1, 0)).reduce((sum, each) => sum + each.length + 1, 0);
    const start = Math.min(at + Math.max(column - 1, 0), editor.value.length);
    editor.focus();
    editor.setSelectionRange(start, column > 0 ? Math.min(start + 1, editor.value.length) : at + (all[line - 1] ?? "").length);
    editor.scrollTop = Math.max(line - 4, 0) * parseFloat(getComputedStyle(editor).lineHeight);
    where();
  };
  const problems = (errors, headline) => {
    result.replaceChildren(
      el("p", { class: "verdict-line bad" }, headline),
      el(
        "ol",
        { class: "problems" },
        ...errors.map((error) =>
          el(
            "li",
            {},
            el(
              "button",
              { type: "button", class: "link", onclick: () => goTo(error.line, error.column) },
              error.line > 0 ? `${error.file}:${error.line}${error.column > 0 ? `:${error.column}` : ""}` : error.file,
            ),
            ` ${error.message}`,
            error.snippet ? el("pre", {}, error.snippet) : null,
          ),
        ),
      ),
    );
  };
  const failed = (e) => {
    if (e.body?.errors?.length > 0) {
      problems(e.body.errors, `not valid: ${count(e.body.errors.length, "error")}; the policy in force stays`);
    } else {
      result.replaceChildren(el("p", { class: "verdict-line bad" }, `${e.message}${e.body?.advice ? `: ${e.body.advice}` : ""}`));
    }
  };
  const summary = (found) =>
    `${count(found.counts.rules, "rule")} (${found.counts.allow} allow, ${found.counts.warn} warn, ${found.counts.deny} deny), default ${found.default}, mode ${found.mode}`;

  const check = async () => {
    shown.set("jsgx policy check policy.yaml");
    const found = await post("/v1/policy/check", { text: editor.value });
    if (found.valid) {
      result.replaceChildren(el("p", { class: "verdict-line good" }, `valid: ${summary(found)}`));
    } else {
      problems(found.errors, `not valid: ${count(found.errors.length, "error")}`);
    }
    return found;
  };
  byId("policy-form").addEventListener("submit", (event) => {
    event.preventDefault();
    check().catch(failed);
  });
  byId("policy-put").addEventListener("click", async () => {
    try {
      const found = await check();
      const acceptRollback = byId("policy-rollback").checked;
      shown.set(`jsgx policy reload policy.yaml${acceptRollback ? " --accept-rollback" : ""}`);
      if (!found.valid) {
        return;
      }
      const said = el(
        "div",
        {},
        el("p", {}, `From now on: ${summary(found)}.`),
        el("p", {}, inForce?.state === "in-force" ? `Now in force: revision ${inForce.revision}, ${summary(inForce)}.` : `Now: ${stateWords(inForce)}.`),
        el("p", {}, "What launches after that is judged by the new policy; what runs, runs on."),
      );
      if (await confirmed("Put this policy in force", said, "Put it in force")) {
        const installed = await put("/v1/policy", { text: editor.value, acceptRollback });
        result.replaceChildren(el("p", { class: "verdict-line good" }, `in force: revision ${installed.revision}, ${summary(installed)}`));
        await load(true);
      }
    } catch (e) {
      failed(e);
    }
  });

  const fill = () => {
    cells.clear();
    const rules = inForce.rules.slice(0, ROWS);
    byId("rules").replaceChildren(
      ...[...rules, ...(inForce.default ? [{ rule: "default", effect: inForce.default, where: "where no rule matches" }] : [])].map((rule) => {
        const row = { launched: el("td", { class: "number" }), refused: el("td", { class: "number" }), last: el("td") };
        cells.set(rule.rule, row);
        return el(
          "tr",
          {},
          el("td", {}, el("span", { class: `effect ${rule.effect}` }, rule.effect)),
          el("th", { scope: "row" }, rule.rule),
          el("td", {}, rule.where),
          row.launched,
          row.refused,
          row.last,
        );
      }),
    );
    text(
      byId("rules-note"),
      `${inForce.rules.length > ROWS ? `The first ${ROWS} of ${inForce.rules.length} rules. ` : ""}Decisions are those since ${clock(since.toISOString())}, when this page was opened, and the last ones before.`,
    );
    tally();
  };
  const tally = () => {
    for (const [rule, row] of cells) {
      const decided = decisions.get(rule);
      text(row.launched, String(decided?.launched ?? 0));
      text(row.refused, String(decided?.refused ?? 0));
      text(row.last, decided ? clock(decided.last) : "");
    }
  };

  const load = async (replace = false) => {
    const untouched = inForce === null || !changed();
    inForce = await get("/v1/policy");
    text(
      byId("policy-sum"),
      inForce.state === "none"
        ? "none: everything may launch"
        : `revision ${inForce.revision}${inForce.sequence > 0 ? `, sequence ${inForce.sequence}` : ""}${inForce.signed ? ", signed" : ""}${inForce.mode ? `, mode ${inForce.mode}` : ""}, ${inForce.file}`,
    );
    text(byId("policy-state"), inForce.state === "unusable" ? `Nothing launches: ${inForce.reason}` : "");
    if (untouched || replace) {
      if (editor.value !== (inForce.text ?? "")) {
        editor.value = inForce.text ?? "";
      }
    } else {
      result.replaceChildren(el("p", { class: "verdict-line" }, "another policy is in force now: Revert shows it, and drops what you wrote"));
    }
    number();
    where();
    fill();
  };

  return {
    load,
    seen(launches) {
      for (const launch of launches) {
        if (launch.rule) {
          const decided = decisions.get(launch.rule) ?? { launched: 0, refused: 0, last: "" };
          decided[launch.verdict === "refused" ? "refused" : "launched"]++;
          decided.last = launch.time > decided.last ? launch.time : decided.last;
          decisions.set(launch.rule, decided);
        }
      }
      tally();
    },
  };
}

const stateWords = (found) =>
  found?.state === "unusable" ? "the policy cannot be used, and nothing launches" : "no policy, and everything may launch";
