// What the tests of the page share: a browser, and checks that hold for every page they open.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const BROWSER = process.env.JSGX_CHROMIUM ?? "/usr/bin/chromium";

/** A browser without a network: names resolve to nothing, and a proxy that is not there takes what is not loopback. */
export async function browser() {
  return chromium.launch({
    executablePath: BROWSER,
    timeout: 60_000,
    args: [
      // As root there is no other way; elsewhere the sandbox stays.
      ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      "--disable-dev-shm-usage",
      "--disable-gpu",
    ],
  });
}

/**
 * Opens the page. `errors` gathers what its log calls an error, and `left` each request that would leave loopback.
 *
 * @returns {page, errors, left}
 */
export async function open(instance, url, options = {}) {
  const context = await instance.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const errors = [];
  const left = [];
  page.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("request", (request) => {
    if (!["127.0.0.1", "localhost"].includes(new URL(request.url()).hostname)) {
      left.push(request.url());
    }
  });
  await page.goto(url);
  return { page, errors, left };
}

/** axe-core's verdict on the page: no violation. Its script gets in by the debugger's way: the page's own policy would refuse it. */
export async function accessible(page, what) {
  const source = (await import("node:fs")).readFileSync(AXE, "utf8");
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: source });
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then((found) =>
      JSON.stringify(found.violations.map(({id, help, nodes}) => ({id, help, nodes: nodes.slice(0, 4).map(({target, failureSummary}) => ({target, failureSummary}))}))))`,
    awaitPromise: true,
    returnByValue: true,
  });
  assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
  assert.deepEqual(JSON.parse(result.value), [], `axe-core on ${what}`);
}

/** Waits until something holds. */
export async function until(what, holds, deadline = 15_000) {
  const end = Date.now() + deadline;
  for (;;) {
    if (await holds()) {
      return;
    }
    assert.ok(Date.now() < end, `waited ${deadline / 1000} s until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
