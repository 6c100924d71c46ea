package jsgx.study.trace;

import java.util.BitSet;
import java.util.List;
import jsgx.launch.token.TokenIdentity;

/** A trace in memory. */
record ColumnTrace(
        String name,
        int processors,
        List<String> machines,
        int[] machineProcessors,
        List<String> workloads,
        int[] workloadMachines,
        BitSet attackers,
        List<TokenIdentity> identities,
        EventColumns events)
        implements Trace {

    @Override
    public int size() {
        return events.size();
    }

    @Override
    public long micros(int event) {
        return events.micros(event);
    }

    @Override
    public Event event(int event) {
        return events.event(event);
    }

    @Override
    public int subject(int event) {
        return events.subject(event);
    }

    @Override
    public int object(int event) {
        return events.object(event);
    }

    @Override
    public int machine(int workload) {
        return workloadMachines[workload];
    }

    @Override
    public boolean attacks(int workload) {
        return attackers.get(workload);
    }

    @Override
    public int processor(int machine) {
        return machineProcessors[machine];
    }

    @Override
    public int enclaves() {
        return identities.size();
    }

    @Override
    public TokenIdentity identity(int enclave) {
        return identities.get(enclave);
    }
}
