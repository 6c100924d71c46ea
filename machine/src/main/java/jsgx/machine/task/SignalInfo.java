package jsgx.machine.task;

/**
 * A signal that a thread got (siginfo_t, and what its frame says of the exception).
 *
 * @param number the signal
 * @param code si_code
 * @param address si_addr, for those that an exception causes
 * @param trap the exception's vector, or {@link #UNKNOWN}
 * @param errorCode the exception's error code, or {@link #UNKNOWN}: ptrace does not tell it
 */
public record SignalInfo(int number, int code, long address, int trap, int errorCode) {

    /** {@link #trap} and {@link #errorCode}: the supervision cannot tell. */
    public static final int UNKNOWN = -1;

    public static final int SIGILL = 4;
    public static final int SIGTRAP = 5;
    public static final int SIGBUS = 7;
    public static final int SIGFPE = 8;
    public static final int SIGSEGV = 11;
}
