package jsgx.machine.remote;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import jsgx.arch.EnclaveMode;
import jsgx.arch.RegisterFile;
import jsgx.machine.enclave.EnclaveExecution;
import jsgx.machine.task.FaultAnswer;
import jsgx.machine.task.SignalInfo;
import jsgx.machine.task.StoppedThread;
import org.jspecify.annotations.Nullable;

/** A thread of a front end's program. What it does with SGX is done here; the thread itself is the front end's. */
final class ServedThread implements StoppedThread {

    private static final long SHORTEST_PAUSE = 50_000;
    private static final long LONGEST_PAUSE = 2_000_000;

    private final Session session;
    private final int id;
    private final ServedSpace space;
    private final int tid;
    private final ServedRegisters registers;
    private @Nullable EnclaveExecution execution;

    /** Whether a thread of this process serves it at the moment. */
    private volatile boolean served;

    private volatile boolean ended;

    ServedThread(Session session, int id, ServedSpace space, int tid) {
        this.session = session;
        this.id = id;
        this.space = space;
        this.tid = tid;
        registers = new ServedRegisters(() -> session.extendedState(id));
    }

    void execution(EnclaveExecution made) {
        execution = made;
    }

    private EnclaveExecution execution() {
        EnclaveExecution made = execution;
        if (made == null) {
            throw new IllegalStateException("a thread without execution");
        }
        return made;
    }

    @Override
    public int pid() {
        return space.pid();
    }

    @Override
    public int tid() {
        return tid;
    }

    @Override
    public RegisterFile registers() {
        return registers;
    }

    boolean isInside() {
        return execution().inside();
    }

    /** Serves one stop of the thread. */
    private void serve(In in, Out out, Function<In, @Nullable FaultAnswer> how) {
        synchronized (this) {
            if (served || ended) {
                throw new BadMessage("a thread that is served already, or has ended");
            }
            served = true;
        }
        try {
            registers.begin(in);
            FaultAnswer answer = how.apply(in);
            in.end();
            out.flag(execution().inside());
            registers.end(out);
            switch (answer) {
                case FaultAnswer.Deliver(SignalInfo signal) -> Signals.write(signal, out.flag(true));
                case null, default -> out.flag(false);
            }
        } finally {
            served = false;
        }
    }

    void fault(In in, Out out) {
        serve(in, out, from -> execution().fault(Signals.read(from)));
    }

    void systemCallInside(In in, Out out) {
        serve(in, out, from -> execution().systemCallInside(from.i32()));
    }

    void interrupted(In in, Out out) {
        serve(in, out, from -> {
            execution().interrupted(from.i32());
            return null;
        });
    }

    /** The thread is no more. */
    void end() {
        refuse();
        while (served) {
            LockSupport.parkNanos(SHORTEST_PAUSE);
        }
        leave();
        space.leave(this);
    }

    /** No stop of the thread is served from now on. */
    private synchronized void refuse() {
        ended = true;
    }

    /** The thread, which nobody serves any more, is outside. */
    private synchronized void leave() {
        execution().ended();
    }

    /**
     * Makes the thread leave the enclave that it is in where that meets a range.
     *
     * @return how much of the time was charged already, in nanoseconds
     */
    long evict(long start, long end) {
        EnclaveMode mode = execution().mode();
        if (mode == null || mode.elrangeBase() >= end || mode.elrangeBase() + mode.elrangeSize() <= start) {
            return 0;
        }
        long charged = 0;
        long pause = SHORTEST_PAUSE;
        long since = System.nanoTime();
        while (isIn(mode)) {
            if (session.isLost()) {
                // Nobody can stop it any more. Who serves it may be waiting for the caller, but then it is outside.
                refuse();
                if (!served) {
                    leave();
                    return charged;
                }
            } else {
                if (!served) {
                    charged += session.evict(id);
                }
                if (!isIn(mode)) {
                    return charged;
                }
                if (System.nanoTime() - since > session.patienceNanos()) {
                    session.lost("a thread that did not leave its enclave");
                }
            }
            LockSupport.parkNanos(pause);
            pause = Math.min(LONGEST_PAUSE, pause * 2);
        }
        return charged;
    }

    @SuppressWarnings("ReferenceEquality")
    private boolean isIn(EnclaveMode mode) {
        return execution().mode() == mode;
    }
}
