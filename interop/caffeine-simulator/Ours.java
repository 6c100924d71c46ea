import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import jsgx.driver.Workload;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.cache.KernelTokenCache;
import jsgx.launch.cache.Lookup;
import jsgx.launch.cache.Scheme;
import jsgx.launch.token.TokenKey;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.simulation.Simulator;
import jsgx.study.trace.Event;
import jsgx.study.trace.Trace;
import jsgx.study.trace.TraceBuilder;
import jsgx.study.workload.Workloads;

/**
 * The launches of shipped workloads as one stream of keys: written for Caffeine's simulator, and, after that ran, sent through the kernel's cache with
 * each scheme, and compared.
 */
final class Ours {

    private static final List<String> WORKLOADS = List.of(
            "one-application", "unrelated-applications", "function-storm", "scans", "attacker", "mixed-day");

    /** Entries of the cache, in parts of the enclaves that there are. */
    private static final double[] PARTS = {0.1, 0.4};

    /** Fewer are no test of a policy that divides them: the simulator's S3-FIFO does not end with 8. */
    private static final int LEAST_ENTRIES = 20;

    /** How often a policy with chance in it is run, each time with other numbers for the same keys: one run of Caffeine is up to a point beside another. */
    private static final int NUMBERINGS = 20;

    private static final double MOST_POINTS = 0.5;

    /** W-TinyLFU admits by chance where Caffeine does, but does not know what is warm: it may be better by so much, and no worse than the others. */
    private static final double MOST_POINTS_BETTER = 1;

    /** With fewer entries the window has one, and chance decides. */
    private static final int LEAST_ENTRIES_OF_A_WINDOW = 100;

    private static final Map<Scheme, String> POLICIES = policies();

    private Ours() {}

    private static Map<Scheme, String> policies() {
        Map<Scheme, String> policies = new EnumMap<>(Scheme.class);
        policies.put(Scheme.LRU, "linked.Lru");
        policies.put(Scheme.LFU, "linked.Lfu");
        policies.put(Scheme.FIFO, "linked.Fifo");
        policies.put(Scheme.S3_FIFO, "two-queue.S3Fifo");
        return policies;
    }

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[1]);
        List<String> runs = new ArrayList<>();
        int wrong = 0;
        for (String name : WORKLOADS) {
            Trace trace = plain(Workloads.named(name).trace(7, 0.5));
            for (double part : PARTS) {
                int entries = (int) (part * trace.enclaves());
                if (entries < LEAST_ENTRIES) {
                    continue;
                }
                if (arguments[0].equals("write")) {
                    write(trace, entries, folder, runs);
                } else {
                    wrong += compare(trace, entries, folder);
                }
            }
        }
        if (arguments[0].equals("write")) {
            Files.write(folder.resolve("runs"), runs);
        } else if (wrong > 0) {
            System.out.printf("%d hit ratios differ by more than they may%n", wrong);
            System.exit(1);
        }
    }

    /** The launches alone, of one workload on one machine. */
    private static Trace plain(Trace trace) {
        TraceBuilder plain = new TraceBuilder(trace.name(), 1);
        int workload = plain.workload("all", plain.machine("host", 0));
        IntStream.range(0, trace.enclaves()).forEach(i -> plain.enclave(trace.identity(i)));
        IntStream.range(0, trace.size())
                .filter(i -> trace.event(i) == Event.LAUNCH || trace.event(i) == Event.LAST_LAUNCH)
                .forEach(i -> plain.add(trace.micros(i), Event.LAUNCH, workload, trace.object(i)));
        return plain.build();
    }

    private static void write(Trace trace, int entries, Path folder, List<String> runs) throws IOException {
        for (int numbering = 0; numbering < NUMBERINGS; numbering++) {
            // An odd factor keeps different numbers different.
            int factor = 2 * numbering + 1;
            StringBuilder keys = new StringBuilder();
            for (int i = 0; i < trace.size(); i++) {
                keys.append(factor * trace.object(i)).append('\n');
            }
            String file = trace.name() + "." + numbering;
            Files.writeString(folder.resolve(file), keys);
            runs.add("%s %d caffeine".formatted(file, entries));
        }
        runs.add("%s.0 %d product.Caffeine,opt.Clairvoyant,%s"
                .formatted(trace.name(), entries, String.join(",", POLICIES.values())));
        // Its SIEVE evicts where there is room for one more.
        runs.add("%s.0 %d linked.Sieve".formatted(trace.name(), entries + 1));
    }

    private static int compare(Trace trace, int entries, Path folder) throws IOException, InterruptedException {
        Map<String, Double> theirs = report(folder, trace.name() + ".0", entries);
        System.out.printf(
                "%s: %d launches of %d enclaves, %d entries%n", trace.name(), trace.size(), trace.enclaves(), entries);
        int wrong = 0;
        for (Map.Entry<Scheme, String> same : POLICIES.entrySet()) {
            wrong += line(same.getKey().toString(), ratio(trace, same.getKey(), entries, 0), theirs.get(same.getValue()), MOST_POINTS);
        }
        wrong += line(
                "sieve",
                ratio(trace, Scheme.SIEVE, entries, 0),
                report(folder, trace.name() + ".0", entries + 1).get("linked.Sieve"),
                MOST_POINTS);
        double ours = 0;
        double caffeine = 0;
        double least = 100;
        double most = 0;
        for (int numbering = 0; numbering < NUMBERINGS; numbering++) {
            ours += ratio(trace, Scheme.W_TINY_LFU, entries, numbering) / NUMBERINGS;
            String[] counts = Files.readString(
                            folder.resolve("%s.%d-%d.caffeine".formatted(trace.name(), numbering, entries)))
                    .split(" ");
            double once = 100 * Double.parseDouble(counts[0]) / Double.parseDouble(counts[1]);
            caffeine += once / NUMBERINGS;
            least = Math.min(least, once);
            most = Math.max(most, once);
        }
        int tinyLfu = line("w-tinylfu", ours, caffeine, MOST_POINTS_BETTER);
        wrong += entries < LEAST_ENTRIES_OF_A_WINDOW ? 0 : tinyLfu;
        System.out.printf("  %-32s %6.2f to %.2f %% by the numbering of the same keys%n", "Caffeine itself", least, most);
        System.out.printf("  %-32s %6.2f %%, with an initial capacity%n", "the simulator's Caffeine", theirs.get("product.Caffeine"));
        return wrong + line("belady", belady(trace, entries), theirs.get("opt.Clairvoyant"), MOST_POINTS);
    }

    private static int line(String what, double ours, double theirs, double mostBetter) {
        double points = ours - theirs;
        boolean wrong = !(points >= -MOST_POINTS && points <= mostBetter);
        System.out.printf("  %-10s %6.2f %%  Caffeine's %6.2f %%  %+5.2f%s%n", what, ours, theirs, points, wrong ? "  differs" : "");
        return wrong ? 1 : 0;
    }

    private static Map<String, Double> report(Path folder, String trace, int entries) throws IOException {
        Map<String, Double> ratios = new LinkedHashMap<>();
        List<String> lines = Files.readAllLines(folder.resolve(trace + "-" + entries + ".csv"));
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split(",");
            ratios.put(fields[0], 100 * Double.parseDouble(fields[3]) / Double.parseDouble(fields[5]));
        }
        return ratios;
    }

    private static double ratio(Trace trace, Scheme scheme, int entries, int numbering) throws InterruptedException {
        KernelTokenCache<RuntimeException> cache = new KernelTokenCache<>(
                CacheLimits.ofBytes(entries * scheme.entryBytes()), scheme, () -> Instant.EPOCH);
        byte[] leHash = new byte[32];
        leHash[0] = (byte) numbering;
        TokenKey[] keys = IntStream.range(0, trace.enclaves())
                .mapToObj(i -> new TokenKey(trace.identity(i), leHash, 0))
                .toArray(TokenKey[]::new);
        Workload workload = new Workload("all");
        byte[] token = new byte[304];
        int hits = 0;
        for (int i = 0; i < trace.size(); i++) {
            hits += cache.get(keys[trace.object(i)], workload, () -> token).origin() == Lookup.Origin.HIT ? 1 : 0;
        }
        return 100.0 * hits / trace.size();
    }

    /** Of the study's simulator, where nothing takes time. */
    private static double belady(Trace trace, int entries) {
        Map<Step, long[]> nothing = new EnumMap<>(Step.class);
        for (Step step : Step.values()) {
            nothing.put(step, new long[] {0});
        }
        Design design = Design.kernel(Scheme.LRU, entries * Scheme.LRU.entryBytes(), Charging.SHARED);
        return 100.0
                * Simulator.run(trace, design, new Costs("nothing takes time", nothing), 0).optimalHits()
                / trace.size();
    }
}
