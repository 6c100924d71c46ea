package jsgx.study.simulation;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that a place has room for since they were asked for, and that nobody has before they are made.
 *
 * @param <K> what a place finds a token by
 * @param <N> what a place notes of a token on its way
 */
final class Flights<K, N> {

    /** A token on its way. */
    record Flight<K, N>(K key, N note, long ready) {}

    private final Map<K, Flight<K, N>> pending = new HashMap<>();
    private final PriorityQueue<Flight<K, N>> byTime = new PriorityQueue<>(Comparator.comparingLong(Flight::ready));

    /** A token is asked for; the place has forgotten one of this key that was on its way. */
    void departs(K key, N note, long ready) {
        Flight<K, N> flight = new Flight<>(key, note, ready);
        pending.put(key, flight);
        byTime.add(flight);
    }

    /** The token of a key that is still on its way then; null where none is. */
    @Nullable
    Flight<K, N> pending(K key, long now) {
        Flight<K, N> flight = pending.get(key);
        return flight == null || flight.ready <= now ? null : flight;
    }

    /** Every launch to come begins now or later: for none of them is what is there by now on its way. */
    void landed(long now) {
        for (Flight<K, N> first = byTime.peek(); first != null && first.ready <= now; first = byTime.peek()) {
            byTime.remove();
            pending.remove(first.key, first);
        }
    }

    /** Has a place drop what never arrives, as the machine does not go on. */
    void lost(long now, BiConsumer<K, N> drop) {
        landed(now);
        while (!byTime.isEmpty()) {
            Flight<K, N> flight = byTime.remove();
            if (pending.remove(flight.key, flight)) {
                drop.accept(flight.key, flight.note);
            }
        }
    }

    /** What a place purges is not on its way to it any more. */
    void revoked(Predicate<K> which) {
        pending.keySet().removeIf(which);
    }

    /** A place wants the token of this key no more. */
    void unwanted(K key) {
        pending.remove(key);
    }
}
