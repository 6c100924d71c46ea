package jsgx.study.simulation;

import java.util.Arrays;
import jsgx.study.trace.Event;
import jsgx.study.trace.Trace;

/** Which events of a trace are whose: those of one workload, of the machine that it runs on, and of all. */
final class Timetable {

    private final Trace trace;

    /** Events by workload, by machine, and of all, each group in the order of time. */
    private final int[] events;

    /** Where a group begins: workloads first, then machines, then those of all; the end last. */
    private final int[] starts;

    private final int workloads;
    private final int machines;
    private final int reboots;
    private final boolean revokes;

    /**
     * The events of a trace.
     *
     * @throws IllegalArgumentException where the trace names what it does not have, or goes back in time
     */
    Timetable(Trace trace) {
        this.trace = trace;
        workloads = trace.workloads().size();
        machines = trace.machines().size();
        int groups = workloads + machines + 1;
        starts = new int[groups + 1];
        int found = 0;
        boolean revocation = false;
        long before = 0;
        for (int workload = 0; workload < workloads; workload++) {
            check("workload", workload, "machine", trace.machine(workload), machines);
        }
        for (int machine = 0; machine < machines; machine++) {
            check("machine", machine, "package", trace.processor(machine), trace.processors());
        }
        for (int event = 0; event < trace.size(); event++) {
            check(event, before);
            before = trace.micros(event);
            starts[group(event) + 1]++;
            found += isReboot(trace.event(event)) ? 1 : 0;
            revocation |= trace.event(event) == Event.REVOKE;
        }
        reboots = found;
        revokes = revocation;
        for (int group = 0; group < groups; group++) {
            starts[group + 1] += starts[group];
        }
        events = new int[trace.size()];
        int[] next = Arrays.copyOf(starts, groups);
        for (int event = 0; event < events.length; event++) {
            int group = group(event);
            events[next[group]] = event;
            next[group]++;
        }
    }

    /** What reboots and migrations both are: a machine goes on without what was on its way. */
    static boolean isReboot(Event event) {
        return event == Event.REBOOT || event == Event.MIGRATE;
    }

    /** How many events there are. */
    int size() {
        return events.length;
    }

    /** How many of them are launches. */
    int launches() {
        return starts[workloads];
    }

    /** How many of those are a workload's. */
    int launches(int workload) {
        return starts[workload + 1] - starts[workload];
    }

    /** How many reboots and migrations there are. */
    int reboots() {
        return reboots;
    }

    /** Whether anything is revoked. */
    boolean revokes() {
        return revokes;
    }

    /** Has a run see what one workload sees alone: its own events, those of its machine, and those of all. */
    void alone(int workload, Run run) {
        int[] groups = {workload, workloads + trace.machine(workload), workloads + machines};
        int[] at = {starts[groups[0]], starts[groups[1]], starts[groups[2]]};
        while (true) {
            int from = -1;
            for (int i = 0; i < groups.length; i++) {
                boolean any = at[i] < starts[groups[i] + 1];
                if (any && (from < 0 || events[at[i]] < events[at[from]])) {
                    from = i;
                }
            }
            if (from < 0) {
                return;
            }
            run.event(events[at[from]]);
            at[from]++;
        }
    }

    private int group(int event) {
        return switch (trace.event(event)) {
            case LAUNCH, LAST_LAUNCH -> trace.subject(event);
            case REBOOT, MIGRATE -> workloads + trace.subject(event);
            case ROTATE_LAUNCH_ENCLAVE, RAISE_CPUSVN, LOWER_CPUSVN, REVOKE, REINSTATE -> workloads + machines;
        };
    }

    private void check(int event, long before) {
        long micros = trace.micros(event);
        if (micros < before || micros > Times.END / 1000) {
            throw new IllegalArgumentException("event %d: expected a time from %d to %d microseconds, found %d"
                    .formatted(event, before, Times.END / 1000, micros));
        }
        int subject = trace.subject(event);
        int object = trace.object(event);
        switch (trace.event(event)) {
            case LAUNCH, LAST_LAUNCH -> {
                check("event", event, "workload", subject, workloads);
                check("event", event, "enclave", object, trace.enclaves());
            }
            case REBOOT -> check("event", event, "machine", subject, machines);
            case MIGRATE -> {
                check("event", event, "machine", subject, machines);
                check("event", event, "package", object, trace.processors());
            }
            case ROTATE_LAUNCH_ENCLAVE, RAISE_CPUSVN, LOWER_CPUSVN ->
                check("event", event, "package", subject, trace.processors());
            case REVOKE, REINSTATE -> check("event", event, "enclave", object, trace.enclaves());
        }
    }

    private static void check(String which, int number, String what, int found, int bound) {
        if (found < 0 || found >= bound) {
            throw new IllegalArgumentException(
                    "%s %d: expected a %s below %d, found %d".formatted(which, number, what, bound, found));
        }
    }
}
