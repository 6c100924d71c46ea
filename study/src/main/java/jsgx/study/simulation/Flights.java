package jsgx.study.simulation;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * Tokens that a place has room for since they were asked for, and that nobody has before they are made.
 *
 * @param <K> what a place finds a token by
 */
final class Flights<K> {

    /** When nothing is on its way. */
    private static final long NOW = -1;

    private record Flight<K>(K key, byte[] token, long ready) {}

    private final Map<K, Flight<K>> pending = new HashMap<>();
    private final PriorityQueue<Flight<K>> byTime = new PriorityQueue<>(Comparator.comparingLong(Flight::ready));

    /** A token is asked for; one that is on its way already comes first. */
    void departs(K key, byte[] token, long asked, long ready) {
        if (ready(key) <= asked) {
            Flight<K> flight = new Flight<>(key, token, ready);
            pending.put(key, flight);
            byTime.add(flight);
        }
    }

    /** When a token is there that a place has. */
    long ready(K key) {
        Flight<K> flight = pending.get(key);
        return flight == null ? NOW : flight.ready;
    }

    /** Every launch to come begins now or later: for none of them is what is there by now on its way. */
    void landed(long now) {
        for (Flight<K> first = byTime.peek(); first != null && first.ready <= now; first = byTime.peek()) {
            byTime.remove();
            pending.remove(first.key, first);
        }
    }

    /** Has a place drop what never arrives, as the machine does not go on. */
    void lost(long now, BiConsumer<K, byte[]> drop) {
        landed(now);
        while (!byTime.isEmpty()) {
            Flight<K> flight = byTime.remove();
            if (pending.remove(flight.key, flight)) {
                drop.accept(flight.key, flight.token);
            }
        }
    }

    /** What a place purges is not on its way to it any more. */
    void revoked(Predicate<K> which) {
        pending.keySet().removeIf(which);
    }
}
