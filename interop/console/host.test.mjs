// The console of a running host: `jsgx serve`, real launches, and a browser with a session. What a hand does in the page is looked at
// through the command line.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { accessible, browser, open, until } from "./page.mjs";

const JSGX = process.env.JSGX_COMMAND ?? fileURLToPath(new URL("../../jsgx", import.meta.url));
const STATE = process.env.JSGX_STATE;
const RUN = join(STATE, "run");
const SIGSTRUCT = join(STATE, "sigstruct");
const IMAGES = process.env.JSGX_IMAGES;
const COMMAND = 60_000;
const MOST_BYTES = 200 * 1024;

const children = new Set();
let instance;
let opened;
let page;
let mrEnclave;

/** Runs jsgx as a client of the daemon: {status, out}; a status that is not expected fails. */
function jsgx(words, { expected = 0 } = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(
      JSGX,
      words,
      { timeout: COMMAND, killSignal: "SIGKILL", maxBuffer: 1 << 24, env: { ...process.env, JSGX_RUN: RUN } },
      (error, out, err) => {
        const status = error === null ? 0 : error.code;
        if (status === expected) {
          resolve(out);
        } else {
          reject(new Error(`jsgx ${words.join(" ")}: status ${status}, expected ${expected}\n${out}${err}`));
        }
      },
    );
    child.stdin.end();
  });
}

const json = async (words, options) => JSON.parse(await jsgx([...words, "--json"], options));

/** An unmodified program launches an enclave and ends: resolves to its MRENCLAVE. */
const launch = async (expected, pages = "8") =>
  (await jsgx(["run", "--", process.env.JSGX_HOLDER, "0", SIGSTRUCT, pages], { expected })).split("\n")[0];

/** What the daemon tells of its last launch. */
const lastLaunch = async () => JSON.parse((await jsgx(["host", "launches", "-n", "1", "--json"])).trim().split("\n").at(-1));

/** Starts a program; resolves when it has printed a text. */
function start(words, ready, options = {}) {
  const child = spawn(words[0], words.slice(1), { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, JSGX_RUN: RUN }, ...options });
  children.add(child);
  let said = "";
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${words.join(" ")} did not say "${ready}" in time: ${said}`)), COMMAND);
    const hear = (chunk) => {
      said += chunk;
      if (said.includes(ready)) {
        clearTimeout(late);
        resolve(child);
      }
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (status) => {
      children.delete(child);
      clearTimeout(late);
      reject(new Error(`${words.join(" ")} ended with ${status}: ${said}`));
    });
  });
}

async function end(child, signal) {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.on("exit", resolve));
    child.kill(signal);
    const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await gone;
    clearTimeout(late);
  }
}

const row = (words) => page.locator("#launches-list li", { hasText: words });

/** Closes what is open in the list, and shows what has come. */
async function newest() {
  for (const summary of await page.locator("#launches-list details[open] > summary").all()) {
    await summary.click();
  }
  await page.evaluate(() => document.activeElement.blur());
}

async function confirm(verb) {
  await page.locator("dialog").getByRole("button", { name: verb }).click();
  await page.locator("dialog").waitFor({ state: "detached" });
}

before(async () => {
  await start(
    [JSGX, "serve", "--run-folder", RUN, "--aesm-socket", join(RUN, "aesm.socket"), "--console-listen", "127.0.0.1:0", "--placement", "kernel", "--epc", "8MiB"],
    "jsgx serves",
    { env: { ...process.env, JSGX_RUN: RUN } },
  );
  instance = await browser();
});

after(async () => {
  await instance?.close();
  for (const child of [...children].reverse()) {
    await end(child, "SIGTERM");
  }
});

test("the console of a running host", { timeout: 540_000 }, async (t) => {
  await t.test("logs in by a link that works once", async () => {
    const { url } = await json(["console"]);
    const base = new URL("/", url).href;
    const without = await fetch(`${base}v1/host`);
    assert.equal(without.status, 401, "without a session");

    opened = await open(instance, url, { viewport: { width: 1280, height: 860 } });
    page = opened.page;
    await page.locator("#connection", { hasText: /^live$/ }).waitFor();
    assert.equal(page.url(), base, "the ticket is not left in the address");
    const again = await instance.newContext();
    const stranger = await again.newPage();
    await stranger.goto(url);
    const other = await stranger.request.get(`${base}v1/host`);
    assert.equal(other.status(), 401, "the link a second time");
    await again.close();
  });

  await t.test("is not opened by its cookie, which goes to every port of this host", async () => {
    const base = page.url();
    let cookie = "";
    const thief = createServer((request, response) => {
      cookie = request.headers.cookie ?? cookie;
      response.writeHead(200, { "Content-Type": "text/html" });
      response.end("<title>another server of this host</title>");
    });
    await new Promise((resolve) => thief.listen(0, "127.0.0.1", resolve));
    const lured = await page.context().newPage();
    try {
      await lured.goto(`http://127.0.0.1:${thief.address().port}/`);
      assert.match(cookie, /^jsgx-console=./, "it has the cookie: ports are no border to cookies");
      for (const path of ["v1/host", "v1/launches/stream", "v1/audit"]) {
        assert.equal((await fetch(base + path, { headers: { Cookie: cookie } })).status, 401, path);
      }
      assert.equal((await fetch(`${base}v1/cache/flush`, { method: "POST", headers: { Cookie: cookie, "X-Jsgx-Console": "1" } })).status, 401);
      const seen = await lured.evaluate(async (url) => {
        const ask = (options) => fetch(url, { credentials: "include", ...options }).then(({ type, status }) => `${type} ${status}`, () => "refused");
        return { secrets: sessionStorage.length, asked: await ask({}), blind: await ask({ mode: "no-cors" }), named: await ask({ headers: { "X-Jsgx-Console": "1" } }) };
      }, `${base}v1/host`);
      assert.deepEqual(seen, { secrets: 0, asked: "refused", blind: "refused", named: "refused" }, "what a page of that server can do");
      // A second tab has the cookie and not the page's secret.
      await lured.goto(base);
      await lured.locator("#connection", { hasText: "not logged in" }).waitFor();
    } finally {
      await lured.close();
      await new Promise((resolve) => thief.close(resolve));
    }
    await page.locator("#connection", { hasText: /^live$/ }).waitFor();
  });

  await t.test("shows a launch as it happens", async () => {
    mrEnclave = await launch(0);
    await row("launched").first().waitFor();
    await row("launched").first().locator("summary").click();
    await row("launched").first().locator(".hash.whole", { hasText: mrEnclave }).waitFor();
    await newest();
  });

  await t.test("shows a refusal with its reason, and opens to the command line's explanation", async () => {
    await launch(1, "wrong");
    const { explanation, code } = await lastLaunch();
    assert.equal(code, "SGX_INVALID_MEASUREMENT");
    const line = row("SGX_INVALID_MEASUREMENT");
    await line.waitFor();
    await line.locator("summary").click();
    assert.equal(await line.locator(".headline").textContent(), explanation.headline);
    const told = await line.locator(".explained").innerText();
    for (const { label, value } of explanation.facts) {
      assert.ok(told.includes(label) && told.includes(value), `"${label}  ${value}" is missing in ${told}`);
    }
    assert.ok(explanation.facts.some(({ label }) => label === "what to do"));
    await picture("console-refusal", page.locator("#launches"));
    await newest();
    // Its SIGSTRUCT is the one to ask about from here on.
    await launch(0);
  });

  await t.test("changes the cache's limit with the slider", async () => {
    const slider = page.getByLabel("limit of the cache");
    const asked = (await json(["host", "cache"])).maxBytes;
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await until("the daemon has another limit", async () => (await json(["host", "cache"])).maxBytes !== asked);
    const { maxBytes } = await json(["host", "cache"]);
    const said = await page.locator("#cache-command code").textContent();
    await json(said.split(" ").slice(1));
    assert.equal((await json(["host", "cache"])).maxBytes, maxBytes, "the command that the page shows does the same");

    await page.locator("#cache-exact").fill("1MiB");
    await page.locator("#cache-exact").press("Enter");
    await until("the exact limit holds", async () => (await json(["host", "cache"])).maxBytes === 1 << 20);
  });

  await t.test("gives a workload a floor", async () => {
    const floor = page.locator("#workloads input").first();
    const name = (await floor.getAttribute("aria-label")).replace("floor of ", "");
    await floor.focus();
    await page.keyboard.press("PageUp");
    const of = async () => (await json(["host", "cache"])).workloads.find(({ workload }) => workload === name);
    await until("it has a floor", async () => (await of()).floor > 0);
  });

  await t.test("says what the policy would say", async () => {
    await page.locator("#whatif-file").setInputFiles(SIGSTRUCT);
    await page.locator("#whatif-result .verdict-line", { hasText: "allow" }).waitFor();
    const bytes = readFileSync(SIGSTRUCT);
    await page.locator("#whatif-text").fill(bytes.toString("hex"));
    await page.locator("#whatif-form button[type=submit]").click();
    await page.locator("#whatif-result .hash.whole", { hasText: mrEnclave }).waitFor();
    await page.locator("#whatif-text").fill("not a SIGSTRUCT");
    await page.locator("#whatif-form button[type=submit]").click();
    await page.locator("#whatif-result .bad", { hasText: "neither Base64" }).waitFor();
  });

  await t.test("shows what is wrong with a policy at its line and column, and puts none of it in force", async () => {
    const editor = page.locator("#policy-text");
    await editor.fill("version: 1\ndefault: allow\nrules:\n  - name: no trials\n    effect: perhaps\n    isvSvn: 1..\n");
    await page.locator("#policy-put").click();
    const problem = page.locator("#policy-result .problems button").first();
    await problem.waitFor();
    assert.match(await problem.textContent(), /:5:13$/);
    await problem.click();
    assert.match(await page.locator("#policy-at").textContent(), /^line 5, column 13/);
    assert.equal(await page.locator("dialog").count(), 0);
  });

  await t.test("puts a policy in force, which then refuses by its rule", async () => {
    const editor = page.locator("#policy-text");
    await editor.fill(
      `version: 1\ndefault: allow\nrules:\n  - name: not on this host\n    effect: deny\n    mrenclave: ${mrEnclave}\n    reason: it is tried elsewhere\n`,
    );
    await page.locator("#policy-put").click();
    await confirm("Put it in force");
    await page.locator("#policy-result .good", { hasText: "in force" }).waitFor();
    await launch(1);
    assert.equal((await lastLaunch()).code, "POLICY_DENIED");
    await row("POLICY_DENIED").locator("summary", { hasText: "it is tried elsewhere" }).waitFor();
    await until("the rule's decisions are counted", async () => /not on this host.*1/s.test(await page.locator("#rules").innerText()));

    await page.locator("#whatif-file").setInputFiles([]);
    await page.locator("#whatif-file").setInputFiles(SIGSTRUCT);
    await page.locator("#whatif-result .verdict-line", { hasText: "deny" }).waitFor();
    assert.match(await page.locator("#whatif-result").innerText(), /not on this host.*policy\.yaml:4/s);

    await editor.fill("version: 1\ndefault: allow\nrules:\n  - name: everything but old versions\n    effect: deny\n    isvSvn: 9..\n");
    await page.locator("#policy-put").click();
    await confirm("Put it in force");
    await page.locator("#policy-result .good", { hasText: "in force" }).waitFor();
    await launch(0);
  });

  await t.test("shows the enclaves that run", async () => {
    await Promise.all([hold(0, [40, 200, 90, 15]), hold(1, [120, 60])]);
    await page.locator("#enclaves-sum", { hasText: "6 enclaves" }).waitFor();
    await page.locator("#map").focus();
    await page.keyboard.press("End");
    await page.locator("#enclave .facts", { hasText: "MRENCLAVE" }).waitFor();
  });

  await t.test("previews a revocation, revokes after a question, and the next launch is refused", async () => {
    await page.locator("#revocation-kind").selectOption("enclave");
    await page.locator("#revocation-hash").fill(mrEnclave);
    await page.locator("#revocation-form button[type=submit]").click();
    await page.locator("#revocation-result", { hasText: "runs still" }).waitFor();
    assert.deepEqual((await json(["policy", "revoke", "--list"])).revocations ?? [], [], "a preview changes nothing");
    await picture("console-revocation", page.locator("#revocation"));

    await page.locator("#revocation-result .danger").click();
    await page.locator("dialog").getByRole("button", { name: "Leave as it is" }).click();
    await launch(0);

    await page.locator("#revocation-result .danger").click();
    await confirm("Revoke it");
    await page.locator("#revocation-result", { hasText: "revoked, revision" }).waitFor();
    await launch(1);
    assert.equal((await lastLaunch()).code, "POLICY_REVOKED");
    await newest();
    await row("POLICY_REVOKED").first().waitFor();
  });

  await t.test("takes a revocation back", async () => {
    await page.locator("#revocations button").first().click();
    await confirm("Take it back");
    await page.locator("#revocations-empty").waitFor();
    await launch(0);
  });

  await t.test("searches the audit trail", async () => {
    const form = page.locator("#audit-form");
    await form.locator("[name=code]").fill("POLICY_REVOKED");
    await form.locator("[name=mrenclave]").fill(mrEnclave.slice(0, 10));
    await form.getByRole("button", { name: "Search" }).click();
    await until("one entry is found", async () => (await page.locator("#audit-rows tr").count()) === 1);
    const said = await page.locator("#audit-command code").textContent();
    const found = await jsgx([...said.split(" ").slice(1)]);
    assert.match(found, /POLICY_REVOKED/);

    await form.getByRole("button", { name: "Clear" }).click();
    await until("all are found", async () => (await page.locator("#audit-rows tr").count()) > 5);
    await page.locator("#audit-verify").click();
    await page.locator("#audit-verified", { hasText: "is what was recorded" }).waitFor();

    await page.locator("#audit-live").check();
    const top = Number(await page.locator("#audit-rows th").first().textContent());
    await launch(0);
    await until("what is recorded appears", async () => Number(await page.locator("#audit-rows th").first().textContent()) > top);
  });

  await t.test("is accessible as it is now, and is drawn", async () => {
    await newest();
    await until("the figures are drawn", async () => !(await page.locator("#gauges").getAttribute("aria-busy")));
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await accessible(page, `the console of a running host, ${colorScheme}`);
      await page.evaluate(() => scrollTo(0, 0));
      await picture(`console-${colorScheme}`);
    }
  });

  await t.test("kept to loopback and to its own policy", () => {
    assert.deepEqual(opened.left, []);
    // A refused request is in a browser's log too; what is wanted is that nothing else is.
    assert.deepEqual(opened.errors.filter((error) => !/status of 4\d\d/.test(error)), []);
  });

  await t.test("says since when it is stale, once the daemon has ended", async () => {
    for (const child of [...children].reverse()) {
      await end(child, "SIGTERM");
    }
    await page.locator("#connection", { hasText: "stale since" }).waitFor();
  });
});

function hold(signer, pages) {
  return start([JSGX, "run", "--", process.env.JSGX_HOLDER, String(signer), join(STATE, `held-${signer}`), ...pages.map(String)], `held ${pages.length}`);
}

async function picture(name, part) {
  mkdirSync(IMAGES, { recursive: true });
  const path = join(IMAGES, `${name}.png`);
  await (part ?? page).screenshot({ path, animations: "disabled" });
  assert.ok(statSync(path).size <= MOST_BYTES, `${path} has ${statSync(path).size} bytes`);
}
