package jsgx.machine.remote;

/** What is called. An operation's number is its ordinal. */
enum Op {
    // The front end calls.
    OPEN,
    CLOSE,
    SPACE,
    FORKED,
    GONE,
    MMAP,
    REPLACE,
    MUNMAP,
    MPROTECT,
    MOVE,
    IOCTL,
    ACCESS,
    THREAD,
    FAULT,
    SYSTEM_CALL_INSIDE,
    INTERRUPTED,
    ENDED,
    // The daemon calls.
    AGENT,
    READ,
    WRITE,
    GROUND,
    READ_IMPLIES_EXEC,
    FILE,
    SIGNAL_PENDING,
    RUN,
    PIECE,
    EXTENDED_STATE,
    EVICT;

    private static final Op[] ALL = values();

    static Op of(int number) {
        if (number >= ALL.length) {
            throw new BadMessage("there is no operation " + number);
        }
        return ALL[number];
    }
}
