package jsgx.machine.task;

import java.util.function.LongSupplier;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.WakeSignal;

/**
 * What a thread that supervises a program owes to other threads while it waits: they may need threads of its program to leave an enclave, which
 * nobody else can make them do.
 */
public final class Attention {

    private static final ThreadLocal<Attention> DUTIES = ThreadLocal.withInitial(() -> new Attention(() -> {}));

    private final Runnable duty;
    private final int thread = Linux.tid();
    private volatile boolean waits;

    private Attention(Runnable duty) {
        this.duty = duty;
    }

    /** The calling thread supervises a program from now on, and does this whenever it waits for somebody. */
    public static Attention duty(Runnable duty) {
        WakeSignal.install();
        Attention attention = new Attention(duty);
        DUTIES.set(attention);
        return attention;
    }

    /** The calling thread supervises no program any more. */
    public static void none() {
        DUTIES.remove();
    }

    /** The calling thread does what it owes; nothing where it supervises no program. It never waits here. */
    public static void attend() {
        DUTIES.get().duty.run();
    }

    /** Makes a system call that waits; {@link #wake} ends it with -EINTR. What came before it began does not. */
    public static long waiting(LongSupplier call) {
        Attention own = DUTIES.get();
        own.waits = true;
        try {
            return call.getAsLong();
        } finally {
            own.waits = false;
        }
    }

    /** Wakes the thread where it waits. Any thread may call it, again and again until the other has attended. */
    public void wake() {
        if (waits) {
            WakeSignal.send(thread);
        }
    }
}
