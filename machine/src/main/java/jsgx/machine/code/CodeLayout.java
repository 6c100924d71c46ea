package jsgx.machine.code;

/**
 * The fixed places of a run in every address space of it: seccomp filters survive exec and know the code by its address. All addresses and
 * sizes are in bytes.
 */
public final class CodeLayout {

    /** Code, readable and executable: the vDSO, what supervisions execute in the program, the agent. System calls from here pass the filter. */
    public static final long CODE = 0x6a73_6778_0000L;

    public static final long CODE_SIZE = 0x1_0000;

    /** Readable and writable memory that an address space shares with the supervisor and with no other: the agent's mailbox, operands of system calls. */
    public static final long PROCESS_PAGES = CODE + CODE_SIZE;

    public static final long PROCESS_PAGES_SIZE = 0x1_0000;

    /** Where threads' areas begin; the fast supervision has them. */
    public static final long THREAD_AREAS = 0x6a73_6780_0000L;

    /** The address that AT_SYSINFO_EHDR gets: the vDSO's ELF header. */
    public static final long VDSO = CODE;

    /** {@code syscall}, and then {@code int3} until it stops: what a supervision that stops threads executes system calls with. */
    public static final long SYSTEM_CALL = CODE + 0x3000;

    /** Where a thread is after the system call there: at its {@code int3}. */
    public static final long AFTER_SYSTEM_CALL = SYSTEM_CALL + 2;

    /**
     * The clone that makes the agent, its arguments in registers as for any: {@code syscall}, behind which the new thread becomes the agent and
     * the old one meets an {@code int3}, until it stops.
     */
    public static final long CLONE_AGENT = CODE + 0x3010;

    /** Where a thread is after it made the agent, or failed to: at the {@code int3}. */
    public static final long AFTER_CLONE_AGENT = CLONE_AGENT + 0x10;

    /** Where the agent begins; a thread that jumps here, with all signals blocked, is the agent. */
    public static final long AGENT = CODE + 0x3030;

    /**
     * The flags of the agent's clone: a thread of the process with its own file table, which no tracer gets, so that a stopped
     * program stops nobody who waits for the agent and is not stopped itself.
     */
    public static final long AGENT_CLONE_FLAGS = 0x100 /* VM */
            | 0x200 /* FS */
            | 0x800 /* SIGHAND */
            | 0x1_0000 /* THREAD */
            | 0x4_0000 /* SYSVSEM */
            | 0x80_0000 /* UNTRACED */;

    /** Free for code of the fast supervision, up to the end of the code. */
    public static final long STUB = CODE + 0x4000;

    /** The part of the process's pages that is the agent's. */
    static final long MAILBOX_SIZE = 0x1000;

    /** Scratch memory for system calls' operands, from here to the end of the process's pages; whoever uses it sees to it that he is alone. */
    public static final long SCRATCH = PROCESS_PAGES + MAILBOX_SIZE;

    public static final long SCRATCH_SIZE = PROCESS_PAGES_SIZE - MAILBOX_SIZE;

    private CodeLayout() {}

    /** Whether an address lies in the code. */
    public static boolean isCode(long address) {
        return address - CODE >= 0 && address - CODE < CODE_SIZE;
    }

    /** Whether a range of addresses meets what is not the program's: code, shared pages and threads' areas up to here. */
    public static boolean isReserved(long address, long length, long threadAreasEnd) {
        return Long.compareUnsigned(address, threadAreasEnd) < 0 && Long.compareUnsigned(address + length, CODE) > 0;
    }
}
