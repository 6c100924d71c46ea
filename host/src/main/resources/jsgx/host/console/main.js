// The page: what is asked of the daemon, how often, and to which part it goes.

import { get, listen, logout, watchConnection } from "./api.js";
import { audit } from "./audit.js";
import { cache } from "./cache.js";
import { command } from "./command.js";
import { byId, eachFrame, el, text } from "./dom.js";
import { enclaves } from "./enclaves.js";
import { clock } from "./format.js";
import { gauges } from "./gauges.js";
import { launches } from "./launches.js";
import { policy } from "./policy.js";
import { revocation } from "./revocation.js";
import { whatIf } from "./whatif.js";

const SOON = 2_000;
const SELDOM = 5_000;
const FIRST = 200;
// Of the daemon's time and this page's, what is looked at again and again takes a twentieth at most.
const SHARE = 20;

const topGauges = gauges(byId("gauges"));
const cachePanel = cache();
const policyPanel = policy();
const revocationPanel = revocation();
const auditPanel = audit();
const actions = { revoke: revocationPanel.prepare, search: auditPanel.find };
const enclaveMap = enclaves(actions);
const launchList = launches(actions);
whatIf();

let epc = null;
let loggedIn = true;
let revision = null;

/** Does something again and again while the page is seen; sooner after a change of that. */
function repeat(work, period) {
  let timer;
  const round = async () => {
    clearTimeout(timer);
    const began = performance.now();
    try {
      await work();
    } catch (e) {
      // The line at the top says that what is shown is old; a defect of this page goes to its log.
      if (e.status === undefined) {
        console.error(e);
      }
    }
    if (!document.hidden) {
      timer = setTimeout(round, Math.max(period, SHARE * (performance.now() - began)));
    }
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      round();
    }
  });
  round();
}

async function look() {
  const [nowEpc, nowEnclaves, nowCache] = await Promise.all([get("/v1/epc"), get("/v1/enclaves"), get("/v1/cache")]);
  epc = nowEpc;
  enclaveMap.update(nowEnclaves.items, epc);
  cachePanel.update(nowCache, epc);
}

async function lookAround() {
  const [host, health, history] = await Promise.all([get("/v1/host"), get("/v1/health"), get("/v1/history")]);
  text(
    byId("host"),
    `platform ${host.platform.id.slice(0, 8)}, version ${host.version}, placement ${host.placement}, up ${duration(host.uptimeSeconds)}`,
  );
  const seconds = history.seconds.length > 1 ? history.seconds[1] - history.seconds[0] : 5;
  topGauges.update(
    { ...history, launches: history.launches.map((n) => n / seconds), refused: history.refused.map((n) => n / seconds) },
    epc,
  );
  trouble(health, host);
  if (revision !== host.revision) {
    await Promise.all([policyPanel.load(), revocationPanel.load()]);
    revision = host.revision;
  }
}

function trouble(health, host) {
  const lines = health.services.filter((service) => service.trouble).map((service) => `${service.name}: ${service.trouble}`);
  if (host.policy.state === "unusable") {
    lines.unshift("policy: it cannot be used, so nothing launches");
  }
  const place = byId("trouble");
  const key = lines.join("\n");
  if (place.dataset.key !== key) {
    place.dataset.key = key;
    place.replaceChildren(...lines.map((line) => el("p", { class: "banner bad" }, line)));
  }
}

function duration(seconds) {
  const [d, h, m] = [Math.floor(seconds / 86400), Math.floor((seconds / 3600) % 24), Math.floor((seconds / 60) % 60)];
  return d > 0 ? `${d} d ${h} h` : h > 0 ? `${h} h ${m} min` : m > 0 ? `${m} min` : `${seconds} s`;
}

byId("logout").addEventListener("click", () => logout().catch((e) => text(byId("connection"), e.message)));
watchConnection(({ staleSince, loggedIn: known }) => {
  const line = byId("connection");
  document.body.classList.toggle("stale", staleSince !== null);
  document.body.classList.toggle("logged-out", !known);
  byId("logout").hidden = !known;
  if (!known) {
    line.replaceChildren("not logged in: open the link that this prints ", command("jsgx console").element);
  } else {
    text(line, staleSince === null ? "live" : `stale since ${clock(staleSince.toISOString())}: no answer from the daemon, trying again`);
  }
  if (known && !loggedIn) {
    auditPanel.load();
  }
  loggedIn = known;
});

let arrived = [];
const take = eachFrame(() => {
  const some = arrived;
  arrived = [];
  launchList.add(some);
  policyPanel.seen(some);
});
let seenBefore = false;
async function catchUp() {
  try {
    const { items } = await get("/v1/launches", { limit: FIRST });
    launchList.add(items, true);
    if (!seenBefore) {
      seenBefore = true;
      policyPanel.seen(items);
    }
  } catch {
    // The line at the top says so.
  }
}
listen(
  "/v1/launches/stream",
  {
    launch: (launch) => {
      arrived.push(launch);
      take();
    },
    // The daemon drops what a slow reader does not take: its list has the last ones.
    lost: catchUp,
  },
  catchUp,
);
repeat(look, SOON);
repeat(lookAround, SELDOM);
auditPanel.load();
