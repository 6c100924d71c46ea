package jsgx.machine.fast;

/**
 * Where things lie in a thread's area: one slot of the thread areas of an address space, the same bytes for the stub and for Java. A slot is
 * aligned to its size, so that the stub finds it from its stack pointer. Slot 0 is no thread's: it holds the leases.
 */
final class AreaLayout {

    /** Bytes of a slot. */
    static final int SLOT = 0x1_0000;

    /** Slots of an address space, the first included. */
    static final int SLOTS = 2048;

    /** All thread areas of an address space in bytes; memory that is never touched is never there. */
    static final long BYTES = (long) SLOT * SLOTS;

    /** u32: whose turn it is, a futex. */
    static final int STATE = 0x00;

    /** The program runs. */
    static final int RUNNING = 0;

    /** A signal came, or a system call is done: Java's turn. */
    static final int POSTED = 1;

    /** The stub shall execute a system call. */
    static final int EXECUTE = 2;

    /** The stub shall go back to the program. */
    static final int RESUME = 3;

    /** The number of the signal that came. */
    static final int SIGNAL = 0x08;

    /** The address of its siginfo_t in the program. */
    static final int INFO = 0x10;

    /** The address of its ucontext_t in the program. */
    static final int CONTEXT = 0x18;

    static final int FS_BASE = 0x20;
    static final int GS_BASE = 0x28;

    /** The system call to execute, its six arguments, its result. */
    static final int NUMBER = 0x30;

    static final int ARGUMENTS = 0x38;
    static final int RESULT = 0x68;

    /** The thread's identifier as the thread itself sees it. */
    static final int TID = 0x70;

    /** The address of the lease by which the thread is inside an enclave; 0 where there is none. */
    static final int LEASE = 0x78;

    /** Operands of system calls that the stub executes for Java. */
    static final int SCRATCH = 0x400;

    static final int SCRATCH_BYTES = 0xc00;

    /** The stub's stack: what sigaltstack is told. */
    static final int STACK = 0x1000;

    static final int STACK_BYTES = SLOT - STACK;

    private AreaLayout() {}
}
