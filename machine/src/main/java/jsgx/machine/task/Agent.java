package jsgx.machine.task;

/**
 * A thread of our own in an address space of the program, which executes system calls there at any time, whatever the program's own
 * threads do. It has a file table of its own, in which there is nothing but the EPC.
 */
public interface Agent {

    /**
     * One system call for the agent.
     *
     * @param number the number of x86-64
     * @param arguments up to six
     */
    record Call(long number, long... arguments) {}

    /** Executes a system call: its result, a negated errno where it failed; -ESRCH where the address space is gone. */
    long systemCall(long number, long... arguments);

    /** Executes system calls one after the other, in as few turns as it can. Results as those of {@link #systemCall}. */
    long[] systemCalls(Call... calls);

    /** The EPC's descriptor in the agent's own file table, for mmap. */
    int epcDescriptor();

    /** A system call failed that must not: nobody can go on with this address space. */
    default void refused(String what) {
        throw new IllegalStateException(what);
    }

    /** Whether the address space is gone. */
    boolean isGone();
}
