// The page on a stand-in for the daemon: hostile names, thousands of enclaves, storms of launches, a daemon that goes away.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, browser, open, until } from "./page.mjs";
import { madeUp, standIn } from "./stand-in.mjs";

const HOSTILE = `<img src=x onerror="globalThis.owned=1"><script>globalThis.owned=1</script>"'\`&lt;\u202e`;

let instance;
before(async () => {
  instance = await browser();
});
after(async () => {
  await instance?.close();
});

async function on(work, { options, prepare } = {}) {
  const host = await standIn();
  prepare?.(host.state);
  const { page, errors, left } = await open(instance, host.url, options);
  try {
    await page.locator("#connection", { hasText: "live" }).waitFor();
    await work(page, host, errors);
    assert.deepEqual(left, [], "requests that leave loopback");
  } finally {
    await page.context().close();
    await host.close();
  }
}

test("hostile strings stay text", { timeout: 60_000 }, () =>
  on(
    async (page, host, errors) => {
      host.launch(
        madeUp({
          workload: HOSTILE,
          verdict: "refused",
          code: HOSTILE,
          rule: HOSTILE,
          reason: HOSTILE,
          explanation: { headline: HOSTILE, facts: [{ label: HOSTILE, value: HOSTILE }] },
        }),
      );
      const row = page.locator("#launches-list summary").first();
      await row.waitFor();
      await row.click();
      await page.locator("#enclave-table summary").click();
      await page.locator("#map").focus();
      await page.waitForTimeout(500);

      assert.ok((await page.locator("#launches-list .headline").textContent()).includes("<img src=x"));
      assert.ok((await page.locator("#rules").textContent()).includes("<script>"));
      assert.ok((await page.locator("#workloads").textContent()).includes("<img src=x"));
      assert.ok((await page.locator("#audit-rows").textContent()).includes("<img src=x"));
      assert.equal(await page.locator("img, main script, iframe").count(), 0, "elements made of strings");
      assert.equal(await page.evaluate(() => globalThis.owned), undefined);
      assert.deepEqual(errors, []);
    },
    {
      prepare: (state) => {
        state.workloads = [HOSTILE, "uid:1"];
        state.rules = [HOSTILE];
        state.policy = HOSTILE;
        state.revocations = [{ what: `enclave ${HOSTILE}`, revision: 1, time: "2026-01-01T00:00:00Z", enclave: HOSTILE }];
        state.audit = [
          { number: 1, hash: "", id: "x", time: "2026-01-01T00:00:00Z", kind: "outcome", workload: HOSTILE, mrenclave: HOSTILE, mrsigner: HOSTILE, attributes: "", isvProdId: 0, isvSvn: 0, verdict: HOSTILE, rule: HOSTILE, revision: 1, tokenSource: "", code: HOSTILE, reason: HOSTILE },
        ];
      },
    },
  ));

test("no string becomes markup, by the page's own policy", { timeout: 60_000 }, () =>
  on(async (page) => {
    const refused = await page.evaluate(() => {
      try {
        document.createElement("div").innerHTML = "<b>x</b>";
        return "taken";
      } catch (e) {
        return e.name;
      }
    });
    assert.equal(refused, "TypeError");
  }));

test("5,000 enclaves are drawn, each to be reached", { timeout: 120_000 }, () =>
  on(
    async (page, host, errors) => {
      await page.locator("#enclaves-sum", { hasText: "5,000 enclaves" }).waitFor();
      // Something of each workload's colour is on the canvas.
      await until("the blocks are drawn", () =>
        page.evaluate(() => {
          const canvas = document.getElementById("map-canvas");
          if (canvas.width === 0) {
            return false;
          }
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const seen = new Set();
          for (let i = 0; i < data.length; i += 4) {
            seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
          }
          return [0x56b4e9, 0xe69f00, 0x009e73].every((colour) => seen.has(colour));
        }),
      );
      await page.locator("#map").focus();
      await page.keyboard.press("End");
      assert.equal(await page.locator("#map-option").getAttribute("aria-posinset"), "5000");
      assert.match(await page.locator("#enclave").textContent(), /MRENCLAVE/);
      assert.ok((await longest(page, 3_000)) < 500, "the page froze");
      assert.deepEqual(errors, []);
    },
    { prepare: (state) => (state.enclaves = 5000) },
  ));

test("10,000 launches a minute do not freeze the page", { timeout: 120_000 }, () =>
  on(async (page, host, errors) => {
    await until("the stream is open", () => host.streams.size === 1);
    const each = 17; // in 100 ms: 10,200 a minute
    let sent = 0;
    const timer = setInterval(() => {
      for (let i = 0; i < each; i++) {
        sent++;
        host.launch(
          sent % 10 === 0
            ? madeUp({ verdict: "refused", code: "POLICY_DENIED", rule: "no debug in production", reason: `refusal ${sent}` })
            : madeUp({ workload: host.state.workloads[sent % 3] }),
        );
      }
    }, 100);
    try {
      const worst = await longest(page, 8_000);
      assert.ok(sent > 1_000, `only ${sent} were sent`);
      assert.ok(worst < 500, `a frame took ${worst} ms`);
      assert.ok((await page.locator("#launches-list li").count()) <= 100, "the list is bounded");

      // Reading in the storm: what is open stays where it is, and a button tells how many came.
      await page.locator("#launches-refused").check();
      await page.locator("#launches-list summary").first().click();
      const reason = page.locator("#launches-list summary .why").first();
      const read = await reason.textContent();
      await page.locator("#launches-newer").waitFor();
      await page.waitForTimeout(1_000);
      assert.equal(await reason.textContent(), read);
      await page.locator("#launches-newer").click();
    } finally {
      clearInterval(timer);
    }
    const last = Math.floor(sent / 10) * 10;
    await page.locator("#launches-text").fill(`refusal ${last}`);
    await page.locator("#launches-list summary", { hasText: `refusal ${last}` }).waitFor();
    assert.deepEqual(errors, []);
  }));

test("a daemon that goes away is told at the top, and one that comes back is taken up", { timeout: 120_000 }, () =>
  on(async (page, host) => {
    const context = page.context();
    await context.setOffline(true);
    host.streams.forEach((stream) => stream.destroy());
    await page.locator("#connection", { hasText: "stale since" }).waitFor();
    assert.equal(await page.evaluate(() => document.body.classList.contains("stale")), true);

    host.launch(madeUp({ reason: "while nobody listened", verdict: "refused", code: "POLICY_DENIED" }));
    await context.setOffline(false);
    await page.locator("#connection", { hasText: /^live$/ }).waitFor();
    await page.locator("#launches-list summary", { hasText: "while nobody listened" }).waitFor();
  }));

test("a browser that has not logged in is told how", { timeout: 60_000 }, async () => {
  const host = await standIn();
  host.state.loggedOut = true;
  const { page } = await open(instance, host.url);
  try {
    await page.locator("#connection", { hasText: "not logged in" }).waitFor();
    assert.equal(await page.locator("#connection code").textContent(), "jsgx console");
    await accessible(page, "a page without a session");

    host.state.loggedOut = false;
    await page.locator("#connection", { hasText: /^live$/ }).waitFor();
  } finally {
    await page.context().close();
    await host.close();
  }
});

test("logging out ends it, for this tab and for good", { timeout: 60_000 }, () =>
  on(async (page, host) => {
    assert.equal(new URL(page.url()).hash, "", "the page's secret is not left in the address");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.locator("#connection", { hasText: "not logged in" }).waitFor();
    assert.ok(host.requests.some(({ method, path }) => method === "POST" && path === "/logout"));
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    assert.equal(await page.getByRole("button", { name: "Log out" }).count(), 0);
  }));

test("a value that the daemon refuses goes back, and the page says why", { timeout: 60_000 }, () =>
  on(async (page, host) => {
    host.state.refuse = "the floors together do not fit";
    const limit = page.getByLabel("limit of the cache");
    const before = await limit.inputValue();
    await limit.focus();
    await page.keyboard.press("ArrowLeft");
    await page.locator("#cache-limit .error", { hasText: "the floors together do not fit" }).waitFor();
    assert.equal(await limit.inputValue(), before);

    const floor = page.getByLabel("floor of uid:1000");
    await floor.focus();
    await page.keyboard.press("ArrowRight");
    await page.locator("#workloads .error", { hasText: "the floors together do not fit" }).waitFor();
    assert.equal(await floor.inputValue(), "0");

    host.state.refuse = null;
    await page.keyboard.press("ArrowRight");
    await until("the floor is sent", () => host.state.limits.get("uid:1000")?.floor > 0);
    assert.match(await page.locator("#cache-command code").textContent(), /^jsgx host cache --workload uid:1000 --floor /);
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`axe-core finds nothing, ${colorScheme}`, { timeout: 120_000 }, () =>
    on(
      async (page, host) => {
        host.launch(madeUp());
        host.launch(
          madeUp({ verdict: "refused", code: "POLICY_DENIED", reason: "no", explanation: { headline: "policy: POLICY_DENIED", facts: [{ label: "expected", value: "x" }] } }),
        );
        await page.locator("#launches-list summary", { hasText: "refused" }).click();
        await page.locator("#enclave-table summary").click();
        await page.locator("#map").focus();
        await accessible(page, `the page, ${colorScheme}`);

        await page.locator("#cache-flush").click();
        await page.locator("dialog").waitFor();
        await accessible(page, `a question, ${colorScheme}`);
        await page.keyboard.press("Escape");

        await page.setViewportSize({ width: 360, height: 740 });
        await accessible(page, `a narrow page, ${colorScheme}`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `a narrow page is ${overflow} px too wide`);
      },
      { options: { colorScheme, reducedMotion: "reduce" } },
    ));
}

test("at 200 % nothing is cut off", { timeout: 60_000 }, () =>
  on(
    async (page) => {
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${overflow} px too wide`);
    },
    { options: { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 } },
  ));

test("by keyboard alone: everything is reached, nothing holds the focus, and the focus is seen", { timeout: 120_000 }, () =>
  on(async (page, host) => {
    for (let i = 0; i < 20; i++) {
      host.launch(madeUp({ verdict: i % 2 ? "refused" : "launched", reason: `number ${i}` }));
    }
    await page.locator("#launches-list summary").nth(19).waitFor();
    const reachable = await page.evaluate(() =>
      [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
        .filter((element) => !element.disabled && element.tabIndex >= 0 && element.checkVisibility())
        .map((element, i) => {
          element.dataset.walk = String(i);
          return element.id || element.getAttribute("aria-label") || element.textContent.trim() || element.localName;
        }),
    );
    await page.evaluate(() => document.activeElement.blur());
    const met = new Set();
    const unseen = [];
    for (let i = 0; i < 3 * reachable.length; i++) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const element = document.activeElement;
        const style = getComputedStyle(element);
        const around = element.closest(".editor") ? getComputedStyle(element.closest(".editor")) : style;
        return {
          walk: element.dataset.walk,
          name: element.id || element.textContent.slice(0, 40),
          seen: style.outlineStyle !== "none" || around.outlineStyle !== "none",
        };
      });
      if (at.walk === undefined) {
        continue; // the browser's own parts, and what appeared meanwhile
      }
      met.add(Number(at.walk));
      if (!at.seen) {
        unseen.push(at.name);
      }
      if (met.size === reachable.length) {
        break;
      }
    }
    assert.deepEqual(reachable.filter((name, i) => !met.has(i)), [], "not reached by Tab");
    assert.deepEqual(unseen, [], "where the focus is not seen");

    await page.locator("#launches-list summary").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.locator("#launches-list details[open] .headline").waitFor();
    await page.keyboard.press("Home");
    assert.match(await page.evaluate(() => document.activeElement.textContent), /number 19/);

    const skip = page.locator(".skip").first();
    await skip.focus();
    assert.ok((await skip.boundingBox()).y >= 0, "the skip link is seen where it has the focus");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "launches");

    await page.locator("#cache-flush").focus();
    await page.keyboard.press("Enter");
    await page.locator("dialog").waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("dialog").count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement.id), "cache-flush", "the focus comes back from a question");
    assert.equal(host.requests.filter(({ path }) => path.endsWith("/flush")).length, 0, "Escape flushes nothing");
  }));

test("SIGSTRUCTs, sizes and words of a shell are read and written as they should be", { timeout: 60_000 }, () =>
  on(async (page) => {
    const found = await page.evaluate(async () => {
      const { bytesOf, sigstructIn } = await import("/whatif.js");
      const { parseSize, shell, size, sizeWord } = await import("/format.js");
      const why = (work) => {
        try {
          return work();
        } catch (e) {
          return e.message;
        }
      };
      const sigstruct = new Uint8Array(1808);
      sigstruct.set([6, 0, 0, 0, 0xe1, 0, 0, 0, 0, 0, 1, 0]);
      sigstruct.set([1, 1, 0, 0, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 1], 24);
      const enclave = new Uint8Array(10_000).fill(6);
      enclave.set(sigstruct, 4321);
      return {
        hex: bytesOf("0x06\n00".padEnd(2 * 1808 + 3, "0"))[0],
        base64: bytesOf(btoa(String.fromCharCode(...sigstruct)))[4],
        short: why(() => bytesOf("0600")),
        nothing: why(() => bytesOf("  ")),
        inside: sigstructIn(enclave).length,
        at: sigstructIn(enclave)[4],
        without: why(() => sigstructIn(enclave.subarray(0, 4000))),
        sizes: ["64KiB", "1.5 MiB", "4096", "2g", "much"].map(parseSize),
        words: [sizeWord(65536), sizeWord(65537), size(1536), size(null)],
        shell: [shell("uid:1000"), shell("it's"), shell("$(reboot)")],
      };
    });
    assert.deepEqual(found, {
      hex: 6,
      base64: 0xe1,
      short: "a SIGSTRUCT has 1808 bytes, and these are 3",
      nothing: "paste a SIGSTRUCT, or choose the file of one",
      inside: 1808,
      at: 0xe1,
      without: "no SIGSTRUCT is in this file of 4000 bytes: expected 1808 bytes, or a signed enclave",
      sizes: [65536, 1572864, 4096, 2 ** 31, NaN],
      words: ["64KiB", "65537", "1.50 KiB", "no limit"],
      shell: ["uid:1000", "'it'\\''s'", "'$(reboot)'"],
    });
  }));

test("a command is copied", { timeout: 60_000 }, () =>
  on(async (page) => {
    await page.locator("#enclaves-command .copy").click();
    await page.locator("#enclaves-command .said", { hasText: "copied" }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "jsgx host enclaves");
  }));

/** The longest time between two frames, in ms, in so many ms. */
function longest(page, during) {
  return page.evaluate(
    (ms) =>
      new Promise((resolve) => {
        const begun = performance.now();
        let last = begun;
        let worst = 0;
        const frame = (now) => {
          worst = Math.max(worst, now - last);
          last = now;
          if (now - begun > ms) {
            resolve(Math.round(worst));
          } else {
            requestAnimationFrame(frame);
          }
        };
        requestAnimationFrame(frame);
      }),
    during,
  );
}
