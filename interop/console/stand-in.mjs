// A stand-in for the daemon, for what no real host shows on demand: thousands of enclaves, storms of launches, hostile names, a daemon
// that dies. It answers as openapi.yaml says, and only on loopback.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const FILES = fileURLToPath(new URL("../../host/src/main/resources/jsgx/host/console/", import.meta.url));
const PAGES = fileURLToPath(new URL("../../host/src/main/java/jsgx/host/console/ConsolePages.java", import.meta.url));
const TYPES = { html: "text/html; charset=utf-8", css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8", svg: "image/svg+xml" };

/** The policy that the real pages are served with, as the source has it. */
function contentSecurityPolicy() {
  const source = readFileSync(PAGES, "utf8");
  const [, words] = /"Content-Security-Policy",\s*((?:"[^"]*"[\s+]*)+)\)/.exec(source);
  return [...words.matchAll(/"([^"]*)"/g)].map(([, part]) => part).join("");
}

/** What the page must say with each request. */
const SESSION = "of-the-stand-in";

const hash = (word) => createHash("sha256").update(String(word)).digest("hex");

/** Begins one on a free port: {url, launch(launch), streams, requests, state, close()}. */
export async function standIn() {
  const streams = new Set();
  const requests = [];
  const state = {
    workloads: ["uid:1000", "uid:1001", "cgroup:/prod/web"],
    enclaves: 12,
    launches: [],
    maxBytes: 1 << 20,
    limits: new Map(),
    refuse: null,
    loggedOut: false,
  };
  const csp = contentSecurityPolicy();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://stand-in");
    let text = "";
    for await (const chunk of request) {
      text += chunk;
    }
    requests.push({ method: request.method, path: url.pathname, body: text, headers: request.headers });
    const answer = (status, body, type = "application/json") => {
      response.writeHead(status, { "Content-Type": type });
      response.end(JSON.stringify(body));
    };
    const name = url.pathname === "/" ? "index.html" : url.pathname.slice(1);
    if (/^[a-z]+\.(html|css|js|svg)$/.test(name)) {
      response.writeHead(200, { "Content-Type": TYPES[name.split(".").at(-1)], "Content-Security-Policy": csp, "Cache-Control": "no-cache" });
      response.end(readFileSync(FILES + name));
    } else if (state.loggedOut || request.headers["x-jsgx-console"] !== SESSION) {
      answer(401, { title: "Not logged in", status: 401, detail: "this browser has not logged in" }, "application/problem+json");
    } else if (url.pathname === "/logout") {
      state.loggedOut = true;
      response.writeHead(204);
      response.end();
    } else if (url.pathname.endsWith("/stream")) {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write(": begun\n\n");
      if (url.pathname.includes("launches")) {
        streams.add(response);
        response.on("close", () => streams.delete(response));
      }
    } else if (state.refuse && request.method !== "GET") {
      answer(422, { title: "refused", status: 422, detail: state.refuse }, "application/problem+json");
    } else {
      const body = text === "" ? {} : JSON.parse(text);
      const made = answers(state, request.method, url, body);
      if (made) {
        answer(200, made);
      } else {
        answer(404, { title: "not found", status: 404, detail: `nothing is at ${url.pathname}` }, "application/problem+json");
      }
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/#session=${SESSION}`,
    state,
    streams,
    requests,
    launch(launch) {
      state.launches.unshift(launch);
      state.launches.length = Math.min(state.launches.length, 200);
      const event = `event: launch\nid: ${launch.id}\ndata: ${JSON.stringify(launch)}\n\n`;
      streams.forEach((stream) => stream.write(event));
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function answers(state, method, url, body) {
  const workload = (i) => state.workloads[i % state.workloads.length];
  const changed = /^\/v1\/cache\/workloads\/(.+)$/.exec(url.pathname);
  if (changed) {
    const name = decodeURIComponent(changed[1]);
    state.limits.set(name, { floor: 0, ceiling: null, ...state.limits.get(name), ...body });
    return answers(state, "GET", new URL("http://stand-in/v1/cache"), {});
  }
  switch (url.pathname) {
    case "/v1/health":
      return { status: "ok", services: [{ name: "driver", trouble: "" }] };
    case "/v1/host":
      return {
        version: "0.1.0",
        platform: { id: hash("platform").slice(0, 32), leMrsigner: hash("le"), leProfile: "v5", sgx2: true, flc: true, kss: false, epc: 134217728 },
        placement: "kernel",
        scheme: "lru",
        revision: 3,
        uptimeSeconds: 4711,
        state: "/tmp/state",
        policy: { state: "in-force", sequence: 0, signed: false },
        services: [],
      };
    case "/v1/epc":
      return {
        pages: 32768,
        free: 9000,
        reclaimed: 512,
        workloads: state.workloads.map((name, i) => ({ workload: name, pages: 20000 >> i, quota: i === 1 ? 16384 : null })),
      };
    case "/v1/enclaves":
      return {
        items: Array.from({ length: state.enclaves }, (_, i) => ({
          id: i + 1,
          workload: workload(i),
          pid: 1000 + i,
          interface: "mainline",
          mrenclave: hash(`enclave ${i % 97}`),
          mrsigner: hash(`signer ${i % 7}`),
          product: i % 5,
          svn: 1,
          size: 1 << 22,
          residentPages: 4 + ((i * 7919) % 300),
          reclaimedPages: i % 4 === 0 ? (i * 31) % 200 : 0,
          initialized: true,
          since: "2026-01-01T08:00:00Z",
        })),
      };
    case "/v1/cache":
      if (method === "PATCH" && body.maxBytes !== undefined) {
        state.maxBytes = body.maxBytes;
      }
      return {
        placement: "kernel",
        scheme: "lru",
        maxBytes: state.maxBytes,
        maxEntries: null,
        entryBytes: 648,
        bytes: 6480,
        entries: 10,
        defaultCeiling: null,
        statistics: { hits: 90, misses: 10, loads: 10, loadFailures: 0, joins: 0, evictions: {} },
        workloads: state.workloads.map((name, i) => ({
          workload: name,
          bytes: 648 * (i + 1),
          entries: i + 1,
          floor: 0,
          ceiling: null,
          limits: state.limits.has(name) ? "operator" : "default",
          hits: 30,
          misses: 3,
          loads: 3,
          loadFailures: 0,
          joins: 0,
          evictions: 0,
          ...state.limits.get(name),
        })),
      };
    case "/v1/history": {
      const points = (make) => Array.from({ length: 120 }, (_, i) => make(i));
      return {
        seconds: points((i) => 1_800_000_000 + 5 * i),
        launches: points((i) => Math.round(20 + 15 * Math.sin(i / 9))),
        refused: points((i) => (i % 17 === 0 ? 2 : 0)),
        epcUsed: points((i) => 20000 + 10 * i),
        hitRatio: points((i) => (i < 20 ? null : 0.9)),
        leMicrosP50: points((i) => (i < 20 ? null : 38)),
        leMicrosP99: points((i) => (i < 20 ? null : 70 + (i % 9))),
      };
    }
    case "/v1/launches":
      return { items: state.launches };
    case "/v1/policy":
      return {
        state: "in-force",
        reason: "",
        text: state.policy ?? "version: 1\ndefault: allow\n",
        file: "policy.yaml",
        revision: 3,
        sequence: 0,
        signed: false,
        mode: "enforce",
        default: "allow",
        rules: (state.rules ?? ["team a"]).map((rule, i) => ({ rule, effect: ["allow", "deny", "warn"][i % 3], where: `policy.yaml:${4 + i}` })),
        counts: { rules: 1, allow: 1, warn: 0, deny: 0, enclaves: 0, signers: 0, residual: 0, expressions: 0 },
        quotas: [],
      };
    case "/v1/revocations":
      return { revision: 3, items: state.revocations ?? [] };
    case "/v1/audit":
      return { items: state.audit ?? [], more: false };
    default:
      return null;
  }
}

let number = 0;

/** A launch, made up. */
export function madeUp(fields = {}) {
  number++;
  return {
    id: `launch-${number}`,
    time: new Date().toISOString(),
    workload: "uid:1000",
    pid: 4711,
    interface: "mainline",
    mrenclave: hash(`enclave ${number % 97}`),
    mrsigner: hash("signer"),
    product: 0,
    svn: 0,
    verdict: "launched",
    stage: "leaf",
    code: "SGX_SUCCESS",
    rule: "team a",
    reason: "",
    tokenSource: "none",
    micros: { policy: 1, token: 0, audit: 170, einit: 11, total: 182 },
    revision: 3,
    ...fields,
  };
}
