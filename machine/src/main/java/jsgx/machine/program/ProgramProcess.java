package jsgx.machine.program;

import java.util.concurrent.atomic.AtomicInteger;

/** A process of the program. */
final class ProgramProcess {

    private final Program program;
    private final int pid;
    private final AtomicInteger threads = new AtomicInteger();
    private volatile ProgramMemory memory;

    ProgramProcess(Program program, int pid, ProgramMemory memory) {
        this.program = program;
        this.pid = pid;
        this.memory = memory;
        memory.acquire();
    }

    Program program() {
        return program;
    }

    int pid() {
        return pid;
    }

    ProgramMemory memory() {
        return memory;
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
