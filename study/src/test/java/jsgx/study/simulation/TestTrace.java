package jsgx.study.simulation;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import jsgx.launch.token.TokenIdentity;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import jsgx.study.trace.Event;
import jsgx.study.trace.Trace;

/** A trace that a test writes down event by event: workloads {@code w0…}, machines {@code m0…}. */
class TestTrace implements Trace {

    private static final Event[] EVENTS = Event.values();

    private final int[] machines;
    private final int[] processors;
    private final int packages;
    private final int enclaves;
    private long[] micros = new long[16];
    private byte[] kinds = new byte[16];
    private int[] subjects = new int[16];
    private int[] objects = new int[16];
    private int size;

    /**
     * A trace without events.
     *
     * @param machines the machine of each workload
     * @param processors the package that each machine begins on
     */
    TestTrace(int[] machines, int[] processors, int packages, int enclaves) {
        this.machines = machines.clone();
        this.processors = processors.clone();
        this.packages = packages;
        this.enclaves = enclaves;
    }

    /** One workload on one machine. */
    static TestTrace single(int enclaves) {
        return new TestTrace(new int[] {0}, new int[] {0}, 2, enclaves);
    }

    TestTrace add(long at, Event event, int subject, int object) {
        if (size == micros.length) {
            micros = Arrays.copyOf(micros, 2 * size);
            kinds = Arrays.copyOf(kinds, 2 * size);
            subjects = Arrays.copyOf(subjects, 2 * size);
            objects = Arrays.copyOf(objects, 2 * size);
        }
        micros[size] = at;
        kinds[size] = (byte) event.ordinal();
        subjects[size] = subject;
        objects[size] = object;
        size++;
        return this;
    }

    /** Adds launches of the first workload, a second apart, after all that is there. */
    TestTrace launches(int... ofEnclaves) {
        for (int enclave : ofEnclaves) {
            add(next(), Event.LAUNCH, 0, enclave);
        }
        return this;
    }

    /** Adds an event a second after all that is there. */
    TestTrace then(Event event, int subject, int object) {
        return add(next(), event, subject, object);
    }

    private long next() {
        return size == 0 ? 0 : micros[size - 1] + 1_000_000;
    }

    /** The same without what comes after so many events. */
    TestTrace first(int events) {
        TestTrace cut = new TestTrace(machines, processors, packages, enclaves);
        for (int i = 0; i < events; i++) {
            cut.add(micros(i), event(i), subject(i), object(i));
        }
        return cut;
    }

    /** Each step takes as many nanoseconds as this says; all others nothing. */
    static Costs costs(Map<Step, Long> nanos) {
        EnumMap<Step, long[]> times = new EnumMap<>(Step.class);
        for (Step step : Step.values()) {
            times.put(step, new long[] {nanos.getOrDefault(step, 0L)});
        }
        return new Costs("a test", times);
    }

    /** Steps that take one of several times. */
    static Costs varied() {
        EnumMap<Step, long[]> times = new EnumMap<>(Step.class);
        for (Step step : Step.values()) {
            times.put(step, new long[] {100L + step.ordinal(), 2_000, 30_000});
        }
        times.put(Step.LAUNCH_ENCLAVE, new long[] {40_000, 50_000, 900_000});
        return new Costs("a test", times);
    }

    @Override
    public String name() {
        return "test";
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public long micros(int event) {
        return micros[event];
    }

    @Override
    public Event event(int event) {
        return EVENTS[kinds[event]];
    }

    @Override
    public int subject(int event) {
        return subjects[event];
    }

    @Override
    public int object(int event) {
        return objects[event];
    }

    @Override
    public List<String> workloads() {
        return names("w", machines.length);
    }

    @Override
    public int machine(int workload) {
        return machines[workload];
    }

    @Override
    public boolean attacks(int workload) {
        return false;
    }

    @Override
    public List<String> machines() {
        return names("m", processors.length);
    }

    @Override
    public int processor(int machine) {
        return processors[machine];
    }

    @Override
    public int processors() {
        return packages;
    }

    @Override
    public int enclaves() {
        return enclaves;
    }

    @Override
    public TokenIdentity identity(int enclave) {
        byte[] bytes = new byte[TokenIdentity.SIZE];
        ByteBuffer.wrap(bytes).putInt(enclave + 1).putInt(32, enclave % 7 + 1).putLong(64, 0x0400_0000_0000_0000L);
        return TokenIdentity.of(bytes);
    }

    private static List<String> names(String prefix, int count) {
        return new ArrayList<>(
                IntStream.range(0, count).mapToObj(i -> prefix + i).toList());
    }
}
