package jsgx.study.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import jsgx.launch.governor.Placement;
import jsgx.study.cost.Costs;
import jsgx.study.design.Design;
import jsgx.study.simulation.Measured.Kind;
import jsgx.study.simulation.Measured.Latency;
import jsgx.study.simulation.Measured.Owner;
import jsgx.study.trace.Trace;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Runs a workload under a design, in virtual time: each run has one thread, and no other clock than the trace's. A workload's run alone, the run without
 * reboots and the optimum are runs of their own, and of a large trace go side by side.
 *
 * <h2>What is real</h2>
 *
 * <p>Each kernel's cache is launch's {@code KernelTokenCache}, with its schemes, floors and ceilings, its single loads and its generations. Each
 * workload's store is launch's {@code UserTokenCache} and {@code TokenStore} on a disk in memory, with its records, budget, evictions and compaction. What
 * a refusal is worth says launch's {@code RefetchRule}.
 *
 * <h2>What is modelled</h2>
 *
 * <ul>
 *   <li>A launch pays GOVERN and EINIT, and for its token: KERNEL_HIT; or LAUNCH_ENCLAVE and KERNEL_KEEP; or STORE_MEMORY or STORE_DISK; or SOCKET, ISSUE,
 *       the kernel's way and STORE_KEEP. A token that EINIT refuses costs all that it took to that point, and then the way to another one.
 *   <li>One launch enclave for each machine answers one request after the other, in the order in which launches begin. Nothing else contends: there are
 *       cores and disks enough, and a daemon answers any number of sockets at once.
 *   <li>A cache or a store makes room for a token when it is asked for, and nobody has it before it is made. In between, a launch of the same enclave finds a request on its way: in a
 *       kernel it joins that, in user space it asks too, since applications do not know of each other's requests: what was asked for last is
 *       kept, from when it is there, and where both are equal from when the first of them is. So what is on its way takes room too, and no
 *       design hits more often than Belady's optimum.
 *   <li>A token is made for the package, the launch enclave and the CPUSVN of the moment when its launch begins, and EINIT judges it by those too. So a
 *       launch that is on its way while a launch enclave is rotated still succeeds; where launch asks anew, it is counted once.
 *   <li>EINIT says 0, 16 (another package or launch enclave) or 32 (made under a higher CPUSVN); no signature is computed. A kernel notices a rotation and another
 *       CPUSVN, and drops what it has, also where a raised CPUSVN would still take it. It does not notice that it migrated.
 *   <li>A reboot or a migration loses what is on its way, which is not asked for again; its launches count as if they had gone through. A store still has
 *       the refused token that one on its way was to replace; until then launches find it, too, and are refused. A migrated
 *       machine keeps its caches and stores; a rebooted one its stores.
 *   <li>A workload's process lives from reboot to reboot. A token of its store counts for the limit with its record and with what is in memory of
 *       it, index and copy, though after a reboot there is no copy before it is asked for; the file itself may be more than twice as large until it is compacted.
 *   <li>What a revoked enclave is refused is not a launch. A revocation holds after REVOKE; purging then takes, on one machine, a look at each
 *       token that is held, and each store that has what is revoked is written anew.
 *       A store that has nothing of it is only read, which was not measured and takes nothing here.
 *   <li>Who knows that a launch is an enclave's last has its token kept like any other, as launch does, and discards it after the launch, which takes nothing.
 *   <li>A launch that is refused is counted as ungoverned where policy would not have been asked, were it asked only when a token is made: with kernels' caches where one that
 *       nobody purges would have had a token that EINIT takes, with user space where any was ever issued one, since a copy has no end; and never where each launch asks the
 *       launch enclave.
 *   <li>Who launches alone has the same places, of the same size, and the same events of machine and packages.
 *   <li>What steps cost is drawn by seed, trace, launch and step, never by design: designs are compared on the same draws.
 * </ul>
 */
public final class Simulator {

    /** From so many events on a trace is worth the processor's other cores. */
    private static final int LARGE = 1_000_000;

    private static final double P50 = 50;
    private static final double P90 = 90;
    private static final double P99 = 99;
    private static final double P999 = 99.9;

    private final Trace trace;
    private final Design design;
    private final Draws draws;
    private final Enclaves enclaves;
    private final Timetable timetable;
    private final Places places;
    private final Passes passes;

    private Simulator(Trace trace, Design design, Costs costs, long seed, LongConsumer launched) {
        this.trace = trace;
        this.design = design;
        this.draws = new Draws(costs, seed, trace.name());
        this.timetable = new Timetable(trace);
        this.enclaves = new Enclaves(trace);
        this.places = new Places(trace, enclaves, design);
        int runs = 1 + (trace.workloads().size() > 1 ? 1 : 0) + (timetable.reboots() > 0 ? 1 : 0) + (purges() ? 1 : 0);
        this.passes = new Passes(timetable, runs, launched);
    }

    /**
     * What a trace comes to under a design.
     *
     * @param seed of what steps cost: the same seed gives the same result to the digit
     * @throws IllegalArgumentException where the trace names what it does not have, or goes back in time
     */
    public static Measured run(Trace trace, Design design, Costs costs, long seed) {
        return run(trace, design, costs, seed, launches -> {});
    }

    /**
     * The same for who waits.
     *
     * @param launched is told now and then, from any thread, that so many more of the trace's launches are done with; of all of them in the end
     */
    public static Measured run(Trace trace, Design design, Costs costs, long seed, LongConsumer launched) {
        return run(trace, design, costs, seed, launched, trace.size() >= LARGE);
    }

    /** The same on one core or on all, which tells in the time that it takes and in nothing else. */
    static Measured run(Trace trace, Design design, Costs costs, long seed, boolean parallel) {
        return run(trace, design, costs, seed, launches -> {}, parallel);
    }

    private static Measured run(
            Trace trace, Design design, Costs costs, long seed, LongConsumer launched, boolean parallel) {
        Simulator simulator = new Simulator(trace, design, costs, seed, launched);
        Measured measured = simulator.measured(parallel);
        simulator.passes.end();
        return measured;
    }

    /** What a run without reboots came to. */
    private record Undisturbed(long calls, double nanos) {}

    private Measured measured(boolean parallel) {
        Executor executor = parallel ? ForkJoinPool.commonPool() : Runnable::run;
        boolean reboots = timetable.reboots() > 0;
        CompletableFuture<Undisturbed> undisturbed =
                CompletableFuture.supplyAsync(() -> reboots ? undisturbed() : new Undisturbed(0, 0), executor);
        CompletableFuture<Long> optimalHits =
                CompletableFuture.supplyAsync(() -> Belady.hits(trace, enclaves, places.capacity()), executor);
        CompletableFuture<Long> byTokens = CompletableFuture.supplyAsync(this::byTokensAlone, executor);
        Run all = whole(fresh(), true);
        IntStream workloads = IntStream.range(0, trace.workloads().size());
        double[] alone = (parallel ? workloads.parallel() : workloads)
                .mapToDouble(workload -> alone(workload, all.member(workload)))
                .toArray();
        Undisturbed without = undisturbed.join();
        long rebootCalls = reboots ? all.calls - without.calls : 0;
        long rebootNanos = reboots ? Math.round(all.nanos - without.nanos) : 0;
        return new Measured(
                all.launches,
                all.hits,
                optimalHits.join(),
                all.calls,
                all.joins,
                all.reissues,
                all.evictions(),
                latency(all),
                owners(all, alone),
                rebootCalls,
                rebootNanos,
                timetable.reboots(),
                all.revokeNanos,
                all.purgeNanos,
                design.placement() == Placement.KERNEL ? byTokens.join() : all.ungoverned);
    }

    private Run fresh() {
        return new Run(trace, design, enclaves, places, draws.again(), true);
    }

    /** How many launches of revoked enclaves a kernel's cache that nobody purges would serve; nobody else's tokens depend on who asks policy. */
    private long byTokensAlone() {
        return purges() ? whole(new Run(trace, design, enclaves, places, draws.again(), false), true).ungoverned : 0;
    }

    private boolean purges() {
        return design.placement() == Placement.KERNEL && timetable.revokes();
    }

    private Undisturbed undisturbed() {
        Run run = whole(fresh(), false);
        return new Undisturbed(run.calls, run.nanos);
    }

    private Run whole(Run run, boolean reboots) {
        for (int event = 0; event < trace.size(); event++) {
            if (reboots || !Timetable.isReboot(trace.event(event))) {
                run.event(event);
            }
            passes.event(event);
        }
        return run;
    }

    private static Latency latency(Run run) {
        Histogram latency = run.latency;
        return new Latency(
                latency.getValueAtPercentile(P50),
                latency.getValueAtPercentile(P90),
                latency.getValueAtPercentile(P99),
                latency.getValueAtPercentile(P999),
                latency.getMaxValue(),
                run.launches == 0 ? 0 : run.nanos / run.launches);
    }

    private List<Owner> owners(Run all, double[] alone) {
        List<Owner> owners = new ArrayList<>();
        List<String> names = trace.workloads();
        for (int workload = 0; workload < names.size(); workload++) {
            Member member = all.member(workload);
            Kind kind = trace.attacks(workload) ? Kind.ATTACKER : Kind.WORKLOAD;
            owners.add(
                    member == null
                            ? new Owner(kind, names.get(workload), 0, 0, 0, 0, 0)
                            : new Owner(
                                    kind,
                                    names.get(workload),
                                    member.launches,
                                    member.hits,
                                    member.peakBytes(),
                                    member.meanNanos(),
                                    alone[workload]));
        }
        for (Kernel kernel : all.kernels()) {
            if (kernel.keeps()) {
                String name = "kernel of " + trace.machines().get(kernel.machine());
                owners.add(new Owner(Kind.KERNEL, name, kernel.launches, kernel.hits, kernel.peakBytes(), 0, 0));
            }
        }
        return owners;
    }

    private double alone(int workload, @Nullable Member among) {
        if (among == null) {
            return 0;
        }
        if (trace.workloads().size() == 1) {
            return among.meanNanos();
        }
        Run run = fresh();
        timetable.alone(workload, run);
        passes.alone(workload);
        Member alone = run.member(workload);
        return alone == null ? 0 : alone.meanNanos();
    }
}
