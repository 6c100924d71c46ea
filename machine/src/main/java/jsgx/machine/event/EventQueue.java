package jsgx.machine.event;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;

/**
 * What happens, on its way to a slow reader: a queue with a thread of its own at its end. It loses nothing and keeps each thread's order;
 * where it is full, whoever puts waits, so that a run goes as fast as its trace is read.
 */
public final class EventQueue<T> implements AutoCloseable {

    private static final int BATCH = 256;

    /** Something on its way, or nothing: the end. */
    private record Item<T>(List<T> content) {}

    private final BlockingQueue<Item<T>> queue;
    private final Thread writer;

    /**
     * A queue.
     *
     * @param capacity how much may be on its way
     * @param reader is called on the queue's own thread only
     * @param idle is called there when nothing more is on its way for the time being: flushes what reader buffers
     */
    public EventQueue(int capacity, Consumer<T> reader, Runnable idle) {
        queue = new ArrayBlockingQueue<>(capacity);
        writer = Thread.ofPlatform().daemon().name("jsgx-events").start(() -> write(reader, idle));
    }

    /** Puts something in; waits while the queue is full. */
    public void put(T something) {
        put(new Item<>(List.of(something)));
    }

    private void put(Item<T> item) {
        boolean interrupted = false;
        while (true) {
            try {
                queue.put(item);
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(Consumer<T> reader, Runnable idle) {
        List<Item<T>> batch = new ArrayList<>(BATCH);
        while (true) {
            try {
                batch.add(queue.take());
            } catch (InterruptedException e) {
                // Nobody interrupts this thread: its end is an empty item.
                continue;
            }
            queue.drainTo(batch, BATCH - 1);
            for (Item<T> item : batch) {
                if (item.content().isEmpty()) {
                    idle.run();
                    return;
                }
                reader.accept(item.content().getFirst());
            }
            batch.clear();
            if (queue.isEmpty()) {
                idle.run();
            }
        }
    }

    /** Returns when all that was put in has been read. Nobody may put in anything any more. */
    @Override
    public void close() {
        put(new Item<>(List.of()));
        boolean interrupted = false;
        while (writer.isAlive()) {
            try {
                writer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
