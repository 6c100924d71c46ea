package jsgx.study.workload;

import java.util.List;
import jsgx.study.trace.Event;
import jsgx.study.trace.TraceBuilder;
import org.jspecify.annotations.Nullable;

/**
 * What a workload file says.
 *
 * @param micros how long the run is
 * @param hosts how many packages there are, each with a host
 */
record Parameters(String name, String question, long micros, int hosts, List<Group> groups, List<Planned> events) {

    /** The most events of a trace, launches and all else. */
    static final int MOST_EVENTS = TraceBuilder.MOST_EVENTS / 2;

    /** How many events a trace of a scale has, about; none of the numbers alone bounds them, but many a product would exhaust the memory. */
    double size(double scale) {
        double size = 0;
        for (Group group : groups) {
            size += group.size(scale);
        }
        for (Planned planned : events) {
            size += planned.event() == Event.REVOKE ? planned.enclaves() : planned.host() == Planned.ALL ? hosts : 1;
        }
        return size;
    }

    /** How often what happens some times in a run happens in one of a scale: at least once, where it happens at all. */
    static double scaled(int times, double scale) {
        return times == 0 ? 0 : Math.max(1, (double) Math.round(times * scale));
    }

    /** How its launches choose among the enclaves of a workload. */
    sealed interface Popularity {

        /** By Zipf's law; 0 for all the same. */
        record Skewed(double exponent) implements Popularity {}

        /** One after the other, round and round. */
        record Loop() implements Popularity {}

        /** Each time one that was never launched before. */
        record Once() implements Popularity {}
    }

    /**
     * Launches of one enclave in quick succession.
     *
     * @param launches in each
     * @param micros how long one takes on average
     */
    record Bursts(int launches, long micros) {}

    /**
     * Workloads of one kind.
     *
     * @param workloads how many
     * @param attacks whether they are there to harm the others
     * @param guests whether each has a virtual machine of its own; otherwise they share the hosts
     * @param enclaves of each workload at a time; 0 with {@link Popularity.Once}
     * @param sameEnclaves whether all of them launch the same ones
     * @param activity Zipf's exponent of the workloads' shares in the launches; 0 for equal ones
     * @param launches of all of them, without those after a boot
     * @param bursts null where launches come one by one
     * @param drift the part of the enclaves that others take the place of in the whole run; 1 for all of them
     * @param knowsLastLaunch whether user space knows which launch of an enclave is its last
     * @param from the part of the run after which they begin
     * @param to the part of the run after which they end
     * @param boot how many of its enclaves a workload launches when its machine starts
     * @param reboots of each guest
     * @param migrations of each guest to the next package
     */
    record Group(
            String name,
            int workloads,
            boolean attacks,
            boolean guests,
            int enclaves,
            boolean sameEnclaves,
            Popularity popularity,
            double activity,
            long launches,
            Arrivals.Process arrivals,
            @Nullable Bursts bursts,
            double drift,
            boolean knowsLastLaunch,
            double from,
            double to,
            int boot,
            int reboots,
            int migrations) {

        private double size(double scale) {
            double reboots = scaled(reboots(), scale);
            double each = boot + reboots * (1.0 + boot) + scaled(migrations, scale);
            return launches * scale + workloads * each;
        }
    }

    /**
     * Something that happens once.
     *
     * @param at the part of the run after which it happens
     * @param host its package, or {@link #ALL}
     * @param group whose enclaves are revoked; its place
     * @param enclaves how many, the most popular ones of its first workload
     */
    record Planned(double at, Event event, int host, int group, int enclaves) {

        /** All packages, one microsecond after the other. */
        static final int ALL = -1;
    }
}
