package jsgx.machine.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EventQueueTest {

    private record Item(int thread, int number) {}

    @Test
    void nothingIsLostAndEachThreadsOrderIsKept() throws Exception {
        int threads = 4;
        int each = 5000;
        List<Item> read = new ArrayList<>();
        AtomicInteger flushed = new AtomicInteger();
        List<Thread> writers = new ArrayList<>();
        try (EventQueue<Item> queue = new EventQueue<>(16, read::add, flushed::incrementAndGet)) {
            for (int i = 0; i < threads; i++) {
                int thread = i;
                writers.add(Thread.ofPlatform()
                        .start(() -> IntStream.range(0, each).forEach(number -> queue.put(new Item(thread, number)))));
            }
            for (Thread writer : writers) {
                writer.join();
            }
        }

        assertThat(read).hasSize(threads * each);
        for (int i = 0; i < threads; i++) {
            int thread = i;
            assertThat(read.stream().filter(item -> item.thread() == thread).map(Item::number))
                    .isEqualTo(IntStream.range(0, each).boxed().toList());
        }
        assertThat(flushed).hasPositiveValue();
    }

    @Test
    void whereTheReaderIsSlowTheWriterWaits() throws Exception {
        Semaphore reader = new Semaphore(0);
        AtomicInteger put = new AtomicInteger();
        try (EventQueue<Integer> queue = new EventQueue<>(4, item -> reader.acquireUninterruptibly(), () -> {})) {
            Thread writer = Thread.ofPlatform()
                    .start(() -> IntStream.range(0, 1000).forEach(number -> {
                        queue.put(number);
                        put.incrementAndGet();
                    }));
            while (writer.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            assertThat(put.get()).isLessThan(1000);
            reader.release(1000);
            writer.join();
        }
        assertThat(reader.availablePermits()).isZero();
    }

    @Test
    void aThreadThatWasInterruptedStillTellsAndStaysInterrupted() {
        List<Integer> read = new ArrayList<>();
        try (EventQueue<Integer> queue = new EventQueue<>(4, read::add, () -> {})) {
            Thread.currentThread().interrupt();
            queue.put(1);
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(read).containsExactly(1);
    }
}
