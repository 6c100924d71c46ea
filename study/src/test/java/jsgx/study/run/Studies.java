package jsgx.study.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;
import jsgx.arch.struct.Attributes;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.launch.token.TokenIdentity;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;
import jsgx.study.simulation.Measured;
import jsgx.study.simulation.Measured.Kind;
import jsgx.study.simulation.Measured.Latency;
import jsgx.study.simulation.Measured.Owner;
import jsgx.study.trace.Event;
import jsgx.study.trace.Trace;
import jsgx.study.trace.TraceBuilder;

/** Small studies whose simulation is made up. */
public final class Studies {

    private Studies() {}

    /** Costs that are the same for all steps; one of them was measured twice. */
    public static Costs costs(long nanos) {
        Map<Step, long[]> times = new EnumMap<>(Step.class);
        for (Step step : Step.values()) {
            times.put(step, new long[] {nanos});
        }
        return new Costs("no machine", times, Map.of(Step.EINIT, 1.25));
    }

    public static Plan plan(List<String> workloads, int seeds) {
        return plan(workloads, seeds, costs(1000));
    }

    public static Plan plan(List<String> workloads, int seeds, Costs costs) {
        List<Long> numbers = new ArrayList<>();
        for (long seed = 1; seed <= seeds; seed++) {
            numbers.add(seed);
        }
        return new Plan(
                "1",
                workloads.stream()
                        .map(name -> new Plan.Input(name, "What of " + name + "?", "00", false, List.of()))
                        .toList(),
                new Grid(
                                List.of(Placement.values()),
                                List.of(Scheme.LRU, Scheme.W_TINY_LFU),
                                List.of(65536L, 1048576L),
                                List.of(Charging.SHARED, Charging.FLOORS),
                                List.of(Knowledge.values()))
                        .designs(),
                numbers,
                1,
                costs);
    }

    /** The same plan, with these workloads of it recorded, of which something is to be said. */
    public static Plan recorded(Plan plan, List<String> names) {
        return new Plan(
                plan.version(),
                plan.workloads().stream()
                        .map(input -> names.contains(input.name())
                                ? new Plan.Input(
                                        input.name(),
                                        input.question(),
                                        input.sha256(),
                                        true,
                                        List.of("3 launches have no outcome"))
                                : input)
                        .toList(),
                plan.designs(),
                plan.seeds(),
                plan.scale(),
                plan.costs());
    }

    /** A trace of a few launches by some applications, one of them perhaps an attacker, with a reboot and a revocation. */
    public static Trace trace(String name, int applications, long seed) {
        TraceBuilder trace = new TraceBuilder(name, 1);
        int machine = trace.machine("host", 0);
        for (int i = 0; i < applications; i++) {
            int workload = trace.workload("application-" + i, machine);
            if (i == 2) {
                trace.attacks(workload);
            }
        }
        byte[] hash = new byte[32];
        hash[0] = (byte) seed;
        int enclave = trace.enclave(TokenIdentity.of(hash, new byte[32], new Attributes(0, 3)));
        for (int i = 0; i < applications; i++) {
            trace.add(i, Event.LAUNCH, i, enclave);
        }
        trace.add(100, Event.REBOOT, machine, 0);
        trace.add(200, Event.LAST_LAUNCH, 0, enclave);
        trace.add(300, Event.REVOKE, 0, enclave);
        return trace.build();
    }

    public static List<LongFunction<Trace>> traces(Plan plan, int applications) {
        List<LongFunction<Trace>> traces = new ArrayList<>();
        for (Plan.Input input : plan.workloads()) {
            traces.add(seed -> trace(input.name().replaceAll("[^a-z]", ""), applications, seed));
        }
        return traces;
    }

    /** Figures that depend on nothing but what a simulation may depend on. */
    public static Measured madeUp(Trace trace, Design design, Costs costs, long seed, LongConsumer launched) {
        SplittableRandom random = new SplittableRandom(
                trace.name().hashCode() * 31L + design.toString().hashCode() + seed * 7);
        launched.accept(trace.size());
        return measured(trace, 1000 + random.nextInt(100), random.nextInt(1000));
    }

    /** Figures with this mean launch and so many hits of 1000. */
    public static Measured measured(Trace trace, long meanNanos, long hits) {
        List<Owner> owners = new ArrayList<>();
        owners.add(new Owner(Kind.KERNEL, "kernel of host", 0, 0, 4096, 0, 0));
        for (int i = 0; i < trace.workloads().size(); i++) {
            Kind kind = trace.attacks(i) ? Kind.ATTACKER : Kind.WORKLOAD;
            owners.add(new Owner(kind, trace.workloads().get(i), 10, 5, 2048, meanNanos, meanNanos / 2.0));
        }
        return new Measured(
                1000,
                hits,
                1000,
                1000 - hits,
                1,
                2,
                3,
                new Latency(meanNanos, meanNanos * 2, meanNanos * 3, meanNanos * 4, meanNanos * 5, meanNanos),
                owners,
                10,
                10_000,
                1,
                5000,
                700,
                1);
    }

    /** Runs a whole study in memory. */
    public static Cells run(Plan plan, int applications, Simulation simulation) {
        try {
            Cells cells = Cells.inMemory(plan);
            new Study(plan, traces(plan, applications), simulation).run(cells, Shard.WHOLE, 2, SILENT);
            return cells;
        } catch (StudyException | IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Runs a part of a study in memory. */
    public static Cells run(Plan plan, int applications, Simulation simulation, Shard shard) throws Exception {
        Cells cells = Cells.inMemory(plan);
        new Study(plan, traces(plan, applications), simulation).run(cells, shard, 2, SILENT);
        return cells;
    }

    /** Runs a study some of whose workloads were recorded: the same trace for every seed. */
    public static Cells runRecorded(Plan plan, Simulation simulation) {
        try {
            Cells cells = Cells.inMemory(plan);
            List<LongFunction<Trace>> traces = new ArrayList<>();
            plan.workloads().forEach(input -> traces.add(seed -> trace(input.name(), 1, input.recorded() ? 1 : seed)));
            new Study(plan, traces, simulation).run(cells, Shard.WHOLE, 2, SILENT);
            return cells;
        } catch (StudyException | IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The same figures, with this time of launches for a reboot. */
    public static Measured rebooting(Measured measured, long nanos) {
        return new Measured(
                measured.launches(),
                measured.hits(),
                measured.optimalHits(),
                measured.launchEnclaveCalls(),
                measured.joins(),
                measured.reissues(),
                measured.evictions(),
                measured.latency(),
                measured.owners(),
                measured.rebootCalls(),
                nanos,
                measured.reboots(),
                measured.revokeNanos(),
                measured.purgeNanos(),
                measured.ungoverned());
    }

    /** The same figures, with so many tokens that had to make room. */
    public static Measured evicting(Measured measured, long evictions) {
        return new Measured(
                measured.launches(),
                measured.hits(),
                measured.optimalHits(),
                measured.launchEnclaveCalls(),
                measured.joins(),
                measured.reissues(),
                evictions,
                measured.latency(),
                measured.owners(),
                measured.rebootCalls(),
                measured.rebootNanos(),
                measured.reboots(),
                measured.revokeNanos(),
                measured.purgeNanos(),
                measured.ungoverned());
    }

    /** Runs a shard of a study into a folder. */
    static boolean run(Plan plan, Path folder, Shard shard, int threads) throws Exception {
        try (Cells cells = Cells.in(folder, plan)) {
            return new Study(plan, traces(plan, 3), Studies::madeUp).run(cells, shard, threads, SILENT);
        }
    }

    static String content(Path folder) {
        try {
            return Files.readString(folder.resolve(Cells.FILE));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Nobody who listens. */
    static final Study.Progress SILENT = new Study.Progress() {
        @Override
        public void began(long launches) {}

        @Override
        public void launched(long launches) {}

        @Override
        public void finished(CellResult result) {}
    };
}
