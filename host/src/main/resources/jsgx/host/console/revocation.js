// Revocation: what it would meet, then a question, then the deed and its report.

import { get, post, remove } from "./api.js";
import { commandIn } from "./command.js";
import { byId, confirmed, el, facts, hash, text } from "./dom.js";
import { clock, count } from "./format.js";
import { workloadLabel } from "./palette.js";

const ROWS = 50;

/** The panel; returns {load(), prepare(kind, hash)}. */
export function revocation() {
  const kind = byId("revocation-kind");
  const hashField = byId("revocation-hash");
  const product = byId("revocation-product");
  const svn = byId("revocation-svn");
  const result = byId("revocation-result");
  const shown = commandIn(byId("revocation-command"), "jsgx policy revoke --list");

  const fields = () => {
    const of = kind.value;
    byId("revocation-hash-label").hidden = of === "leBelowSvn";
    byId("revocation-product-label").hidden = of !== "product";
    byId("revocation-svn-label").hidden = of !== "product" && of !== "leBelowSvn";
    text(byId("revocation-hash-name"), of === "enclave" ? "MRENCLAVE" : of === "launchEnclave" ? "the launch enclave's MRSIGNER" : "MRSIGNER");
    // What was previewed is no longer what is asked.
    result.replaceChildren();
  };
  kind.addEventListener("change", fields);
  byId("revocation-form").addEventListener("input", () => {
    result.replaceChildren();
    if (hashField.value || kind.value === "leBelowSvn") {
      shown.set(commandOf(body()));
    }
  });
  fields();

  const body = () => {
    const whole = hashField.value.trim().toLowerCase();
    return {
      enclave: { enclave: whole },
      signer: { signer: whole },
      product: { signer: whole, product: Number(product.value), belowSvn: Number(svn.value) },
      launchEnclave: { launchEnclave: whole },
      leBelowSvn: { leBelowSvn: Number(svn.value) },
    }[kind.value];
  };
  const wrong = (e) =>
    result.replaceChildren(el("p", { class: "verdict-line bad" }, `${e.message}${e.body?.advice ? `: ${e.body.advice}` : ""}`));

  const preview = async () => {
    if (kind.value !== "leBelowSvn" && !/^[0-9a-f]{64}$/.test(hashField.value.trim().toLowerCase())) {
      throw new Error(`"${hashField.value}" is no hash: expected 64 hexadecimal digits`);
    }
    const asked = body();
    shown.set(commandOf(asked));
    const found = await post("/v1/revocations/preview", asked);
    result.replaceChildren(
      el("p", { class: "verdict-line" }, found.revoked ? "this is revoked already" : "a revocation would meet"),
      met(found.running, found.tokens, "would be removed"),
      el(
        "p",
        { class: "buttons" },
        el("button", { type: "button", class: "danger", disabled: found.revoked, onclick: () => revoke(asked).catch(wrong) }, "Revoke…"),
      ),
    );
  };

  const revoke = async (asked) => {
    // Looked at anew: what was previewed may have changed meanwhile.
    const found = await post("/v1/revocations/preview", asked);
    const said = el(
      "div",
      {},
      el("p", { class: "hash whole" }, found.what),
      met(found.running, found.tokens, "are removed"),
      el("p", {}, "It launches no more, whatever tokens exist. What runs already runs on until it is ended."),
    );
    if (!(await confirmed("Revoke", said, "Revoke it"))) {
      return;
    }
    const report = await post("/v1/revocations", asked);
    result.replaceChildren(
      el("p", { class: "verdict-line good" }, `revoked, revision ${report.revision}`),
      met(report.running, report.purged, "removed", report.waitedFor),
    );
    await load();
  };
  byId("revocation-form").addEventListener("submit", (event) => {
    event.preventDefault();
    preview().catch(wrong);
  });

  const load = async () => {
    const { revision, items } = await get("/v1/revocations");
    text(byId("revocation-sum"), `${count(items.length, "revocation")}, revision ${revision}`);
    byId("revocations-empty").hidden = items.length > 0;
    byId("revocations").replaceChildren(
      ...items.toReversed().map((item) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, ...shortened(item.what)),
          el("td", {}, clock(item.time)),
          el("td", { class: "number" }, String(item.revision)),
          el(
            "td",
            {},
            el("button", { type: "button", "aria-label": `Take back: ${item.what}`, onclick: () => takeBack(item).catch(wrong) }, "Take back…"),
          ),
        ),
      ),
    );
  };
  const takeBack = async (item) => {
    const { what, revision, time, ...asked } = item;
    shown.set(`${commandOf(asked)} --undo`);
    const said = el("div", {}, el("p", { class: "hash whole" }, what), el("p", {}, "It may launch again, as the policy says. This is audited."));
    if (await confirmed("Take a revocation back", said, "Take it back")) {
      const report = await remove("/v1/revocations", asked);
      result.replaceChildren(el("p", { class: "verdict-line good" }, `no longer revoked, revision ${report.revision}`));
      await load();
    }
  };

  return {
    load,
    prepare(of, value) {
      kind.value = of;
      hashField.value = value;
      fields();
      byId("revocation").scrollIntoView();
      hashField.focus();
      preview().catch(wrong);
    },
  };
}

function shortened(what) {
  return what.split(" ").flatMap((word, index) => [index > 0 ? " " : "", /^[0-9a-f]{64}$/.test(word) ? hash(word) : word]);
}

function commandOf(asked) {
  const options = {
    enclave: "--enclave",
    signer: "--signer",
    product: "--product",
    belowSvn: "--below-svn",
    launchEnclave: "--launch-enclave",
    leBelowSvn: "--le-below-svn",
  };
  return `jsgx policy revoke ${Object.entries(asked)
    .map(([name, value]) => `${options[name]} ${value}`)
    .join(" ")}`;
}

function met(running, tokens, verb, waitedFor = null) {
  const pairs = Object.entries(tokens).map(([holder, n]) => [holder, `${count(n, "token")} ${verb}`]);
  if (waitedFor !== null) {
    pairs.push(["waited for", waitedFor.length === 0 ? "no launch" : count(waitedFor.length, "launch", "launches")]);
  }
  pairs.push(["runs still", running.length === 0 ? "none" : count(running.length, "enclave")]);
  const list =
    running.length === 0
      ? ""
      : el(
          "ul",
          { class: "met" },
          ...running
            .slice(0, ROWS)
            .map((entry) =>
              el("li", {}, workloadLabel(entry.workload), entry.pid === null ? "" : ` process ${entry.pid}, `, " ", hash(entry.mrenclave), `, product ${entry.product}, SVN ${entry.svn}`),
            ),
          running.length > ROWS ? el("li", {}, `and ${running.length - ROWS} more`) : null,
        );
  return el("div", {}, facts(pairs), list);
}
