package jsgx.machine.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * ptrace(2) and the waiting for tracees. All of it must come from the thread that seized the tracee. Results are the kernel's: -ESRCH where the
 * tracee is not stopped, or gone.
 */
public final class Ptrace {

    public static final int EVENT_FORK = 1;
    public static final int EVENT_VFORK = 2;
    public static final int EVENT_CLONE = 3;
    public static final int EVENT_EXEC = 4;
    public static final int EVENT_EXIT = 6;
    public static final int EVENT_SECCOMP = 7;
    public static final int EVENT_STOP = 128;

    public static final int O_TRACESYSGOOD = 1;
    public static final int O_TRACEFORK = 1 << EVENT_FORK;
    public static final int O_TRACEVFORK = 1 << EVENT_VFORK;
    public static final int O_TRACECLONE = 1 << EVENT_CLONE;
    public static final int O_TRACEEXEC = 1 << EVENT_EXEC;
    public static final int O_TRACEEXIT = 1 << EVENT_EXIT;
    public static final int O_TRACESECCOMP = 1 << EVENT_SECCOMP;
    public static final int O_EXITKILL = 1 << 20;

    /** The bytes of user_regs_struct: 27 registers of eight bytes. */
    public static final int REGISTERS_SIZE = 27 * Long.BYTES;

    /** The bytes of siginfo_t. */
    public static final int SIGINFO_SIZE = 128;

    private static final int POKEDATA = 5;
    private static final int CONT = 7;
    private static final int GETREGS = 12;
    private static final int DETACH = 17;
    private static final int SETREGS = 13;
    private static final int SYSCALL = 24;
    private static final int GETEVENTMSG = 0x4201;
    private static final int GETSIGINFO = 0x4202;
    private static final int SETSIGINFO = 0x4203;
    private static final int GETREGSET = 0x4204;
    private static final int SETREGSET = 0x4205;
    private static final int SEIZE = 0x4206;
    private static final int INTERRUPT = 0x4207;
    private static final int LISTEN = 0x4208;
    private static final int GETSIGMASK = 0x420a;
    private static final int SETSIGMASK = 0x420b;

    private static final int NT_X86_XSTATE = 0x202;

    private static final int WNOHANG = 1;
    private static final int WNOTHREAD = 0x2000_0000;
    private static final int WALL = 0x4000_0000;

    private Ptrace() {}

    public static long seize(int tid, int options) {
        return Linux.call(SystemCall.PTRACE, SEIZE, tid, 0, options);
    }

    public static long interrupt(int tid) {
        return Linux.call(SystemCall.PTRACE, INTERRUPT, tid, 0, 0);
    }

    /** Lets a tracee in a group-stop be stopped as it would be untraced. */
    public static long listen(int tid) {
        return Linux.call(SystemCall.PTRACE, LISTEN, tid, 0, 0);
    }

    /** Lets a tracee go on; with a signal where it stopped to get one. */
    public static long resume(int tid, int signal) {
        return Linux.call(SystemCall.PTRACE, CONT, tid, 0, signal);
    }

    /** Lets a tracee go on to the next boundary of a system call. */
    public static long resumeToSystemCall(int tid, int signal) {
        return Linux.call(SystemCall.PTRACE, SYSCALL, tid, 0, signal);
    }

    /** Lets a stopped tracee go on untraced. */
    public static long detach(int tid) {
        return Linux.call(SystemCall.PTRACE, DETACH, tid, 0, 0);
    }

    public static long getRegisters(int tid, MemorySegment to) {
        return Linux.call(SystemCall.PTRACE, GETREGS, tid, 0, to.address());
    }

    public static long setRegisters(int tid, MemorySegment from) {
        return Linux.call(SystemCall.PTRACE, SETREGS, tid, 0, from.address());
    }

    /**
     * The extended state, an XSAVE area in the standard form.
     *
     * @param vector two words of the caller's: where the state goes, and how many bytes there is room for; the second becomes how many it has
     */
    public static long getExtendedState(int tid, MemorySegment vector) {
        return Linux.call(SystemCall.PTRACE, GETREGSET, tid, NT_X86_XSTATE, vector.address());
    }

    public static long setExtendedState(int tid, MemorySegment vector) {
        return Linux.call(SystemCall.PTRACE, SETREGSET, tid, NT_X86_XSTATE, vector.address());
    }

    public static long getSignal(int tid, MemorySegment siginfo) {
        return Linux.call(SystemCall.PTRACE, GETSIGINFO, tid, 0, siginfo.address());
    }

    public static long setSignal(int tid, MemorySegment siginfo) {
        return Linux.call(SystemCall.PTRACE, SETSIGINFO, tid, 0, siginfo.address());
    }

    /** What an event has to say: the child's identifier, the exit status, the former identifier of a thread that executed a program. */
    public static long getEvent(int tid, MemorySegment word) {
        long result = Linux.call(SystemCall.PTRACE, GETEVENTMSG, tid, 0, word.address());
        return Linux.failed(result) ? result : word.get(JAVA_LONG, 0);
    }

    public static long getSignalMask(int tid, MemorySegment word) {
        return Linux.call(SystemCall.PTRACE, GETSIGMASK, tid, Long.BYTES, word.address());
    }

    public static long setSignalMask(int tid, MemorySegment word) {
        return Linux.call(SystemCall.PTRACE, SETSIGMASK, tid, Long.BYTES, word.address());
    }

    /** Writes eight bytes past the protection of private memory. */
    public static long poke(int tid, long address, long value) {
        return Linux.call(SystemCall.PTRACE, POKEDATA, tid, address, value);
    }

    /**
     * Waits for this thread's tracees and children.
     *
     * @param tid the one to wait for, -1 for any
     * @param status four bytes for what happened to it
     * @return which it was
     */
    public static long await(int tid, MemorySegment status) {
        return await(tid, status, 0);
    }

    /** The same for any of them; -EINTR where a signal ends the wait. */
    public static long awaitAny(MemorySegment status) {
        return Linux.call(SystemCall.WAIT4, -1, status.address(), WALL | WNOTHREAD, 0);
    }

    /** The same without waiting: 0 where nothing happened. */
    public static long poll(int tid, MemorySegment status) {
        return await(tid, status, WNOHANG);
    }

    private static long await(int tid, MemorySegment status, int options) {
        long result;
        do {
            result = Linux.call(SystemCall.WAIT4, tid, status.address(), WALL | WNOTHREAD | options, 0);
        } while (result == -Errors.EINTR);
        return result;
    }

    /** What happened to a tracee. */
    public sealed interface Status {

        /** It stopped for one of the events. */
        record Event(int event, int signal) implements Status {}

        /** It stopped at a boundary of a system call. */
        record Boundary() implements Status {}

        /** It stopped to get a signal. */
        record Signal(int number) implements Status {}

        /**
         * It is gone.
         *
         * @param status as waitpid tells it
         */
        record Gone(int status) implements Status {

            /** Its exit status, or 128 and the signal that killed it. */
            public int exitStatus() {
                int signal = status & 0x7f;
                return signal == 0 ? status >> 8 & 0xff : 128 + signal;
            }
        }
    }

    /** Decodes what {@link #await} left. */
    public static Status status(MemorySegment status) {
        int bits = status.get(JAVA_INT, 0);
        if ((bits & 0xff) != 0x7f) {
            return new Status.Gone(bits);
        }
        int signal = bits >> 8 & 0xff;
        int event = bits >>> 16;
        if (event != 0) {
            return new Status.Event(event, signal);
        }
        return signal == (Signals.SIGTRAP | 0x80) ? new Status.Boundary() : new Status.Signal(signal);
    }
}
