package jsgx.machine.traced;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What other threads ask of the tracer, which alone can do it. The tracer looks here between two stops, and while it waits for somebody else.
 *
 * @param <T> what is to be done, or with what
 */
final class Requests<T> {

    private static final long PATIENCE_NANOS = 5_000_000_000L;

    /** A tracer that was just about to wait does not hear the first call. */
    private static final long AGAIN_NANOS = 1_000_000;

    private record Request<T>(T what, CountDownLatch done) {}

    private final Queue<Request<T>> asked = new ConcurrentLinkedQueue<>();

    /**
     * Returns when the tracer has done it, or after a time in which it would have.
     *
     * @param wake wakes the tracer where it waits
     */
    void ask(T what, Runnable wake) {
        Request<T> request = new Request<>(what, new CountDownLatch(1));
        asked.add(request);
        long since = System.nanoTime();
        try {
            do {
                wake.run();
            } while (!request.done().await(AGAIN_NANOS, TimeUnit.NANOSECONDS)
                    && System.nanoTime() - since < PATIENCE_NANOS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Does what was asked. */
    void serve(Consumer<T> how) {
        for (Request<T> request = asked.poll(); request != null; request = asked.poll()) {
            try {
                how.accept(request.what());
            } finally {
                request.done().countDown();
            }
        }
    }
}
