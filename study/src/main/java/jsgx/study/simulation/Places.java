package jsgx.study.simulation;

import java.util.HashMap;
import java.util.Map;
import jsgx.driver.Workload;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.cache.Scheme;
import jsgx.launch.cache.WorkloadLimits;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.trace.Trace;
import org.jspecify.annotations.Nullable;

/** How a design's bytes are divided among the places of a trace. */
final class Places {

    /** The least part of a kernel's cache that a ceiling leaves a workload: one of so many. */
    private static final long CEILING_PARTS = 16;

    private final Design design;
    private final long kernelBytes;
    private final long storeBytes;
    private final long leastRecord;
    private final long leastHeld;
    private final Workload[] workloads;
    private final int[][] ofMachine;
    private final @Nullable CacheLimits[] limits;

    Places(Trace trace, Enclaves enclaves, Design design) {
        this.design = design;
        int machines = trace.machines().size();
        boolean both = design.placement().inKernel() && design.placement().inUserSpace();
        long each = both ? design.limitBytes() / 2 : design.limitBytes();
        kernelBytes = design.placement().inKernel() ? each / Math.max(machines, 1) : 0;
        storeBytes = design.placement().inUserSpace()
                ? each / Math.max(trace.workloads().size(), 1)
                : 0;
        leastRecord = enclaves.leastRecord();
        leastHeld = enclaves.leastHeld();
        workloads = trace.workloads().stream().map(Workload::new).toArray(Workload[]::new);
        int[] count = new int[machines];
        for (int workload = 0; workload < workloads.length; workload++) {
            count[trace.machine(workload)]++;
        }
        ofMachine = new int[machines][];
        for (int machine = 0; machine < machines; machine++) {
            ofMachine[machine] = new int[count[machine]];
        }
        for (int workload = workloads.length - 1; workload >= 0; workload--) {
            int machine = trace.machine(workload);
            count[machine]--;
            ofMachine[machine][count[machine]] = workload;
        }
        limits = new @Nullable CacheLimits[machines];
    }

    /** Whom launch charges. */
    Workload workload(int workload) {
        return workloads[workload];
    }

    /** What the tokens of one workload's store may take of its file, so that with what is in memory of them they take no more than its part. */
    long storeBudget() {
        return storeBytes / leastHeld * leastRecord + storeBytes % leastHeld * leastRecord / leastHeld;
    }

    /** Whether a store has room for a token at all. */
    boolean storesHold() {
        return design.placement().inUserSpace() && storeBytes >= leastHeld;
    }

    /** Which scheme the kernels have; null where they keep nothing. */
    @Nullable
    Scheme scheme() {
        return design.placement().inKernel() ? design.scheme() : null;
    }

    /** How the kernel's cache of a machine is divided. */
    synchronized CacheLimits limits(int machine) {
        CacheLimits known = limits[machine];
        if (known == null) {
            known = divide(ofMachine[machine]);
            limits[machine] = known;
        }
        return known;
    }

    private CacheLimits divide(int[] sharing) {
        CacheLimits all = CacheLimits.ofBytes(kernelBytes);
        int parts = Math.max(sharing.length, 1);
        if (design.charging() == Charging.CEILINGS) {
            return all.withDefaultCeiling(Math.max(kernelBytes / parts, kernelBytes / CEILING_PARTS));
        }
        if (design.charging() != Charging.FLOORS) {
            return all;
        }
        WorkloadLimits floor = WorkloadLimits.floor(kernelBytes / 2 / parts);
        Map<Workload, WorkloadLimits> floors = HashMap.newHashMap(sharing.length);
        for (int workload : sharing) {
            floors.put(workloads[workload], floor);
        }
        return new CacheLimits(kernelBytes, CacheLimits.UNLIMITED, floors, CacheLimits.UNLIMITED);
    }

    /** How many tokens one place with all of the design's bytes could hold, each as cheap as in the cheapest of its places. */
    long capacity() {
        long entry = Long.MAX_VALUE;
        Scheme scheme = scheme();
        if (scheme != null) {
            entry = scheme.entryBytes();
        }
        if (design.placement().inUserSpace()) {
            entry = Math.min(entry, leastHeld);
        }
        return design.limitBytes() / entry;
    }
}
