package jsgx.machine.traced;

import jsgx.arch.RegisterFile.Register;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.linux.RemoteMemory;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.SystemCall;

/**
 * The signals of exceptions that a thread of the program blocks. They are not really blocked: an exception under a blocked signal takes its
 * handler from the whole process, and ENCLU is an exception that the program must not see. What rt_sigprocmask tells it is as if they were.
 */
final class BlockedExceptions {

    private static final long SET = bit(Signals.SIGILL)
            | bit(Signals.SIGTRAP)
            | bit(Signals.SIGBUS)
            | bit(Signals.SIGFPE)
            | bit(Signals.SIGSEGV);

    private static final int SIG_BLOCK = 0;
    private static final int SIG_UNBLOCK = 1;
    private static final int SIG_SETMASK = 2;
    private static final int SIGACTION_SIZE = 32;

    private final TracedTask task;
    private long blocked;

    BlockedExceptions(TracedTask task) {
        this.task = task;
    }

    /** A new thread blocks what the one blocks that made it. */
    void inherit(BlockedExceptions other) {
        blocked = other.blocked;
    }

    private static long bit(int signal) {
        return 1L << (signal - 1);
    }

    /** The thread is stopped at rt_sigprocmask: lets it go on. */
    void setMask() {
        long how = task.registers().get(Register.RDI);
        long set = task.registers().get(Register.RSI);
        long old = task.registers().get(Register.RDX);
        long before = blocked;
        RemoteMemory memory = new RemoteMemory(task.pid());
        long wanted = set == 0 ? 0 : memory.readLong(set).orElse(0L) & SET;
        if (before == 0 && wanted == 0) {
            task.proceed(SystemCall.RT_SIGPROCMASK, null);
            return;
        }
        task.proceed(SystemCall.RT_SIGPROCMASK, result -> {
            if (result == 0 && set != 0) {
                blocked = switch ((int) how) {
                    case SIG_BLOCK -> before | wanted;
                    case SIG_UNBLOCK -> before & ~wanted;
                    case SIG_SETMASK -> wanted;
                    default -> before;
                };
                task.signalMask(task.signalMask() & ~SET);
            }
            if (result == 0 && old != 0) {
                memory.readLong(old).ifPresent(told -> memory.writeLong(old, told | before));
            }
            return result;
        });
    }

    /** Somebody sent a signal to the thread: where it blocks that, the kernel keeps it until it does no longer. */
    void keep(int signal) {
        if ((blocked & bit(signal)) != 0) {
            task.signalMask(task.signalMask() | bit(signal));
        }
    }

    /** An exception's signal is about to be delivered: where it is blocked, it kills. */
    void force(int signal) {
        if ((blocked & bit(signal)) != 0) {
            new RemoteMemory(task.pid()).write(CodeLayout.SCRATCH, new byte[SIGACTION_SIZE]);
            task.systemCall(SystemCall.RT_SIGACTION, signal, CodeLayout.SCRATCH, 0, Long.BYTES);
        }
    }
}
