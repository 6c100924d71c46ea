package jsgx.machine.code;

/**
 * How the first page of the process's pages is used: by offset in bytes. The supervisor writes calls and their count, then a new number in
 * {@link #REQUEST}; the agent executes them, writes results, then the same number in {@link #REPLY}.
 */
final class AgentMailbox {

    /** Number of the last batch; a futex that the agent waits on. */
    static final int REQUEST = 0;
    /** Number of the last batch that was done; a futex that the supervisor waits on. */
    static final int REPLY = 4;
    /** How many calls the batch has. */
    static final int COUNT = 8;
    /** Not 0 where the agent waits, or is about to: a new request must wake it. */
    static final int ASLEEP = 12;
    /** Not 0 where the supervisor waits, or is about to: a reply must wake it. */
    static final int WAITING = 16;
    /** The EPC's descriptor in the agent's file table, or a negated errno. */
    static final int EPC = 20;
    /** The EPC's descriptor among those that the agent has from the thread that made it, negative where it is to open the EPC by its path. */
    static final int INHERITED = 24;
    /** The supervisor's process identifier. */
    static final int SUPERVISOR = 28;
    /** The supervisor as a pidfd, in form of a pollfd: when it ends, the program ends. */
    static final int POLL = 32;
    /** How long the agent sleeps before it looks after the supervisor: a timespec. */
    static final int PATIENCE = 40;
    /** The path by which the agent opens the EPC. */
    static final int PATH = 64;

    static final int PATH_SIZE = 64;
    /** The calls: number, six arguments, result, eight bytes each. */
    static final int CALLS = 128;

    static final int CALL_SIZE = 64;
    static final int CALL_RESULT = 56;
    static final int MAX_CALLS = (int) (CodeLayout.MAILBOX_SIZE - CALLS) / CALL_SIZE;

    private AgentMailbox() {}
}
