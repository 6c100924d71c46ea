package jsgx.study.trace;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jsgx.launch.token.TokenIdentity;

/**
 * A trace in the making: names first, then events in the order of their times.
 *
 * <p>What does not fit is refused with an {@link IllegalArgumentException} that says what was expected and what was found; the trace stays as it was
 * before.
 */
public final class TraceBuilder {

    /** The most machines, workloads, or packages. */
    public static final int MOST_NAMES = 1 << 20;

    /** The most enclaves, and the most events. */
    public static final int MOST_EVENTS = 1 << 30;

    private static final int LONGEST_NAME = 256;

    private final String name;
    private final int processors;
    private final Map<String, Integer> machineNumbers = new HashMap<>();
    private final List<String> machines = new ArrayList<>();
    private final List<Integer> machineProcessors = new ArrayList<>();
    private final Map<String, Integer> workloadNumbers = new HashMap<>();
    private final List<String> workloads = new ArrayList<>();
    private final List<Integer> workloadMachines = new ArrayList<>();
    private final BitSet attackers = new BitSet();
    private final Map<TokenIdentity, Integer> enclaveNumbers = new HashMap<>();
    private final List<TokenIdentity> enclaves = new ArrayList<>();
    private final EventColumns events = new EventColumns();

    /** What happened at the time of the last event, as far as more than one thing did. */
    private final Set<Same> simultaneous = new HashSet<>();

    private record Same(Event event, int subject, int object) {}

    /**
     * An empty trace.
     *
     * @param name what it is called
     * @param processors how many packages there are, at least 1
     */
    public TraceBuilder(String name, int processors) {
        this.name = checkName("a trace", name);
        if (processors < 1 || processors > MOST_NAMES) {
            throw wrong("1 to %d packages".formatted(MOST_NAMES), Integer.toString(processors));
        }
        this.processors = processors;
    }

    /** A machine that begins on a package; its number. */
    public int machine(String machine, int processor) {
        checkName("a machine", machine);
        checkProcessor(processor);
        int number = newNumber(machineNumbers, machine, "machine", MOST_NAMES);
        machines.add(machine);
        machineProcessors.add(processor);
        return number;
    }

    /** A workload on a machine; its number. */
    public int workload(String workload, int machine) {
        checkName("a workload", workload);
        checkNumber(machine, machines.size(), "machine");
        int number = newNumber(workloadNumbers, workload, "workload", MOST_NAMES);
        workloads.add(workload);
        workloadMachines.add(machine);
        return number;
    }

    /** A workload is there to harm the others. */
    public void attacks(int workload) {
        checkNumber(workload, workloads.size(), "workload");
        attackers.set(workload);
    }

    /** An enclave; its number. */
    public int enclave(TokenIdentity identity) {
        int number = newNumber(enclaveNumbers, identity, "enclave", MOST_EVENTS);
        enclaves.add(identity);
        return number;
    }

    /** The number of an enclave, which is new where it was not known. */
    public int knownEnclave(TokenIdentity identity) {
        Integer known = enclaveNumbers.get(identity);
        return known == null ? enclave(identity) : known;
    }

    /** How many events there are. */
    public int size() {
        return events.size();
    }

    /** The time of the last event, in microseconds; 0 where there is none. */
    public long lastMicros() {
        return events.size() == 0 ? 0 : events.micros(events.size() - 1);
    }

    /**
     * An event.
     *
     * @param micros since the trace began, not before the last event
     * @param subject number of the workload, machine or package that {@link Event} names as the subject; 0 where it names none
     * @param object number of the enclave or package that {@link Event} names as the object; 0 where it names none
     */
    public void add(long micros, Event event, int subject, int object) {
        if (micros < 0) {
            throw wrong("a time from 0 on", micros + " µs");
        }
        if (micros < lastMicros()) {
            throw wrong("a time of %d µs or later, that of the event before".formatted(lastMicros()), micros + " µs");
        }
        if (events.size() == MOST_EVENTS) {
            throw wrong("at most %d events".formatted(MOST_EVENTS), "one more");
        }
        check(event.subject(), subject);
        check(event.object(), object);
        boolean later = micros > lastMicros() || events.size() == 0;
        if (!later) {
            remember(events.size() - 1);
            if (!simultaneous.add(new Same(event, subject, object))) {
                throw wrong(
                        "each event once",
                        "the same event a second time at %d µs: two launches are one microsecond apart or more"
                                .formatted(micros));
            }
        } else if (!simultaneous.isEmpty()) {
            simultaneous.clear();
        }
        events.add(micros, event, subject, object);
    }

    /** Makes the last launch of each enclave by each of these workloads one that knows it, where nothing follows it. */
    public void markLastLaunches(BitSet ofWorkloads) {
        Set<Long> later = new HashSet<>();
        for (int i = events.size() - 1; i >= 0; i--) {
            if (events.event(i) == Event.LAUNCH && ofWorkloads.get(events.subject(i))) {
                long which = (long) events.subject(i) << Integer.SIZE | events.object(i);
                if (later.add(which)) {
                    events.event(i, Event.LAST_LAUNCH);
                }
            }
        }
    }

    /** What was added up to now; nothing can be added any more. */
    public Trace build() {
        if (workloads.isEmpty()) {
            throw wrong("at least one workload", "none");
        }
        return new ColumnTrace(
                name,
                processors,
                List.copyOf(machines),
                machineProcessors.stream().mapToInt(Integer::intValue).toArray(),
                List.copyOf(workloads),
                workloadMachines.stream().mapToInt(Integer::intValue).toArray(),
                (BitSet) attackers.clone(),
                List.copyOf(enclaves),
                events.close());
    }

    private void remember(int last) {
        simultaneous.add(new Same(events.event(last), events.subject(last), events.object(last)));
    }

    private void check(Event.Kind kind, int number) {
        switch (kind) {
            case WORKLOAD -> checkNumber(number, workloads.size(), "workload");
            case MACHINE -> checkNumber(number, machines.size(), "machine");
            case PACKAGE -> checkProcessor(number);
            case ENCLAVE -> checkNumber(number, enclaves.size(), "enclave");
            case NOTHING -> {
                if (number != 0) {
                    throw wrong("0, since the event names nothing there", Integer.toString(number));
                }
            }
        }
    }

    private void checkProcessor(int processor) {
        if (processor < 0 || processor >= processors) {
            throw wrong("a package from 0 to %d".formatted(processors - 1), Integer.toString(processor));
        }
    }

    private static void checkNumber(int number, int count, String what) {
        if (number < 0 || number >= count) {
            throw wrong("the number of one of %d %ss".formatted(count, what), Integer.toString(number));
        }
    }

    private static <K> int newNumber(Map<K, Integer> numbers, K key, String what, int most) {
        int number = numbers.size();
        if (number == most) {
            throw wrong("at most %d %ss".formatted(most, what), "one more");
        }
        Integer earlier = numbers.putIfAbsent(key, number);
        if (earlier != null) {
            throw wrong("each %s once".formatted(what), "%s %s a second time".formatted(what, key));
        }
        return number;
    }

    private static String checkName(String what, String name) {
        boolean control = name.codePoints()
                .anyMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
        if (name.isBlank() || name.length() > LONGEST_NAME || control) {
            throw wrong(
                    "%s with a name of 1 to %d characters, none of them a control character or half of one"
                            .formatted(what, LONGEST_NAME),
                    control ? "one" : name.isBlank() ? "none" : name.length() + " characters");
        }
        return name;
    }

    private static IllegalArgumentException wrong(String expected, String found) {
        return new IllegalArgumentException("expected %s, found %s".formatted(expected, found));
    }
}
