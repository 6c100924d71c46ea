package jsgx.machine.fast;

import java.util.function.BooleanSupplier;
import jsgx.arch.RegisterFile;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.task.Task;

/** A thread of the program with the stub in it. */
final class FastTask implements Task {

    /** How long a thread that is called out of an enclave may take until somebody looks whether it is still there and inside. */
    private static final long EVICT_PATIENCE_MILLIS = 1;

    private final int pid;
    private volatile int tid;
    private volatile ThreadArea area;
    private final RegisterFile registers = new FrameRegisters(this);
    private final Object evictions = new Object();
    private int evictionsAsked;
    private int evictionsDone;
    private volatile boolean gone;

    FastTask(int pid, int tid, ThreadArea area) {
        this.pid = pid;
        this.tid = tid;
        this.area = area;
    }

    @Override
    public int pid() {
        return pid;
    }

    @Override
    public int tid() {
        return tid;
    }

    ThreadArea area() {
        return area;
    }

    @Override
    public RegisterFile registers() {
        return registers;
    }

    /** The thread executed a program: it is the first of its process now, with another area. */
    void moved(ThreadArea newArea) {
        tid = pid;
        area = newArea;
    }

    /** Waits until the thread is in the stub; false where it is gone. */
    boolean await() {
        return area.await(this::isGone);
    }

    @Override
    public long systemCall(long number, long... arguments) {
        if (gone) {
            return -Errors.ESRCH;
        }
        area.execute(number, arguments);
        return await() ? area.result() : -Errors.ESRCH;
    }

    /** Executes rt_sigaction in the thread. */
    long sigaction(int signal, SignalAction action) {
        return SignalActions.execute(this, signal, area.scratch(), area.scratchAddress(), action);
    }

    /** Whether the kernel no longer has the thread. */
    boolean isGone() {
        if (!gone && Linux.tgkill(pid, tid, 0) == -Errors.ESRCH) {
            gone();
        }
        return gone;
    }

    /** The thread is gone: nobody waits for it any longer. */
    void gone() {
        gone = true;
        area.wakeWaiters();
        synchronized (evictions) {
            evictions.notifyAll();
        }
    }

    @Override
    public void evict(BooleanSupplier left) {
        synchronized (evictions) {
            int mine = ++evictionsAsked;
            Linux.tgkill(pid, tid, SignalMask.EVICT);
            while (evictionsDone - mine < 0 && !left.getAsBoolean() && !isGone()) {
                try {
                    evictions.wait(EVICT_PATIENCE_MILLIS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    /**
     * The thread got the signal of {@link #evict}.
     *
     * @param leave makes it leave its enclave
     */
    void evicted(Runnable leave) {
        synchronized (evictions) {
            leave.run();
            evictionsDone = evictionsAsked;
            evictions.notifyAll();
        }
    }
}
