package jsgx.study.workload;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;
import java.util.function.IntToLongFunction;
import jsgx.study.trace.Event;
import jsgx.study.trace.Trace;
import jsgx.study.trace.TraceBuilder;
import jsgx.study.workload.Parameters.Group;
import jsgx.study.workload.Parameters.Planned;
import org.jspecify.annotations.Nullable;

/**
 * Makes one trace from parameters, in a time that grows with the number of its events alone: each group of workloads tells when it launches next, and the
 * earliest goes first. Every group draws from a generator of its own, so that what is changed in one leaves the others as they are.
 */
final class Generator {

    /** Another one where the same parameters and seed make another trace. */
    static final int REVISION = 1;

    private final Parameters parameters;
    private final long runMicros;
    private final TraceBuilder trace;
    private final List<GroupStream> groups = new ArrayList<>();
    private final PriorityQueue<Scheduled> scheduled = new PriorityQueue<>();
    private long number;
    private long last = -1;

    /** Something that will happen; of what is due at the same time, what was scheduled first. */
    private record Scheduled(long micros, long number, Runnable what) implements Comparable<Scheduled> {
        @Override
        public int compareTo(Scheduled other) {
            int byTime = Long.compare(micros, other.micros);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    Generator(Parameters parameters, long seed, double scale) {
        if (!(scale > 0)) {
            throw new IllegalArgumentException("expected a scale above 0, found " + scale);
        }
        double events = parameters.size(scale);
        if (events > Parameters.MOST_EVENTS) {
            throw new IllegalArgumentException(
                    "expected a scale with which %s has at most %d events, found %s, which makes %.0f"
                            .formatted(parameters.name(), Parameters.MOST_EVENTS, scale, events));
        }
        this.parameters = parameters;
        this.runMicros = (long) Math.max(1, parameters.micros() * scale);
        this.trace = new TraceBuilder(parameters.name(), parameters.hosts());
        for (int i = 0; i < parameters.hosts(); i++) {
            trace.machine("host-" + i, i);
        }
        SplittableRandom random =
                new SplittableRandom(seed * 31 + parameters.name().hashCode());
        for (Group group : parameters.groups()) {
            groups.add(new GroupStream(this, group, groups.size(), scale, random.split()));
        }
        parameters.events().forEach(this::schedule);
    }

    Trace trace() {
        while (true) {
            GroupStream group = first();
            Scheduled head = scheduled.peek();
            if (head != null && (group == null || head.micros() <= group.peek())) {
                scheduled.remove();
                head.what().run();
            } else if (group != null) {
                group.arrive();
            } else {
                break;
            }
        }
        BitSet knowing = new BitSet();
        groups.forEach(group -> group.knowing(knowing));
        trace.markLastLaunches(knowing);
        return trace.build();
    }

    TraceBuilder builder() {
        return trace;
    }

    String name() {
        return parameters.name();
    }

    int hosts() {
        return parameters.hosts();
    }

    long runMicros() {
        return runMicros;
    }

    /** How many days the run stands for. */
    int days() {
        return (int) Math.max(1, (parameters.micros() + WorkloadReader.DAY / 2) / WorkloadReader.DAY);
    }

    /** Has something happen at a time. */
    void schedule(long micros, Runnable what) {
        scheduled.add(new Scheduled(micros, number++, what));
    }

    /** Has something happen at each of some times, which do not go back; only the next of them is kept in mind. */
    void schedule(int times, IntToLongFunction micros, IntConsumer what) {
        long from = number;
        number += times;
        next(0, times, from, micros, what);
    }

    private void next(int i, int times, long from, IntToLongFunction micros, IntConsumer what) {
        if (i < times) {
            scheduled.add(new Scheduled(micros.applyAsLong(i), from + i, () -> {
                next(i + 1, times, from, micros, what);
                what.accept(i);
            }));
        }
    }

    /** Adds an event, at the time that is given or, where another has it, a microsecond after that. */
    void add(long micros, Event event, int subject, int object) {
        last = Math.max(micros, last + 1);
        trace.add(last, event, subject, object);
    }

    private @Nullable GroupStream first() {
        @Nullable GroupStream first = null;
        for (GroupStream group : groups) {
            if (group.hasNext() && (first == null || group.peek() < first.peek())) {
                first = group;
            }
        }
        return first;
    }

    private void schedule(Planned planned) {
        long micros = (long) (planned.at() * runMicros);
        schedule(micros, () -> {
            if (planned.event() == Event.REVOKE) {
                for (int i = 0; i < planned.enclaves(); i++) {
                    add(micros, Event.REVOKE, 0, groups.get(planned.group()).popular(i));
                }
            } else {
                for (int host = 0; host < parameters.hosts(); host++) {
                    if (planned.host() == Planned.ALL || planned.host() == host) {
                        // A host's machine has the number of its package.
                        add(micros, planned.event(), host, 0);
                    }
                }
            }
        });
    }
}
