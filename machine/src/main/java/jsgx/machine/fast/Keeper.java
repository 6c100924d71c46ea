package jsgx.machine.fast;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.Ptrace;
import jsgx.machine.linux.SystemCall;

/**
 * Holds an address space's agent by ptrace as long as it lives, which costs the program's own threads nothing. So the program ends with this process, however
 * that ends; an agent of a stopped program works on; and the end of the process is known here before its parent can know it.
 */
final class Keeper implements Runnable {

    private static final int P_PID = 1;
    private static final int WSTOPPED = 2;
    private static final int WEXITED = 4;
    private static final int WNOWAIT = 0x0100_0000;
    private static final int WNOTHREAD = 0x2000_0000;
    private static final int WALL = 0x4000_0000;
    private static final int CLD_EXITED = 1;
    private static final int CLD_DUMPED = 3;
    private static final int INFO_CODE = 8;

    private final int agentTid;
    private final Runnable whenGone;
    private final CountDownLatch ready = new CountDownLatch(1);
    private volatile long seized;

    private Keeper(int agentTid, Runnable whenGone) {
        this.agentTid = agentTid;
        this.whenGone = whenGone;
    }

    /**
     * Holds an agent from now on.
     *
     * @param whenGone is done when the agent is dead, before the end of its process can be seen by the process's parent
     */
    static void start(int agentTid, Runnable whenGone) throws LinuxException {
        Keeper keeper = new Keeper(agentTid, whenGone);
        Thread.ofPlatform().daemon().name("jsgx-keeper-" + agentTid).start(keeper);
        try {
            keeper.ready.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Linux.check("trace the agent", keeper.seized);
    }

    @Override
    public void run() {
        seized = Ptrace.seize(agentTid, Ptrace.O_EXITKILL);
        ready.countDown();
        if (Linux.failed(seized)) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(128, Long.BYTES);
            MemorySegment status = arena.allocate(JAVA_LONG);
            while (lives(info)) {
                Ptrace.await(agentTid, status);
                Ptrace.resume(agentTid, Seized.delivered(Ptrace.status(status)));
            }
            whenGone.run();
            Ptrace.await(agentTid, status);
        }
    }

    /** Waits for something to happen to the agent; false where that is its end. */
    private boolean lives(MemorySegment info) {
        long result;
        do {
            int options = WEXITED | WSTOPPED | WNOWAIT | WALL | WNOTHREAD;
            result = Linux.call(SystemCall.WAITID, P_PID, agentTid, info.address(), options, 0, 0);
        } while (result == -Errors.EINTR);
        int code = info.get(JAVA_INT, INFO_CODE);
        return !Linux.failed(result) && (code < CLD_EXITED || code > CLD_DUMPED);
    }
}
