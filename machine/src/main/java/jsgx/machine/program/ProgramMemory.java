package jsgx.machine.program;

import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.arch.epc.Epcm;
import jsgx.machine.enclave.CpuidSites;
import jsgx.machine.space.ProgramSpace;
import jsgx.machine.task.Agent;

/** What threads share that share an address space, whether they are of one process or (CLONE_VM, vfork) of several. */
final class ProgramMemory {

    private final Program program;
    private final ProgramSpace space;
    private final CpuidSites cpuidSites;
    private final Scratch scratch;
    private final Set<ProgramThread> threads = ConcurrentHashMap.newKeySet();
    private final AtomicInteger processes = new AtomicInteger();

    ProgramMemory(Program program, int pid, Agent agent, Epcm epcm, CpuidSites cpuidSites) {
        this.program = program;
        this.space = new ProgramSpace(
                pid, agent, epcm, this::evict, program.options().strict());
        this.cpuidSites = cpuidSites;
        this.scratch = new Scratch(space.memory());
    }

    ProgramSpace space() {
        return space;
    }

    CpuidSites cpuidSites() {
        return cpuidSites;
    }

    Scratch scratch() {
        return scratch;
    }

    Collection<ProgramThread> threads() {
        return threads;
    }

    void enter(ProgramThread thread) {
        threads.add(thread);
    }

    void leave(ProgramThread thread) {
        threads.remove(thread);
    }

    /** One more process has this address space. */
    void acquire() {
        processes.getAndIncrement();
    }

    /** A process ended, or executes another program. */
    void release() {
        if (processes.decrementAndGet() == 0) {
            program.forget(this);
            space.gone();
        }
    }

    private void evict(long start, long end) {
        for (ProgramThread thread : threads) {
            thread.evict(start, end);
        }
    }
}
