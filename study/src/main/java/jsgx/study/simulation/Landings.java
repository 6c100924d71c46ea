package jsgx.study.simulation;

import java.util.PriorityQueue;

/** Tokens on their way, in the order in which they arrive. */
final class Landings {

    /** What a token's arrival does. */
    interface Arrival {
        void at(long now);
    }

    private record Landing(long at, long number, Arrival arrival) implements Comparable<Landing> {
        @Override
        public int compareTo(Landing other) {
            int byTime = Long.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    private final PriorityQueue<Landing> queue = new PriorityQueue<>();
    private long number;

    void add(long at, Arrival arrival) {
        queue.add(new Landing(at, number, arrival));
        number++;
    }

    /** Lets all arrive that arrive by now. */
    void until(long now) {
        for (Landing next = queue.peek(); next != null && next.at <= now; next = queue.peek()) {
            queue.remove();
            next.arrival.at(next.at);
        }
    }
}
