package jsgx.machine.program;

import java.util.concurrent.atomic.AtomicInteger;
import jsgx.driver.Workload;

/** A process of the program. */
final class ProgramProcess {

    private final Program program;
    private final int pid;
    private final AtomicInteger threads = new AtomicInteger();
    private volatile ProgramMemory memory;
    private volatile boolean transfersWatched;

    ProgramProcess(Program program, int pid, ProgramMemory memory) {
        this.program = program;
        this.pid = pid;
        this.memory = memory;
        memory.acquire();
    }

    ProgramMemory memory() {
        return memory;
    }

    /** Whom what the process opens is charged to: its user at the moment, where the run does not say. */
    Workload workload() {
        Workload all = program.options().workload();
        return all != null
                ? all
                : new Workload(
                        "uid:" + Integer.toUnsignedString(ThreadStatus.of(pid).effectiveUser()));
    }

    /** Whether reads and writes of the process are served: all its threads, and those of its children, are filtered so. */
    boolean transfersWatched() {
        return transfersWatched;
    }

    void transfersWatched(boolean on) {
        transfersWatched = on;
    }

    void began() {
        threads.getAndIncrement();
    }

    /** A thread ended; with the last one the process does. */
    boolean ended() {
        if (threads.decrementAndGet() > 0) {
            return false;
        }
        memory.release();
        return true;
    }

    /** execve: all threads but one are gone, and the address space is another. */
    void execed(ProgramMemory fresh) {
        ProgramMemory old = memory;
        fresh.acquire();
        memory = fresh;
        threads.set(1);
        old.release();
    }
}
