package jsgx.machine.program;

import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.machine.linux.RemoteMemory;
import jsgx.machine.sgx.CpuidSites;
import jsgx.machine.sgx.Sgx;
import jsgx.machine.sgx.SgxSpace;
import jsgx.machine.task.Agent;

/** What threads share that share an address space, whether they are of one process or (CLONE_VM, vfork) of several. */
final class ProgramMemory {

    private final Program program;
    private final int pid;
    private final Agent agent;
    private final RemoteMemory contents;
    private final SgxSpace space;
    private final CpuidSites cpuidSites;
    private final Scratch scratch;
    private final Set<ProgramThread> threads = ConcurrentHashMap.newKeySet();
    private final AtomicInteger processes = new AtomicInteger();

    ProgramMemory(Program program, int pid, Agent agent, Sgx sgx, CpuidSites cpuidSites) {
        this.program = program;
        this.pid = pid;
        this.agent = agent;
        contents = new RemoteMemory(pid);
        space = sgx.space(pid, agent, this::evict);
        this.cpuidSites = cpuidSites;
        scratch = new Scratch(contents);
    }

    /** A process that has this address space. */
    int pid() {
        return pid;
    }

    /** Our own thread in it. */
    Agent agent() {
        return agent;
    }

    /** The process's memory as it reads and writes it itself. */
    RemoteMemory contents() {
        return contents;
    }

    /** What devices have in it. */
    SgxSpace space() {
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
