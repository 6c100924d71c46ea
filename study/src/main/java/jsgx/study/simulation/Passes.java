package jsgx.study.simulation;

import java.util.function.LongConsumer;

/** How far the runs of one trace have come, all of them together, in launches of the trace: a launch is done with when each run has had it. */
final class Passes {

    /** So many events are told of at once. */
    private static final int BLOCK = 1 << 14;

    private final Timetable timetable;
    private final int runs;
    private final LongConsumer launched;
    private double done;
    private long told;

    /**
     * None has begun.
     *
     * @param runs how many there are; those of each workload alone are one together
     */
    Passes(Timetable timetable, int runs, LongConsumer launched) {
        this.timetable = timetable;
        this.runs = runs;
        this.launched = launched;
    }

    /** A run of all has had this event, and those before it. */
    void event(int event) {
        if ((event + 1) % BLOCK == 0) {
            add((double) timetable.launches() * BLOCK / timetable.size());
        }
    }

    /** A workload's run alone has ended. */
    void alone(int workload) {
        add(timetable.launches(workload));
    }

    private synchronized void add(double more) {
        done += more / runs;
        tell(Math.min(timetable.launches(), (long) done));
    }

    /** All runs have ended. */
    synchronized void end() {
        tell(timetable.launches());
    }

    private void tell(long now) {
        if (now > told) {
            launched.accept(now - told);
            told = now;
        }
    }
}
