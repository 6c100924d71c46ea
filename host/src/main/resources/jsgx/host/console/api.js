// The admin API from the page: requests with a deadline, problems as errors, streams that come back.

import { events } from "./events.js";

const DEADLINE = 10_000;
const RETRY = 2_000;
const SESSION = "jsgx-session";
const ARRIVAL = "#session=";

// Half of the session is the browser's cookie, which goes to every port of this host. The other half comes in the fragment of the address, is
// sent in a header by this page alone, and is kept where no other origin can read it.
if (location.hash.startsWith(ARRIVAL)) {
  sessionStorage.setItem(SESSION, location.hash.slice(ARRIVAL.length));
  history.replaceState(null, "", location.pathname);
}
const session = () => ({ "X-Jsgx-Console": sessionStorage.getItem(SESSION) ?? "" });

/** What the server answered instead: an RFC 9457 problem, or that there was no answer. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `the daemon answered with status ${status}`);
    this.status = status;
    this.body = body;
  }
}

const watchers = [];
/** What does not answer now: requests, or a stream by its path. */
const silent = new Set();
let loggedIn = true;
let current = new Date();
let told = { staleSince: null, loggedIn: true };

/** Whether what the page shows is current: tells each change of {staleSince, loggedIn}. */
export function watchConnection(watcher) {
  watchers.push(watcher);
  watcher(told);
}

function hears(what, answers) {
  if (answers) {
    silent.delete(what);
  } else {
    silent.add(what);
  }
  if (silent.size === 0) {
    current = new Date();
  }
  const staleSince = silent.size === 0 ? null : (told.staleSince ?? current);
  if (staleSince !== told.staleSince || loggedIn !== told.loggedIn) {
    told = { staleSince, loggedIn };
    watchers.forEach((watcher) => watcher(told));
  }
}

async function request(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      headers: {
        Accept: "application/json",
        ...session(),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE),
    });
  } catch (e) {
    hears("requests", false);
    throw new Problem(0, {
      title: "no answer from the daemon",
      detail: e.name === "TimeoutError" ? `no answer from the daemon within ${DEADLINE / 1000} s` : "no answer from the daemon",
      advice: "look whether it runs: jsgx host status",
    });
  }
  let answer = {};
  try {
    answer = await response.json();
  } catch {
    // Without a body, or without JSON: the status says it all.
  }
  loggedIn = response.status !== 401;
  hears("requests", loggedIn && response.status < 500);
  if (!response.ok) {
    throw new Problem(response.status, answer);
  }
  return answer;
}

export const get = (path, query = {}) => {
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined));
  return request("GET", parameters.size > 0 ? `${path}?${parameters}` : path);
};
export const post = (path, body = {}) => request("POST", path, body);
export const put = (path, body) => request("PUT", path, body);
export const patch = (path, body) => request("PATCH", path, body);
export const remove = (path, query) => request("DELETE", `${path}?${new URLSearchParams(query)}`);

/** A defect of whoever takes an event goes to the page's log, and ends no stream. */
function take(taker, data) {
  try {
    taker?.(JSON.parse(data));
  } catch (e) {
    console.error(e);
  }
}

/** Ends the session, and shows the page of a browser that has none. */
export async function logout() {
  try {
    await request("POST", "/logout");
  } catch (e) {
    if (e.status !== 401) {
      throw e;
    }
  }
  sessionStorage.removeItem(SESSION);
  location.reload();
}

/**
 * Listens to a stream of server-sent events for as long as the page is open or until the function that it returns is called: `received`
 * has a function for each kind of event. `opened` is called at each beginning, also after a break, so that what was missed can be read.
 */
export function listen(path, received, opened) {
  let stop;
  let timer;
  let closed = false;
  const open = async () => {
    stop = new AbortController();
    try {
      const response = await fetch(path, {
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        headers: { Accept: "text/event-stream", ...session() },
        signal: stop.signal,
      });
      loggedIn = response.status !== 401;
      if (response.ok) {
        hears(path, true);
        opened();
        for await (const { event, data } of events(response.body)) {
          take(received[event], data);
        }
      }
    } catch {
      // It broke.
    }
    if (!closed) {
      // However it ended: it is tried again at one pace.
      hears(path, false);
      timer = setTimeout(open, RETRY);
    }
  };
  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    stop.abort();
    hears(path, true);
  };
}
