package jsgx.machine.remote;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.StreamSocket;
import org.jspecify.annotations.Nullable;

/**
 * The daemon's ends of a session's lanes. On two of them the front end calls: its tracer, and who closes devices. On the others the daemon does, for whoever
 * needs something of the program that is not served just then, as the reclaimer for another session does: one to make threads leave enclaves, and one for what
 * needs nobody else. Who serves a call of the front end asks it on that very lane.
 *
 * <p>Locks: the one of evictions is taken outside the page tables', that of errands inside all others.
 */
final class SessionLanes {

    /** Lanes on which the front end calls. */
    static final int CALLS = 2;

    private static final int EVICTIONS = CALLS;
    private static final int ERRANDS = CALLS + 1;
    private static final int ALL = ERRANDS + 1;

    /** An answer that takes longer is slow: others wait for it. */
    static final long SLOW_NANOS = 100_000_000;

    /**
     * The same of what the daemon itself may have a part in: an answer in the middle of a front end's own call, of which others hear only where they need what that
     * call has locked, and the time until a thread has left its enclave.
     */
    static final long OWN_SLOW_NANOS = 1_000_000_000;

    private final Allowance allowance;
    private final List<StreamSocket> sockets = new ArrayList<>();
    private final List<Integer> others = new ArrayList<>();
    private final List<Lane> lanes = new ArrayList<>();
    private final Thread[] servers = new Thread[CALLS];
    private final ReentrantLock evictions = new ReentrantLock();
    private final ReentrantLock errands = new ReentrantLock();
    private final Object ending = new Object();
    private volatile @Nullable String lost;

    /** @param allowance the user's, whose patience counts */
    SessionLanes(Allowance allowance) throws LinuxException {
        this.allowance = allowance;
        try {
            for (int i = 0; i < ALL; i++) {
                int[] ends = StreamSocket.pair();
                sockets.add(new StreamSocket(ends[0]));
                others.add(ends[1]);
            }
        } catch (LinuxException e) {
            sockets.forEach(StreamSocket::close);
            closeOthers();
            throw e;
        }
    }

    /** The front end's ends. */
    List<Integer> others() {
        return others;
    }

    /** The front end has its ends, or never will. */
    void closeOthers() {
        others.forEach(Linux::close);
        others.clear();
    }

    void connect(Lane.Server server) {
        for (StreamSocket socket : sockets) {
            lanes.add(new Lane(socket, server, false));
        }
    }

    /** Serves one of the lanes on which the front end calls, until it ends. */
    void serve(int number) {
        servers[number] = Thread.currentThread();
        try {
            lanes.get(number).serve();
            lost("the front end is gone");
        } catch (LaneEnded | BadMessage | TooMuch e) {
            lost(String.valueOf(e.getMessage()));
        } catch (RuntimeException | Error e) {
            // Of memory there may be none: what the session has must be released all the more.
            lost("what it asked for failed: " + e);
        }
    }

    boolean isLost() {
        return lost != null;
    }

    /** Why the session ended; empty where it has not. */
    String why() {
        String why = lost;
        return why == null ? "" : why;
    }

    /** The session is over: nobody waits for the front end any more. */
    void lost(String why) {
        synchronized (ending) {
            if (lost != null) {
                return;
            }
            lost = why;
        }
        sockets.forEach(StreamSocket::shutdown);
    }

    /** The lane on which the calling thread may speak; null where none waits for it. */
    private @Nullable Lane own() {
        for (int i = 0; i < CALLS; i++) {
            if (servers[i] == Thread.currentThread()) {
                return lanes.get(i);
            }
        }
        return evictions.isHeldByCurrentThread() ? lanes.get(EVICTIONS) : null;
    }

    /** Asks the front end; the fallback where it does not answer any more, or not in time. */
    <T> T ask(boolean eviction, Op op, Out operands, T fallback, Function<In, T> decode) {
        @Nullable Lane own = own();
        if (own != null) {
            return timed(own, OWN_SLOW_NANOS, op, operands, fallback, decode);
        }
        ReentrantLock lock = eviction ? evictions : errands;
        lock.lock();
        try {
            return timed(lanes.get(eviction ? EVICTIONS : ERRANDS), SLOW_NANOS, op, operands, fallback, decode);
        } finally {
            lock.unlock();
        }
    }

    /** When an answer to the calling thread is slow, and charged. */
    long slowNanos() {
        return own() == null ? SLOW_NANOS : OWN_SLOW_NANOS;
    }

    private <T> T timed(Lane lane, long slow, Op op, Out operands, T fallback, Function<In, T> decode) {
        long start = System.nanoTime();
        T answer = call(lane, allowance.patienceNanos(slow), op, operands, fallback, decode);
        waited(System.nanoTime() - start, slow);
        return answer;
    }

    private <T> T call(Lane lane, long patience, Op op, Out operands, T fallback, Function<In, T> decode) {
        if (isLost()) {
            return fallback;
        }
        try {
            In in = lane.call(op, operands, patience);
            T answer = decode.apply(in);
            in.end();
            return answer;
        } catch (RuntimeException e) {
            // Who asks is perhaps another session's: nothing of this one becomes its trouble.
            lost(op + ": " + e.getMessage());
            return fallback;
        }
    }

    /** Others waited for the front end: who makes them wait again and again, in however many sessions, is as bad as who never answers. */
    void waited(long nanos, long slow) {
        if (nanos >= slow && allowance.waited(nanos)) {
            lost("others have waited for the answers of this user's programs for too long");
        }
    }

    /** Sends something that the other end hears before its answer, where the calling thread serves it; false elsewhere. */
    boolean tell(Out event) {
        @Nullable Lane own = own();
        if (own == null || isLost()) {
            return false;
        }
        try {
            own.tell(event);
        } catch (LaneEnded e) {
            lost(String.valueOf(e.getMessage()));
        }
        return true;
    }

    void close() {
        evictions.lock();
        errands.lock();
        try {
            lanes.forEach(Lane::close);
            sockets.forEach(StreamSocket::close);
        } finally {
            errands.unlock();
            evictions.unlock();
        }
    }
}
