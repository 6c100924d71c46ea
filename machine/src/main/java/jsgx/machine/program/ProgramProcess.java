package jsgx.machine.program;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.driver.Workload;

/** A process of the program. */
final class ProgramProcess {

    private static final int NOBODY = 65534;

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

    ProgramMemory memory() {
        return memory;
    }

    /** Whom what the process opens is charged to: its user at the moment, where the run does not say. */
    Workload workload() {
        Workload all = program.options().workload();
        return all != null ? all : new Workload("uid:" + Integer.toUnsignedString(effectiveUser()));
    }

    private int effectiveUser() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"), StandardCharsets.ISO_8859_1)) {
                if (line.startsWith("Uid:")) {
                    return Integer.parseUnsignedInt(line.split("\\s+", -1)[2]);
                }
            }
        } catch (IOException e) {
            // It is gone, and so is what it opens.
        }
        return NOBODY;
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
