package jsgx.machine.fast;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import jsgx.machine.code.AgentChannel;

/** A process of the program: what its threads share. After an execve it is another one. */
final class FastProcess {

    private final int pid;
    private final SignalActions actions;
    private final ThreadAreas areas;
    private final AgentChannel agent;
    private final Leases leases;
    private final Set<FastThread> threads = new HashSet<>();
    private final boolean borrowed;
    private boolean executing;

    /**
     * A process.
     *
     * @param borrowed whether areas and agent are another process's, in whose memory it runs
     */
    FastProcess(
            int pid, SignalActions actions, ThreadAreas areas, AgentChannel agent, Leases leases, boolean borrowed) {
        this.pid = pid;
        this.actions = actions;
        this.areas = areas;
        this.agent = agent;
        this.leases = leases;
        this.borrowed = borrowed;
    }

    int pid() {
        return pid;
    }

    SignalActions actions() {
        return actions;
    }

    ThreadAreas areas() {
        return areas;
    }

    AgentChannel agent() {
        return agent;
    }

    Leases leases() {
        return leases;
    }

    boolean isBorrowed() {
        return borrowed;
    }

    synchronized void add(FastThread thread) {
        threads.add(thread);
    }

    /** A thread ends or is gone; whether it was the last. */
    synchronized boolean remove(FastThread thread) {
        threads.remove(thread);
        notifyAll();
        return threads.isEmpty();
    }

    /** A thread is about to execute a program: where that works, all others and the address space are gone. */
    synchronized void executing(boolean now) {
        executing = now;
    }

    /**
     * The agent is dead: so are all threads, but for one that executes another program. Returns when whoever serves them knows, or should
     * long have known.
     *
     * @return whether the process is at its end
     */
    boolean gone() {
        agent.gone();
        for (FastThread thread : all()) {
            if (!thread.isExecuting()) {
                thread.gone();
            }
        }
        long end = System.nanoTime() + 1_000_000_000;
        synchronized (this) {
            while (threads.size() > (executing ? 1 : 0) && System.nanoTime() < end) {
                try {
                    wait(10);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    break;
                }
            }
            return !executing;
        }
    }

    private synchronized List<FastThread> all() {
        return List.copyOf(threads);
    }
}
