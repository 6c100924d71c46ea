package jsgx.machine.task;

/**
 * What a thread that supervises a program owes to other threads while it waits for them: they may need threads of its program to leave an enclave, which
 * nobody else can make them do.
 */
public final class Attention {

    private static final ThreadLocal<Runnable> DUTIES = ThreadLocal.withInitial(() -> () -> {});

    private Attention() {}

    /** The calling thread supervises a program from now on, and does this whenever it waits for somebody. */
    public static void duty(Runnable duty) {
        DUTIES.set(duty);
    }

    /** The calling thread does what it owes; nothing where it supervises no program. It never waits here. */
    public static void attend() {
        DUTIES.get().run();
    }
}
