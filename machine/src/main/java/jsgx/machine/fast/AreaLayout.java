package jsgx.machine.fast;

/**
 * Where things lie in a thread's area: one slot of the thread areas of an address space, the same bytes for the stub and for Java. A slot is
 * aligned to its size, so that the stub finds it from its stack pointer. Two slots are no thread's: the leases', and the one by which a thread is
 * found by its identifier.
 */
final class AreaLayout {

    /** Bytes of a slot. */
    static final int SLOT = 0x1_0000;

    /** Slots of an address space, the first included. */
    static final int SLOTS = 1024;

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

    /** Not 0 while Java knows that the thread is inside an enclave: then no lease is for it. */
    static final int INSIDE = 0x80;

    /** What the stub reads the program's code with: the bytes, and the iovec of either side. */
    static final int BYTES_READ = 0x88;

    static final int HERE = 0x90;
    static final int THERE = 0xa0;
    static final int IOVEC_LENGTH = 8;

    /** Operands of system calls that the stub executes for Java. */
    static final int SCRATCH = 0x400;

    static final int SCRATCH_BYTES = 0xc00;

    /** The stub's stack: what sigaltstack is told. */
    static final int STACK = 0x1000;

    static final int STACK_BYTES = SLOT - STACK;

    /** The slot of the leases, and how many there are: a TCS has one place, by {@link #leaseOf}. */
    static final int LEASE_SLOT = 0;

    static final int LEASES = 512;
    static final int LEASE_BYTES = SLOT / LEASES;

    /** The slot of a table of u32: a thread's slot, by the low bits of its identifier; 0 for none. */
    static final int TID_SLOT = 1;

    static final int TIDS = SLOT / Integer.BYTES;

    /** The slot of a process's first thread. */
    static final int FIRST_SLOT = 2;

    // A lease.

    /** u64: {@link #GONE}, {@link #FREE}, or the area of the thread that uses it with {@link #ENTERING} or {@link #INSIDE_BY_LEASE}. */
    static final int LEASE_STATE = 0x00;

    static final int GONE = 0;
    static final int FREE = 1;
    static final int ENTERING = 2;
    static final int INSIDE_BY_LEASE = 3;

    /** The TCS's linear address. */
    static final int LEASE_TCS = 0x08;

    /** What EENTER loads: RIP, RAX, FS and GS base. */
    static final int LEASE_RIP = 0x10;

    static final int LEASE_CSSA = 0x18;
    static final int LEASE_FS_BASE = 0x20;
    static final int LEASE_GS_BASE = 0x28;

    /** The address of GPRSGX.URSP, before URBP, of the SSA frame that an AEX would fill. */
    static final int LEASE_URSP = 0x30;

    /** What the thread that uses it brought: the AEP, FS and GS base outside. */
    static final int LEASE_AEP = 0x38;

    static final int LEASE_OUTSIDE_FS = 0x40;
    static final int LEASE_OUTSIDE_GS = 0x48;

    /** How many entries there were. */
    static final int LEASE_ENTRIES = 0x50;

    private AreaLayout() {}

    /** Which lease a TCS has. */
    static int leaseOf(long tcs) {
        long page = tcs >>> 12;
        return (int) ((page ^ page >>> 9) & (LEASES - 1));
    }
}
