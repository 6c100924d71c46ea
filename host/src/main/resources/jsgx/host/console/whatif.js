// What the policy in force would say to a SIGSTRUCT.

import { post } from "./api.js";
import { commandIn } from "./command.js";
import { byId, el, facts } from "./dom.js";
import { shell } from "./format.js";

const SIZE = 1808;
// SIGSTRUCT.HEADER and HEADER2 (SDM 3D, table of SIGSTRUCT), which tell where one lies in an enclave's file.
const HEADER = "06000000e10000000000010000000000";
const HEADER2 = "01010000600000006000000001000000";
const HEADER2_AT = 24;
const VERDICTS = {
  allow: "allow: it would launch",
  warn: "warn: it would launch, and the audit trail would say that it should not",
  deny: "deny: it would be refused",
  revoked: "revoked: it would be refused",
  quota: "quota: it would be refused",
  unavailable: "unavailable: it would be refused",
};

/** The panel. */
export function whatIf() {
  const box = byId("whatif-text");
  const result = byId("whatif-result");
  const file = byId("whatif-file");
  const workload = byId("whatif-workload");
  const shown = commandIn(byId("whatif-command"), "jsgx policy explain --sigstruct FILE");
  let name = "FILE";

  const tell = () =>
    shown.set(`jsgx policy explain --sigstruct ${shell(name)}${workload.value ? ` --workload ${shell(workload.value)}` : ""}`);
  workload.addEventListener("input", tell);
  box.addEventListener("input", () => {
    name = "FILE";
    tell();
  });

  const take = async (chosen) => {
    if (!chosen) {
      return;
    }
    try {
      box.value = base64(sigstructIn(new Uint8Array(await chosen.arrayBuffer())));
      name = chosen.name;
      tell();
      await judge();
    } catch (e) {
      wrong(e);
    }
  };
  file.addEventListener("change", () => take(file.files[0]));
  const panel = byId("whatif");
  panel.addEventListener("dragover", (event) => {
    event.preventDefault();
    panel.classList.add("over");
  });
  panel.addEventListener("dragleave", () => panel.classList.remove("over"));
  panel.addEventListener("drop", (event) => {
    panel.classList.remove("over");
    if (event.dataTransfer.files.length > 0) {
      event.preventDefault();
      take(event.dataTransfer.files[0]);
    }
  });

  const wrong = (e) => result.replaceChildren(el("p", { class: "verdict-line bad" }, e.message));

  const judge = async () => {
    const sigstruct = base64(bytesOf(box.value));
    const judged = await post("/v1/policy/judge", {
      sigstruct,
      ...(workload.value ? { workload: workload.value } : {}),
      interface: byId("whatif-interface").value,
    });
    const launches = judged.effect === "allow" || judged.effect === "warn";
    result.replaceChildren(
      el("p", { class: `verdict-line ${launches ? (judged.effect === "warn" ? "warn" : "good") : "bad"}` }, VERDICTS[judged.effect] ?? judged.effect),
      facts([
        ["rule", judged.where ? `"${judged.rule}" (${judged.where})` : judged.rule],
        ["reason", judged.reason],
        ["code", judged.code],
        ["revision", judged.revision],
        ["MRENCLAVE", el("span", { class: "hash whole" }, judged.subject.mrenclave)],
        ["MRSIGNER", el("span", { class: "hash whole" }, judged.subject.mrsigner)],
        ["product, SVN", `${judged.subject.product}, ${judged.subject.svn}`],
        ["ATTRIBUTES", judged.subject.attributes],
      ]),
      ...traces("matches", judged.matching),
      ...traces("matches but for one condition", judged.nearlyMatching),
    );
  };
  byId("whatif-form").addEventListener("submit", (event) => {
    event.preventDefault();
    judge().catch(wrong);
  });
}

function traces(title, rules) {
  if (!rules || rules.length === 0) {
    return [];
  }
  return [
    el("h3", {}, title),
    el(
      "ul",
      { class: "traces" },
      ...rules.slice(0, 10).map((rule) =>
        el(
          "li",
          {},
          el("span", { class: `effect ${rule.effect}` }, rule.effect),
          ` ${rule.rule} `,
          el("span", { class: "help" }, rule.where),
          el(
            "ul",
            {},
            ...rule.conditions
              .filter((condition) => title === "matches" || !condition.holds)
              .map((condition) => el("li", {}, `${condition.condition}: expected ${condition.expected}, found ${condition.found}`)),
          ),
        ),
      ),
    ),
  ];
}

/** The bytes of a text in hexadecimal or Base64. */
export function bytesOf(words) {
  const dense = words.replaceAll(/\s+/g, "").replace(/^0x/i, "");
  if (dense === "") {
    throw new Error("paste a SIGSTRUCT, or choose the file of one");
  }
  let bytes;
  if (/^[0-9a-f]+$/i.test(dense) && dense.length === 2 * SIZE) {
    bytes = Uint8Array.from(dense.match(/../g), (pair) => parseInt(pair, 16));
  } else {
    try {
      bytes = Uint8Array.from(atob(dense.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    } catch {
      throw new Error(`that is neither Base64 nor the ${2 * SIZE} hexadecimal digits of a SIGSTRUCT`);
    }
  }
  if (bytes.length !== SIZE) {
    throw new Error(`a SIGSTRUCT has ${SIZE} bytes, and these are ${bytes.length}`);
  }
  return bytes;
}

/** The SIGSTRUCT in a file, which is one or has one in it. */
export function sigstructIn(bytes) {
  if (bytes.length === SIZE) {
    return bytes;
  }
  const hex = (from, length) => Array.from(bytes.subarray(from, from + length), (byte) => byte.toString(16).padStart(2, "0")).join("");
  for (let at = bytes.indexOf(6); at >= 0 && at + SIZE <= bytes.length; at = bytes.indexOf(6, at + 1)) {
    if (bytes[at + 4] === 0xe1 && hex(at, 16) === HEADER && hex(at + HEADER2_AT, 16) === HEADER2) {
      return bytes.subarray(at, at + SIZE);
    }
  }
  throw new Error(`no SIGSTRUCT is in this file of ${bytes.length} bytes: expected ${SIZE} bytes, or a signed enclave`);
}

function base64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
