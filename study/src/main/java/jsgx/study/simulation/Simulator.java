package jsgx.study.simulation;

import java.util.ArrayList;
import java.util.List;
import jsgx.study.cost.Costs;
import jsgx.study.design.Design;
import jsgx.study.simulation.Measured.Latency;
import jsgx.study.simulation.Measured.Owner;
import jsgx.study.trace.Trace;
import org.HdrHistogram.Histogram;

/** Runs a workload under a design, in virtual time. */
public final class Simulator {

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

    private Simulator(Trace trace, Design design, Costs costs, long seed) {
        this.trace = trace;
        this.design = design;
        this.draws = new Draws(costs, seed, trace.name());
        this.timetable = new Timetable(trace);
        this.enclaves = new Enclaves(trace);
        this.places = new Places(trace, enclaves, design);
    }

    /**
     * What a trace comes to under a design.
     *
     * @param seed of what steps cost: the same seed gives the same result to the digit
     * @throws IllegalArgumentException where the trace names what it does not have, or goes back in time
     */
    public static Measured run(Trace trace, Design design, Costs costs, long seed) {
        return new Simulator(trace, design, costs, seed).measured();
    }

    private Measured measured() {
        Run all = whole(true);
        long rebootCalls = 0;
        long rebootNanos = 0;
        if (timetable.reboots() > 0) {
            Run without = whole(false);
            rebootCalls = all.calls - without.calls;
            rebootNanos = Math.round(all.nanos - without.nanos);
        }
        return new Measured(
                all.launches,
                all.hits,
                Belady.hits(trace, enclaves, places.capacity()),
                all.calls,
                all.joins,
                all.reissues,
                all.evictions(),
                latency(all),
                owners(all),
                rebootCalls,
                rebootNanos,
                timetable.reboots(),
                all.revokeNanos,
                all.ungoverned);
    }

    private Run fresh() {
        return new Run(trace, design, enclaves, places, draws);
    }

    private Run whole(boolean reboots) {
        Run run = fresh();
        for (int event = 0; event < trace.size(); event++) {
            if (reboots || !Timetable.isReboot(trace.event(event))) {
                run.event(event);
            }
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

    private List<Owner> owners(Run all) {
        List<Owner> owners = new ArrayList<>();
        List<String> names = trace.workloads();
        for (int workload = 0; workload < names.size(); workload++) {
            Member member = all.member(workload);
            owners.add(
                    member == null
                            ? new Owner(names.get(workload), 0, 0, 0, 0, 0)
                            : new Owner(
                                    names.get(workload),
                                    member.launches,
                                    member.hits,
                                    member.peakBytes(),
                                    member.meanNanos(),
                                    alone(workload, member)));
        }
        for (Kernel kernel : all.kernels()) {
            if (kernel.keeps()) {
                String name = "kernel of " + trace.machines().get(kernel.machine());
                owners.add(new Owner(name, kernel.launches, kernel.hits, kernel.peakBytes(), 0, 0));
            }
        }
        return owners;
    }

    private double alone(int workload, Member among) {
        if (among.launches == 0 || trace.workloads().size() == 1) {
            return among.meanNanos();
        }
        Run run = fresh();
        timetable.alone(workload, run);
        Member alone = run.member(workload);
        return alone == null ? 0 : alone.meanNanos();
    }
}
