package jsgx.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import jsgx.arch.struct.Attributes;
import jsgx.driver.Decision;
import jsgx.driver.InterfaceKind;
import jsgx.driver.LaunchRequest;
import jsgx.driver.TokenSupplier;
import jsgx.driver.Workload;
import jsgx.host.aesm.AesmOptions;
import jsgx.host.aesm.AesmService;
import jsgx.host.config.HostOptions;
import jsgx.host.peer.Peer;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.host.session.DriverSocket;
import jsgx.launch.Governance;
import jsgx.launch.LeAuthority.Answer;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;
import jsgx.launch.RunningPlatform;
import jsgx.launch.audit.AuditLog;
import jsgx.launch.audit.AuditOptions;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.CacheSettings;
import jsgx.launch.governor.Governor;
import jsgx.launch.governor.IssuedToken;
import jsgx.launch.governor.Placement;
import jsgx.launch.governor.TokenIssue;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.token.TokenSource;
import jsgx.machine.SharedEpc;
import jsgx.machine.linux.UnixConnection;

/**
 * The sockets of a host, server and clients in one run: a token against a bare echo of as many bytes, tokens a second from 64 connections, what a
 * change of policy and cache costs those who ask meanwhile, what one workload's storm costs another, on the AESM socket and on the driver's, and idle connections to a whole
 * daemon. The peer is the v5 series' design behind the same socket: one launch enclave, one lock, no policy, no cache. Records are {@code async}.
 *
 * <p>{@code build/bench-serve [SECONDS [aesm|launches|idle]]} runs it, or a part; SECONDS is how long the run from 64 connections takes, 60 where nothing is
 * said.
 */
public final class ServeBenchmark {

    private static final int CONNECTIONS = 64;
    private static final int IDLE = 10_000;
    private static final int ROUNDS = 30_000;
    private static final int SIGSTRUCT = 1808;

    /** From one request to the next of a client whose answers are timed beside something else. */
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(4);

    private static final long LAUNCH_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

    private static final int PACED = 8;
    private static final Attributes ATTRIBUTES = new Attributes(Attributes.MODE64BIT, 3);

    private final Path folder;
    private final int seconds;

    private ServeBenchmark(Path folder, int seconds) {
        this.folder = folder;
        this.seconds = seconds;
    }

    public static void main(String[] args) throws Exception {
        Path folder = Files.createTempDirectory("jb");
        try {
            new ServeBenchmark(folder, args.length == 0 ? 60 : Integer.parseInt(args[0]))
                    .run(args.length < 2 ? List.of("aesm", "launches", "idle") : List.of(args[1]));
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder()).forEach(ServeBenchmark::delete);
            }
        }
        System.exit(0);
    }

    private void run(List<String> parts) throws Exception {
        for (String part : parts) {
            switch (part) {
                case "aesm" -> tokens();
                case "launches" -> launches();
                case "idle" -> idle();
                default -> throw new IllegalArgumentException("expected aesm, launches or idle, not " + part);
            }
        }
    }

    private void tokens() throws Exception {
        Path state = folder.resolve("state");
        try (Governance governance = Governance.in(state, InstantSource.system(), Durability.ASYNC);
                RunningPlatform running = RunningPlatform.of(
                        PlatformFile.in(state).loadOrCreate(),
                        governance.options().withPlacement(Placement.KERNEL))) {
            Governor governor = running.governor();
            Path socket = folder.resolve("aesm");
            Path echo = echo(folder.resolve("echo"));
            AesmService service = serve(socket, governor::issueToUserSpace);
            AesmLoad.many(socket, CONNECTIONS, 0, TimeUnit.SECONDS.toNanos(10));

            latency(echo, socket);
            double tokens = rate("tokens from the kernel's cache", socket, seconds);
            String who =
                    "%d clients that ask for a token each %d ms".formatted(PACED, TimeUnit.NANOSECONDS.toMillis(PAUSE));
            Measured paced = () -> AesmLoad.many(socket, PACED, PAUSE, TimeUnit.SECONDS.toNanos(10));
            changes(who, governance, governor, paced);
            storm(who, AesmLoad.class, socket, paced);
            service.stop(Duration.ofSeconds(1));

            peer(tokens);
        }
    }

    private static AesmService serve(Path socket, AesmService.Issuer issuer) throws HostException {
        AesmService service =
                new AesmService(AesmOptions.at(socket, Durability.ASYNC), issuer, ServeBenchmark::workloadOf);
        service.start();
        return service;
    }

    /** Clients in this process are one workload, those of others another. */
    private static Peer workloadOf(UnixConnection connection) throws IOException {
        int pid = connection.credentials().pid();
        return new Peer(pid, 0, 0, new Workload(pid == ProcessHandle.current().pid() ? "own" : "other"));
    }

    /** Answers as many bytes as a token's answer has for as many as a request has, a thread for each connection. */
    private static Path echo(Path socket) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        Thread.ofPlatform().daemon().start(() -> {
            while (true) {
                try {
                    SocketChannel channel = server.accept();
                    Thread.ofPlatform().daemon().start(() -> echo(channel));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        return socket;
    }

    private static void echo(SocketChannel channel) {
        ByteBuffer request = ByteBuffer.allocateDirect(AesmLoad.REQUEST);
        ByteBuffer answer = ByteBuffer.allocateDirect(AesmLoad.ANSWER);
        try (channel) {
            while (true) {
                request.clear();
                while (request.hasRemaining()) {
                    if (channel.read(request) < 0) {
                        return;
                    }
                }
                channel.write(answer.clear());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void latency(Path echo, Path socket) throws IOException {
        AesmLoad.alone(echo, ROUNDS);
        AesmLoad.alone(socket, ROUNDS);
        AesmLoad.Result bare = AesmLoad.alone(echo, ROUNDS);
        AesmLoad.Result token = AesmLoad.alone(socket, ROUNDS);
        bare = bare.with(AesmLoad.alone(echo, ROUNDS));
        token = token.with(AesmLoad.alone(socket, ROUNDS));
        System.out.printf(
                "one client: a token %.1f µs at the median (p99 %.0f), a bare echo %.1f µs (p99 %.0f): %.2f times; %d errors%n",
                token.micros(50),
                token.micros(99),
                bare.micros(50),
                bare.micros(99),
                token.micros(50) / bare.micros(50),
                token.errors());
    }

    private static double rate(String what, Path socket, int seconds) throws Exception {
        List<FutureTask<AesmLoad.Result>> halves = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            halves.add(
                    inBackground(() -> AesmLoad.many(socket, CONNECTIONS / 2, 0, TimeUnit.SECONDS.toNanos(seconds))));
        }
        AesmLoad.Result all = halves.get(0).get().with(halves.get(1).get());
        double rate = (double) all.nanos().length / seconds;
        System.out.printf(
                "%d connections, %d s: %,.0f a second, %s; %d errors; p50 %.0f µs, p99 %.0f µs%n",
                CONNECTIONS, seconds, rate, what, all.errors(), all.micros(50), all.micros(99));
        return rate;
    }

    /** Paced clients at rest, and while policies are exchanged and the cache is resized: now and then, and all the time. */
    private void changes(String who, Governance governance, Governor governor, Measured paced) throws Exception {
        for (Duration pause : List.of(Duration.ofSeconds(1), Duration.ofMillis(50))) {
            change(who, governance, governor, paced, pause);
        }
    }

    private void change(String who, Governance governance, Governor governor, Measured paced, Duration pause)
            throws Exception {
        Path[] policies = {policy(1), policy(2)};
        AesmLoad.Result rest = paced.run();
        AtomicBoolean ended = new AtomicBoolean();
        FutureTask<Integer> changes = inBackground(() -> {
            int count = 0;
            for (; !ended.get(); count++) {
                governance.installer().install(policies[count % 2], true);
                long size = (count % 2 + 1L) << 20;
                governor.cacheControl()
                        .change(
                                "benchmark",
                                now -> new CacheSettings(now.placement(), now.scheme(), size, now.maxEntries()));
                Thread.sleep(pause);
            }
            return count;
        });
        AesmLoad.Result meanwhile = paced.run();
        ended.set(true);
        int count = changes.get();
        rest = rest.with(paced.run());
        System.out.printf(
                "%s: p99 %.0f µs at rest, %.0f µs under %d reloads of a policy of 1,000 rules and as many changes of the cache's size: %.2f times; %d errors%n",
                who,
                rest.micros(99),
                meanwhile.micros(99),
                count,
                meanwhile.micros(99) / rest.micros(99),
                meanwhile.errors());
    }

    /** Paced clients, for some seconds. */
    private interface Measured {
        AesmLoad.Result run() throws IOException, InterruptedException;
    }

    private Path policy(int number) throws IOException {
        StringBuilder text = new StringBuilder("version: 1\ndefault: allow\nrules:\n");
        for (int i = 0; i < 1_000; i++) {
            text.append("  - {name: r%d, effect: deny, mrenclave: %064x}%n".formatted(i, 1_000L * number + i));
        }
        return Files.writeString(folder.resolve("policy" + number + ".yaml"), text);
    }

    /**
     * Paced clients alone, and beside another workload's storm: a process of its own that gets a processor where nobody else wants it (SCHED_IDLE), so that what is
     * measured is what this host does for the storm, not what the storm does itself.
     */
    private static void storm(String who, Class<?> load, Path socket, Measured paced)
            throws IOException, InterruptedException {
        AesmLoad.Result alone = paced.run();
        Process storm = new ProcessBuilder(
                        "chrt",
                        "--idle",
                        "0",
                        java(),
                        "-XX:+UseSerialGC",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        load.getName(),
                        socket.toString(),
                        Integer.toString(CONNECTIONS))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        AesmLoad.Result beside;
        try {
            Thread.sleep(3_000);
            beside = paced.run();
        } finally {
            storm.destroyForcibly().waitFor();
        }
        alone = alone.with(paced.run());
        System.out.printf(
                "%s: p99 %.0f µs alone, %.0f µs beside %d clients of another workload that ask without a pause: %.2f times; %d errors%n",
                who,
                alone.micros(99),
                beside.micros(99),
                CONNECTIONS,
                beside.micros(99) / alone.micros(99),
                beside.errors());
    }

    /** Paced launches over the driver's socket at rest, while policies are exchanged, and beside another workload's storm. */
    private void launches() throws Exception {
        Path state = folder.resolve("driver-state");
        Platform platform = PlatformFile.in(state).loadOrCreate();
        HostOptions options = HostOptions.at(state, folder.resolve("driver-run"), false);
        try (Governance governance = Governance.in(state, InstantSource.system(), Durability.ASYNC);
                SharedEpc epc = SharedEpc.allocate(platform.epcSections());
                RunningPlatform running = RunningPlatform.of(platform, governance.options())) {
            DriverSocket socket = new DriverSocket(
                    new HostContext(running, epc, governance, state, InstantSource.system()),
                    options,
                    ServeBenchmark::workloadOf);
            socket.start();
            try {
                DriverLoad load = DriverLoad.of(options.runFolder());
                load.many(CONNECTIONS, 0, TimeUnit.SECONDS.toNanos(10));
                Measured paced = () -> load.many(PACED, LAUNCH_PAUSE, TimeUnit.SECONDS.toNanos(10));
                String who = "%d clients that launch each %d ms over the driver's socket"
                        .formatted(PACED, TimeUnit.NANOSECONDS.toMillis(LAUNCH_PAUSE));
                changes(who, governance, running.governor(), paced);
                storm(who, DriverLoad.class, options.runFolder(), paced);
            } finally {
                socket.stop(Duration.ofSeconds(1));
            }
        }
    }

    /** The v5 series' design behind the same socket. */
    private void peer(double tokens) throws Exception {
        Path state = folder.resolve("v5");
        byte[] leSigner =
                HexFormat.of().parseHex(PlatformFile.in(state).loadOrCreate().leMrSigner());
        AuditOptions options = AuditOptions.defaults().withDurability(Durability.ASYNC);
        try (AuditLog audit = AuditLog.open(state.resolve("audit"), options, InstantSource.system());
                V5Authority v5 = new V5Authority(state, leSigner, audit)) {
            Path socket = folder.resolve("v5socket");
            AesmService service = serve(socket, (identity, workload) -> {
                long start = System.nanoTime();
                Decision decision = v5.decide(new LaunchRequest(
                        1,
                        InterfaceKind.V5,
                        workload,
                        MemorySegment.ofArray(new byte[SIGSTRUCT]).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE),
                        identity.mrEnclave(),
                        identity.mrSigner(),
                        ATTRIBUTES,
                        0,
                        0,
                        new byte[0],
                        TokenSupplier.AUTHORITY,
                        leSigner));
                if (!(decision instanceof Decision.Allow(byte[] token))) {
                    throw new IllegalStateException(decision.toString());
                }
                return new IssuedToken(
                        PolicyVerdict.allow("", "", 0),
                        new TokenIssue(new Answer.Granted(token), TokenSource.LAUNCH_ENCLAVE, "v5"),
                        System.nanoTime() - start);
            });
            AesmLoad.many(socket, CONNECTIONS, 0, TimeUnit.SECONDS.toNanos(5));
            double peers = rate("v5's design", socket, Math.min(seconds, 20));
            System.out.printf("tokens a second against v5's design: %.1f times%n", tokens / peers);
            service.stop(Duration.ofSeconds(1));
        }
    }

    /** A whole daemon, as {@code jsgx serve} starts it, with connections that say nothing. */
    private void idle() throws Exception {
        Path socket = folder.resolve("idle");
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("jsgx.root"), "jsgx").toString(),
                "serve",
                "--aesm-socket",
                socket.toString(),
                "--console-listen",
                "none");
        builder.environment().put("JSGX_HOME", folder.resolve("idle-state").toString());
        builder.environment().put("JSGX_RUN", folder.resolve("run").toString());
        Process daemon = builder.redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<SocketChannel> idle = new ArrayList<>();
        try {
            for (int i = 0; !Files.exists(socket); i++) {
                if (i > 1_200 || !daemon.isAlive()) {
                    throw new IOException("jsgx serve does not serve");
                }
                Thread.sleep(100);
            }
            AesmLoad.alone(socket, 1_000);
            long before = residentKilobytes(daemon.pid());
            for (int i = 0; i < IDLE; i++) {
                idle.add(AesmLoad.connect(socket));
            }
            AesmLoad.Result beside = AesmLoad.alone(socket, 1_000);
            System.out.printf(
                    "a daemon with %,d idle connections: %d MiB resident, %d MiB before them; of 256 MiB: %.2f; %d errors beside them%n",
                    IDLE,
                    residentKilobytes(daemon.pid()) >> 10,
                    before >> 10,
                    residentKilobytes(daemon.pid()) / (256.0 * 1024),
                    beside.errors());
        } finally {
            for (SocketChannel channel : idle) {
                channel.close();
            }
            daemon.destroy();
            daemon.waitFor(30, TimeUnit.SECONDS);
            daemon.destroyForcibly();
        }
    }

    private static long residentKilobytes(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static <T> FutureTask<T> inBackground(Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        Thread.ofPlatform().daemon().start(task);
        return task;
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
