package jsgx.machine.event;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts of what happened in a run: by ENCLU leaf, cause of an asynchronous exit, ioctl. Any thread may count. */
public final class Statistics implements EventSink {

    /**
     * How often something happened.
     *
     * @param failed how often of these it did not succeed
     * @param nanos how long all of them took together; those that the program's stub served are not in it
     */
    public record Count(long count, long failed, long nanos) {}

    private static final class Adders {
        private final LongAdder count = new LongAdder();
        private final LongAdder failed = new LongAdder();
        private final LongAdder nanos = new LongAdder();

        Count count() {
            return new Count(count.sum(), failed.sum(), nanos.sum());
        }
    }

    private final Map<String, Adders> leaves = new ConcurrentHashMap<>();
    private final Map<String, Adders> exits = new ConcurrentHashMap<>();
    private final Map<String, Adders> ioctls = new ConcurrentHashMap<>();
    private final LongAdder faults = new LongAdder();
    private final LongAdder reclaimed = new LongAdder();
    private final LongAdder reloaded = new LongAdder();
    private final LongAdder opened = new LongAdder();
    private final LongAdder enclaves = new LongAdder();

    /** Nothing counted yet. */
    public Statistics() {}

    @Override
    public void event(SgxEvent event) {
        switch (event) {
            case SgxEvent.Opened open -> {
                if (open.result() >= 0) {
                    opened.increment();
                }
            }
            case SgxEvent.Ioctl ioctl -> {
                add(ioctls, ioctl.name(), ioctl.result() != 0, ioctl.nanos());
                if (ioctl.name().equals("ENCLAVE_CREATE") && ioctl.result() == 0) {
                    enclaves.increment();
                }
            }
            case SgxEvent.Enclu enclu ->
                add(leaves, enclu.leaf().name(), enclu.outcome().startsWith("#"), enclu.nanos());
            case SgxEvent.Unasked unasked ->
                unasked.counts()
                        .forEach((leaf, count) ->
                                adders(leaves, leaf.name()).count.add(count));
            case SgxEvent.AsynchronousExit exit -> add(exits, exit.cause(), false, 0);
            case SgxEvent.PageFault fault -> faults.increment();
            case SgxEvent.PageMoved moved -> (moved.reclaimed() ? reclaimed : reloaded).increment();
            case SgxEvent.Released released -> {}
            case SgxEvent.Mapped mapped -> {}
            case SgxEvent.Process process -> {}
        }
    }

    /** Counts are enough. */
    @Override
    public boolean inDetail(SgxEvent.Kind kind) {
        return false;
    }

    private static Adders adders(Map<String, Adders> map, String name) {
        return map.computeIfAbsent(name, absent -> new Adders());
    }

    private static void add(Map<String, Adders> map, String name, boolean failed, long nanos) {
        Adders adders = adders(map, name);
        adders.count.increment();
        adders.nanos.add(nanos);
        if (failed) {
            adders.failed.increment();
        }
    }

    /** By the leaf's name. */
    public Map<String, Count> leaves() {
        return counts(leaves);
    }

    /** Asynchronous exits, by cause. */
    public Map<String, Count> exits() {
        return counts(exits);
    }

    /** By the request's name. */
    public Map<String, Count> ioctls() {
        return counts(ioctls);
    }

    /** How often a device was opened. */
    public long opened() {
        return opened.sum();
    }

    /** How many enclaves were created. */
    public long enclaves() {
        return enclaves.sum();
    }

    /** Page faults that the driver was asked to repair. */
    public long faults() {
        return faults.sum();
    }

    /** Pages that left the EPC for want of room. */
    public long reclaimed() {
        return reclaimed.sum();
    }

    /** Pages that came back. */
    public long reloaded() {
        return reloaded.sum();
    }

    private static Map<String, Count> counts(Map<String, Adders> map) {
        Map<String, Count> counts = new TreeMap<>();
        map.forEach((name, adders) -> counts.put(name, adders.count()));
        return counts;
    }
}
