package jsgx.driver.core;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import jsgx.arch.LogicalProcessor;
import jsgx.driver.Hardware;
import jsgx.driver.InterfaceKind;
import org.jspecify.annotations.Nullable;

/** The machine's logical processors. A thread takes one for a leaf or a short run of leaves, and waits when all are taken. */
public final class Processors {

    private final AtomicReferenceArray<@Nullable Processor> idle;
    private final Processor[] all;
    private final Semaphore count;

    Processors(Hardware hardware, int processors, Consumer<LogicalProcessor> firmware) {
        if (processors < 1) {
            throw new IllegalArgumentException("a machine has at least one logical processor, not " + processors);
        }
        all = new Processor[processors];
        idle = new AtomicReferenceArray<>(processors);
        count = new Semaphore(processors);
        for (int i = 0; i < processors; i++) {
            all[i] = new Processor(hardware);
            idle.set(i, all[i]);
        }
        reset(firmware);
    }

    /** Takes a processor. */
    public Processor acquire() {
        count.acquireUninterruptibly();
        // The permit says that one is idle; which one changes while this looks.
        int at = (int) Thread.currentThread().threadId();
        while (true) {
            int index = Math.floorMod(at++, all.length);
            if (idle.getPlain(index) != null) {
                Processor processor = idle.getAndSet(index, null);
                if (processor != null) {
                    return processor;
                }
            }
        }
    }

    /** Gives a processor back. */
    public void release(Processor processor) {
        processor.forget();
        for (int i = 0; ; i++) {
            int index = i % all.length;
            if (idle.getPlain(index) == null && idle.compareAndSet(index, null, processor)) {
                break;
            }
        }
        count.release();
    }

    /** Does something while no leaf runs anywhere. */
    public void stopped(Runnable action) {
        count.acquireUninterruptibly(all.length);
        try {
            action.run();
        } finally {
            count.release(all.length);
        }
    }

    /** Reset and firmware, on each processor. */
    void reset(Consumer<LogicalProcessor> firmware) {
        for (Processor processor : all) {
            firmware.accept(processor.logicalProcessor());
            processor.rememberHashes();
        }
    }

    /** A processor to look at; all are set up alike. */
    public LogicalProcessor any() {
        return all[0].logicalProcessor();
    }

    /** What the hash MSRs hold for an interface that does not write them: firmware leaves the same on each processor. */
    public byte[] hash(InterfaceKind kind) {
        return Launches.hash(all[0].hash(kind));
    }
}
