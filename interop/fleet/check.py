"""Three daemons of one fleet, as interop/fleet/run says. Shares no code with jsgx: it speaks HTTP and Redis by itself."""

import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

STATE = sys.argv[1]
JSGX = sys.argv[2:]
HOSTS = 3
REVOCATIONS = 30
WITHIN = 1.0


class Unix(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


class Engine:
    """A Redis server of our own, which keeps what it has through a kill."""

    def __init__(self):
        self.folder = f"{STATE}/engine"
        os.mkdir(self.folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self):
        log = open(f"{self.folder}/log", "ab")
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder,
             "--appendonly", "yes", "--appendfsync", "always", "--save", ""],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until("the engine answers", lambda: self.ask("PING") == "PONG")

    def connect(self):
        return Redis(self.port)

    def ask(self, *words):
        try:
            redis = self.connect()
            try:
                return redis.ask(*words)
            finally:
                redis.close()
        except OSError:
            return None


class Redis:
    """One connection."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def send(self, *words):
        parts = [w.encode() if isinstance(w, str) else w for w in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))

    def read(self):
        line = self.file.readline()
        if not line:
            raise OSError("the engine has gone")
        kind, rest = line[:1], line[1:-2].decode()
        if kind in b"+-":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == "-1" else self.file.read(int(rest) + 2)[:-2].decode()
        return [self.read() for _ in range(int(rest))]

    def ask(self, *words):
        self.send(*words)
        return self.read()

    def close(self):
        self.file.close()
        self.socket.close()


class Daemon:
    """jsgx serve."""

    def __init__(self, number, engine):
        self.name = f"host-{number}"
        self.home = f"{STATE}/{self.name}"
        self.run = f"{STATE}/run-{number}"
        self.configuration = f"{STATE}/{self.name}.yaml"
        with open(self.configuration, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
            out.write(f"fleet:\n  engine: redis://127.0.0.1:{engine.port}\n  namespace: lane\nconsole:\n  listen: none\n")
        self.start()

    def start(self):
        self.log = open(f"{STATE}/{self.name}.log", "ab")
        self.process = subprocess.Popen(
            JSGX + ["serve", "--config", self.configuration, "--run-folder", self.run,
                    "--aesm-socket", f"{self.run}/aesm.socket"],
            env={**os.environ, "JSGX_HOME": self.home, "JSGX_RUN": "none"},
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def ask(self, method, path, body=None):
        """The status and the document of an answer; 0 where there is none."""
        connection = Unix(f"{self.run}/admin.socket")
        try:
            headers = {"Content-Type": "application/json"} if body else {}
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException):
            return 0, {}
        finally:
            connection.close()

    def ready(self):
        return self.ask("GET", "/v1/ready")[0] == 200

    def revoke(self, signer):
        return self.ask("POST", "/v1/revocations", {"signer": signer})

    def has(self, signer):
        """Whether this is in force: launches are judged by the list that this shows."""
        return signer in json.dumps(self.ask("GET", "/v1/revocations")[1].get("items", []))


def until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.001)


def signer(number):
    return f"{number:064x}"


def round_trip(engine):
    """Milliseconds from PUBLISH to the message at a subscriber in the same process, the median of many."""
    there, here = engine.connect(), engine.connect()
    here.ask("SUBSCRIBE", "bare")
    times = []
    for i in range(300):
        begun = time.perf_counter()
        there.send("PUBLISH", "bare", str(i))
        here.read()
        times.append((time.perf_counter() - begun) * 1000)
        there.read()
    there.close()
    here.close()
    return statistics.median(times)


def reaches_all(engine, daemons):
    """From when a revocation is asked for on one host until each host has it in force."""
    worst = []
    for n in range(REVOCATIONS):
        which = signer(1000 + n)
        asked = daemons[n % HOSTS]
        seen = {}

        def watch(daemon):
            until(f"{daemon.name} has it", lambda: daemon.has(which))
            seen[daemon.name] = time.monotonic()

        watchers = [threading.Thread(target=watch, args=[each]) for each in daemons]
        begun = time.monotonic()
        for each in watchers:
            each.start()
        status, answer = asked.revoke(which)
        assert status == 200, answer
        for each in watchers:
            each.join()
        assert len(seen) == HOSTS, f"a revocation did not reach all: {seen}"
        worst.append(max(seen.values()) - begun)
    bare = round_trip(engine)
    median = statistics.median(worst) * 1000
    print(f"fleet revocation: in force on {HOSTS} daemons, ms: median {median:.1f}, longest {max(worst) * 1000:.1f}; "
          f"a bare PUBLISH to its subscriber {bare:.2f}; the median is {median / bare:.0f} times that")
    assert max(worst) < WITHIN, f"a revocation took {max(worst):.3f} s, expected less than {WITHIN} s"


def silence(engine, daemons):
    """An engine whose connections are there and which does not answer."""
    engine.process.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    for each in daemons:
        until(f"{each.name} refuses", lambda: each.ask("GET", "/v1/fleet")[1].get("mayLaunch") is False)
    print(f"fleet silence: all refuse {time.monotonic() - begun:.1f} s after the engine fell silent, the lease is 1 s")
    status, answer = daemons[0].ask("GET", "/v1/ready")
    assert status == 503 and "lease" in json.dumps(answer), answer
    engine.process.send_signal(signal.SIGCONT)
    for each in daemons:
        until(f"{each.name} goes on", each.ready)
    print("fleet silence: passed")


def killed_engine(engine, daemons):
    """An engine that is killed, and a revocation meanwhile."""
    engine.process.kill()
    engine.process.wait()
    for each in daemons:
        until(f"{each.name} refuses", lambda: each.ask("GET", "/v1/fleet")[1].get("mayLaunch") is False)
    status, answer = daemons[1].revoke(signer(7))
    assert status == 409 and "is revoked, but" in json.dumps(answer), (status, answer)
    engine.start()
    for each in daemons:
        until(f"{each.name} has what was revoked meanwhile", lambda: each.has(signer(7)))
        until(f"{each.name} goes on", each.ready)
        assert each.has(signer(1000)), "what was revoked before"
    print("fleet killed engine: passed")


def killed_daemon(engine, daemons):
    """A daemon that is killed while it records and streams, several times."""
    victim = daemons[2]
    for n in range(3):
        stop = threading.Event()

        def write():
            while not stop.is_set():
                victim.ask("POST", "/v1/cache/flush")

        writers = [threading.Thread(target=write) for _ in range(2)]
        for each in writers:
            each.start()
        time.sleep(0.3 + 0.2 * n)
        victim.process.kill()
        victim.process.wait()
        stop.set()
        for each in writers:
            each.join()
        daemons[0].revoke(signer(50 + n))
        victim.start()
        until("it is back", victim.ready, 120)
        until("it has what was revoked meanwhile", lambda: victim.has(signer(50 + n)))
    for each in daemons:
        until(f"{each.name} has streamed all", lambda: each.ask("GET", "/v1/fleet")[1].get("auditLagMillis") == 0)
    time.sleep(1)
    redis = engine.connect()
    last = {}
    records = 0
    position = "-"
    while True:
        page = redis.ask("XRANGE", "jsgx:lane:audit", position, "+", "COUNT", "1000")
        for where, fields in page:
            values = dict(zip(fields[::2], fields[1::2]))
            number = json.loads(values["entry"])["number"]
            before = last.get(values["platform"], 0)
            assert number == before + 1, f"record {number} of {values['platform']} after record {before}"
            last[values["platform"]] = number
            records += 1
            position = "(" + where
        if not page:
            break
    redis.close()
    assert len(last) == HOSTS, last
    print(f"fleet killed daemon: passed: {records} records of {HOSTS} hosts, each once and in order")


def main():
    engine = Engine()
    daemons = []
    try:
        daemons.extend(Daemon(n, engine) for n in range(HOSTS))
        for each in daemons:
            until(f"{each.name} serves", each.ready, 180)
        for step in (reaches_all, silence, killed_engine, killed_daemon):
            step(engine, daemons)
    finally:
        for each in daemons:
            each.process.terminate()
        for each in daemons:
            try:
                each.process.wait(20)
            except subprocess.TimeoutExpired:
                each.process.kill()
                each.process.wait()
        engine.process.send_signal(signal.SIGCONT)
        engine.process.kill()
        engine.process.wait()
        if sys.exc_info()[0]:
            for each in daemons:
                with open(f"{STATE}/{each.name}.log") as log:
                    sys.stderr.write(f"== {each.name}\n{log.read()[-4000:]}\n")


main()
