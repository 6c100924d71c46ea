package jsgx.machine.task;

import java.util.function.BooleanSupplier;

/** A thread of the program, as its supervision has it in hand. But for {@link #evict}, its methods are for whoever serves a stop of it. */
public interface Task extends StoppedThread {

    /**
     * Executes a system call in the thread, which is stopped, unseen by the filter.
     *
     * @param number the number of x86-64
     * @param arguments up to six
     * @return what the kernel returned: a negated errno where it failed
     */
    long systemCall(long number, long... arguments);

    /**
     * Makes the thread leave the enclave that it is in: it is stopped, its handler's {@code evicted} runs, and it goes on. Returns when that
     * is done; nothing happens where it is gone. Any thread may call it but one that serves this task.
     *
     * @param left whether the thread has left by itself meanwhile, for an exception: who serves that may be waiting for the caller, and
     *     would not come to evict it
     */
    void evict(BooleanSupplier left);

    /**
     * Whether the thread may be inside an enclave that it entered without asking, which {@link #evict} would then find out. Any thread may
     * ask.
     */
    default boolean mayBeInside() {
        return false;
    }
}
