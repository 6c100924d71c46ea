package jsgx.study.simulation;

import java.util.Map;
import jsgx.launch.cache.Scheme;
import jsgx.launch.store.StoredToken;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;

/** Runs of the simulator whose costs tell steps apart, with designs that have room for everything. */
final class Simulations {

    /** Each step has a digit of its own, so that a time tells what it is made of. */
    static final Costs COSTS = TestTrace.costs(Map.ofEntries(
            Map.entry(Step.GOVERN, 700L),
            Map.entry(Step.EINIT, 300L),
            Map.entry(Step.LAUNCH_ENCLAVE, 10_000L),
            Map.entry(Step.KERNEL_HIT, 1L),
            Map.entry(Step.KERNEL_KEEP, 20L),
            Map.entry(Step.STORE_MEMORY, 3L),
            Map.entry(Step.STORE_DISK, 40L),
            Map.entry(Step.STORE_KEEP, 500_000L),
            Map.entry(Step.SOCKET, 6_000_000L),
            Map.entry(Step.ISSUE, 7_000L),
            Map.entry(Step.REVOKE, 80_000_000L)));

    /** What a token takes in user space, file and memory together. */
    static final long STORED = StoredToken.size("0".repeat(64)) + StoredToken.MEMORY_BYTES;

    static final long MUCH = 1 << 20;
    static final Design KERNEL = Design.kernel(Scheme.LRU, MUCH, Charging.SHARED);
    static final Design USER = Design.user(MUCH, Knowledge.NONE);
    static final Design BOTH = Design.both(Scheme.LRU, MUCH, Charging.SHARED, Knowledge.NONE);

    static final long EINIT = 700 + 300;
    static final long FROM_KERNEL = 10_000 + 20;
    static final long FROM_SOCKET = 6_000_000 + 7_000 + 500_000;

    private Simulations() {}

    static Measured run(TestTrace trace, Design design) {
        return Simulator.run(trace, design, COSTS, 1);
    }

    static double total(TestTrace trace, Design design) {
        Measured measured = run(trace, design);
        return measured.latency().mean() * measured.launches();
    }

    /** What the last event of a trace, a launch, takes. */
    static long last(TestTrace trace, Design design) {
        return Math.round(total(trace, design) - total(trace.first(trace.size() - 1), design));
    }
}
