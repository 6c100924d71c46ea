package jsgx.study.calibration;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import jsgx.launch.LaunchException;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;

/**
 * Measures on this machine what each step of a launch costs, with the parts of {@code launch} that do it. A step is done until it is warm, and then again
 * and again in four parts, between which all other steps have their turn.
 *
 * <p>Not measured is what a machine does that was idle or is out of memory: files were just written and are in the page cache; each
 * step is alone.
 *
 * <pre>{@code
 * CostsFile measured = Calibration.full().measure();
 * }</pre>
 */
public final class Calibration {

    private static final int PARTS = 4;
    private static final long FULL_PART = 40_000_000;
    private static final long QUICK_PART = 16_000_000;

    private final long nanosOfPart;
    private final String launchEnclave;
    private final Machines machines;
    private final Path folder;
    private final InstantSource clock;
    private final Consumer<String> progress;

    private Calibration(
            long nanosOfPart,
            String launchEnclave,
            Machines machines,
            Path folder,
            InstantSource clock,
            Consumer<String> progress) {
        this.nanosOfPart = nanosOfPart;
        this.launchEnclave = launchEnclave;
        this.machines = machines;
        this.folder = folder;
        this.clock = clock;
        this.progress = progress;
    }

    /** One of about five seconds. */
    public static Calibration full() {
        return of(FULL_PART);
    }

    /** One of about three seconds, with fewer samples of what is slow. */
    public static Calibration quick() {
        return of(QUICK_PART);
    }

    private static Calibration of(long nanosOfPart) {
        return new Calibration(
                nanosOfPart,
                "java",
                Machines.JAVA,
                Path.of(System.getProperty("java.io.tmpdir")),
                InstantSource.system(),
                step -> {});
    }

    /**
     * With another launch enclave.
     *
     * @param name how the costs file names it
     */
    public Calibration withLaunchEnclave(String name, Machines other) {
        return new Calibration(nanosOfPart, name, other, folder, clock, progress);
    }

    /** With its files in a temporary folder in this one, whose disk is the one that is measured; without it, in that for temporary files. */
    public Calibration in(Path parent) {
        return new Calibration(nanosOfPart, launchEnclave, machines, parent, clock, progress);
    }

    /** With somebody who hears which step is next. */
    public Calibration withProgress(Consumer<String> listener) {
        return new Calibration(nanosOfPart, launchEnclave, machines, folder, clock, listener);
    }

    /**
     * Measures each step. Nothing is left behind.
     *
     * @throws LaunchException where launch control cannot use the folder
     * @throws IOException where it cannot be written
     */
    public CostsFile measure() throws LaunchException, IOException {
        Path scratch = Files.createTempDirectory(folder, "jsgx");
        try {
            return measureIn(scratch);
        } finally {
            remove(scratch);
        }
    }

    private CostsFile measureIn(Path scratch) throws LaunchException, IOException {
        Instant begun = clock.instant();
        Map<Step, Sampler> samplers = new EnumMap<>(Step.class);
        try (Opened opened = new Opened()) {
            StoreProbes store = opened.keep(new StoreProbes(scratch), StoreProbes::close);
            for (Step step : Step.values()) {
                progress.accept(step.toString());
                Probe probe = opened.keep(probe(step, scratch, store), Probe::close);
                Sampler sampler = new Sampler(probe, nanosOfPart);
                sampler.warmUp(warmUp(step));
                samplers.put(step, sampler);
            }
            for (int part = 1; part <= PARTS; part++) {
                for (Map.Entry<Step, Sampler> sampler : samplers.entrySet()) {
                    progress.accept("%s, part %d of %d".formatted(sampler.getKey(), part, PARTS));
                    sampler.getValue().part(PARTS);
                }
            }
        }
        Map<Step, long[]> nanos = new EnumMap<>(Step.class);
        Map<Step, Double> spread = new EnumMap<>(Step.class);
        samplers.forEach((step, sampler) -> {
            nanos.put(step, sampler.times());
            spread.put(step, Math.rint(sampler.spread() * 100) / 100);
        });
        return new CostsFile(new Costs(machine(scratch), nanos), begun, launchEnclave, spread);
    }

    /** For how many parts a step is done before it is measured: the processor model's code is long, and slow until it is compiled. */
    private static int warmUp(Step step) {
        return step == Step.LAUNCH_ENCLAVE || step == Step.EINIT ? 30 : 3;
    }

    private Probe probe(Step step, Path scratch, StoreProbes store) throws LaunchException, IOException {
        return switch (step) {
            case GOVERN -> PlatformProbes.govern(scratch.resolve("govern"));
            case LAUNCH_ENCLAVE -> PlatformProbes.launchEnclave(machines);
            case KERNEL_HIT -> PlatformProbes.kernelHit();
            case KERNEL_KEEP -> CacheProbes.keep();
            case STORE_MEMORY -> store.memory();
            case STORE_DISK -> store.disk();
            case STORE_KEEP -> store.keep();
            case SOCKET -> new SocketProbe(scratch);
            case ISSUE -> PlatformProbes.issue(scratch.resolve("issue"));
            case EINIT -> PlatformProbes.einit();
            case REVOKE -> new RevokeProbe(scratch.resolve("revoke"));
            case PURGE_KERNEL -> CacheProbes.purge();
            case PURGE_STORE -> store.purge();
            case PURGE_STORE_TOKEN -> store.purgeToken();
        };
    }

    /** What this machine is, without saying whose: processor, system, Java, and the file system that was measured. */
    private static String machine(Path folder) throws IOException {
        return String.format(
                Locale.ROOT,
                "%s, %d processors, %s %s, Java %s, files on %s",
                processor(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                Runtime.version(),
                Files.getFileStore(folder).type());
    }

    private static String processor() throws IOException {
        Path info = Path.of("/proc/cpuinfo");
        if (Files.isReadable(info)) {
            try (Stream<String> lines = Files.lines(info)) {
                return lines.filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .findFirst()
                        .orElse(System.getProperty("os.arch"));
            }
        }
        return System.getProperty("os.arch");
    }

    private static void remove(Path scratch) throws IOException {
        try (Stream<Path> files = Files.walk(scratch)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private interface Closing<T> {
        void close(T part) throws LaunchException, IOException;
    }

    private interface Close {
        void close() throws LaunchException, IOException;
    }

    /** What is open, and is closed in reverse whatever happens. */
    private static final class Opened implements AutoCloseable {

        private final Deque<Close> open = new ArrayDeque<>();

        <T> T keep(T part, Closing<T> closing) {
            open.push(() -> closing.close(part));
            return part;
        }

        @Override
        public void close() throws LaunchException, IOException {
            if (!open.isEmpty()) {
                Close next = open.pop();
                try (this) {
                    next.close();
                }
            }
        }
    }
}
