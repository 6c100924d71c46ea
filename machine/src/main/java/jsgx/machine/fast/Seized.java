package jsgx.machine.fast;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.Ptrace;
import jsgx.machine.linux.Signals;

/**
 * A thread of the program that this thread has in hand by ptrace, for a while: it is stopped whenever a method is called and when it
 * returns. It blocks all signals meanwhile, so that none comes between.
 */
final class Seized implements AutoCloseable {

    // struct user_regs_struct, as indices of eight bytes.
    static final int R15 = 0;
    static final int R14 = 1;
    static final int R13 = 2;
    static final int R12 = 3;
    static final int RBP = 4;
    static final int RBX = 5;
    static final int R11 = 6;
    static final int R10 = 7;
    static final int R9 = 8;
    static final int R8 = 9;
    static final int RAX = 10;
    static final int RCX = 11;
    static final int RDX = 12;
    static final int RSI = 13;
    static final int RDI = 14;
    static final int ORIG_RAX = 15;
    static final int RIP = 16;
    static final int FLAGS = 18;
    static final int RSP = 19;
    static final int FS_BASE = 21;
    static final int GS_BASE = 22;

    private static final int OPTIONS = Ptrace.O_TRACESYSGOOD
            | Ptrace.O_TRACEEXEC
            | Ptrace.O_TRACEFORK
            | Ptrace.O_TRACEVFORK
            | Ptrace.O_TRACECLONE
            | Ptrace.O_EXITKILL;

    /** How often to look for an event before sleeping between looks. */
    private static final int SPINS = 100;

    private static final long PATIENCE_NANOS = 50_000;

    private static final int[] ARGUMENTS = {RDI, RSI, RDX, R10, R8, R9};

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment registers = arena.allocate(Ptrace.REGISTERS_SIZE, Long.BYTES);
    private final MemorySegment saved = arena.allocate(Ptrace.REGISTERS_SIZE, Long.BYTES);
    private final MemorySegment word = arena.allocate(JAVA_LONG);
    private long gadget;
    private final int pid;
    private int tid;
    private boolean gone;
    private int exitStatus;

    private Seized(int pid, int tid, long gadget) {
        this.pid = pid;
        this.tid = tid;
        this.gadget = gadget;
    }

    /**
     * Seizes a thread, which goes on.
     *
     * @param gadget the address of a {@code syscall} in it that passes the filter
     */
    static Seized seize(int pid, int tid, long gadget) throws LinuxException {
        Linux.check("trace thread " + tid, Ptrace.seize(tid, OPTIONS));
        return new Seized(pid, tid, gadget);
    }

    /** A child that a seized thread has just made: this thread has it already, and it is about to stop for the first time. */
    static Seized born(int pid, int tid, long gadget) {
        Seized child = new Seized(pid, tid, gadget);
        child.await();
        return child;
    }

    /** Stops it where it is. */
    void stop() {
        Ptrace.interrupt(tid);
        // A process that has just been started may still be about to tell of its exec, by a stop that takes the
        // interruption's place; and so does SIGSTOP.
        for (Ptrace.Status stop = await(); isElse(stop); stop = await()) {
            Ptrace.interrupt(tid);
            Ptrace.resume(tid, delivered(stop));
        }
    }

    private static boolean isElse(Ptrace.Status stop) {
        return delivered(stop) != 0
                || (stop instanceof Ptrace.Status.Event(int event, int ignored) && event == Ptrace.EVENT_EXEC);
    }

    /**
     * The signal to resume a stop with. SIGSTOP cannot be blocked, and dropped it would be lost to the program; delivered it stops the process,
     * of which this thread goes on as long as it is traced, and is stopped again when it no longer is, unless SIGCONT has come by then.
     */
    static int delivered(Ptrace.Status stop) {
        return stop instanceof Ptrace.Status.Signal(int number) && number == Signals.SIGSTOP ? number : 0;
    }

    /** Another {@code syscall} from now on. */
    void gadget(long address) {
        gadget = address;
    }

    int tid() {
        return tid;
    }

    boolean isGone() {
        return gone;
    }

    /** Waits for the next stop. */
    private Ptrace.Status await() {
        long result = Ptrace.await(tid, word);
        Ptrace.Status status = Linux.failed(result) ? new Ptrace.Status.Gone(0) : Ptrace.status(word);
        gone = status instanceof Ptrace.Status.Gone;
        return status;
    }

    /** Fetches the registers, for {@link #get} and {@link #set}. */
    void load() {
        Ptrace.getRegisters(tid, registers);
    }

    /** Makes the registers those that were set. */
    void store() {
        Ptrace.setRegisters(tid, registers);
    }

    long get(int register) {
        return registers.getAtIndex(JAVA_LONG, register);
    }

    void set(int register, long value) {
        registers.setAtIndex(JAVA_LONG, register, value);
    }

    void extendedState(MemorySegment state) {
        MemorySegment vector = arena.allocate(JAVA_LONG, 2);
        vector.setAtIndex(JAVA_LONG, 0, state.address());
        vector.setAtIndex(JAVA_LONG, 1, state.byteSize());
        Ptrace.setExtendedState(tid, vector);
    }

    void signalMask(long mask) {
        word.set(JAVA_LONG, 0, mask);
        Ptrace.setSignalMask(tid, word);
    }

    /** Executes a system call in the thread, from the gadget; its registers are as before. */
    long systemCall(long number, long... arguments) {
        return systemCallFrom(gadget, number, arguments);
    }

    /** The same from another {@code syscall} instruction. */
    long systemCallFrom(long from, long number, long... arguments) {
        Ptrace.getRegisters(tid, saved);
        registers.copyFrom(saved);
        set(RIP, from);
        set(RAX, number);
        set(ORIG_RAX, -1);
        for (int i = 0; i < ARGUMENTS.length; i++) {
            set(ARGUMENTS[i], i < arguments.length ? arguments[i] : 0);
        }
        store();
        boolean entered = false;
        int signal = 0;
        while (!gone) {
            Ptrace.resumeToSystemCall(tid, signal);
            Ptrace.Status stop = await();
            signal = delivered(stop);
            if (stop instanceof Ptrace.Status.Boundary) {
                if (entered) {
                    load();
                    long result = get(RAX);
                    Ptrace.setRegisters(tid, saved);
                    return result;
                }
                entered = true;
            }
        }
        return -Errors.ESRCH;
    }

    /** An event that the thread meets while it runs. */
    record Event(int event, long message) {}

    /**
     * Waits for an event of the thread, which runs.
     *
     * @param otherwise asked now and then: whether there is no event to wait for after all
     * @return the event, at which the thread is stopped; empty where there was none, or the thread is gone
     */
    Optional<Event> awaitEvent(BooleanSupplier otherwise) {
        for (int turn = 0; !gone; turn++) {
            long result = Ptrace.poll(tid, word);
            if (result == -Errors.ECHILD && tid != pid) {
                // A thread that executes a program gets the identifier of the first one.
                tid = pid;
                continue;
            }
            if (Linux.failed(result)) {
                gone = true;
            } else if (result != 0) {
                Optional<Event> event = event(Ptrace.status(word));
                if (event.isPresent()) {
                    return event;
                }
            } else if (otherwise.getAsBoolean()) {
                return Optional.empty();
            } else if (turn > SPINS) {
                LockSupport.parkNanos(PATIENCE_NANOS);
            }
        }
        return Optional.empty();
    }

    private Optional<Event> event(Ptrace.Status status) {
        switch (status) {
            case Ptrace.Status.Event event
            when event.event() != Ptrace.EVENT_STOP -> {
                return Optional.of(new Event(event.event(), Ptrace.getEvent(tid, word)));
            }
            case Ptrace.Status.Event stop when stop.signal() != Signals.SIGTRAP -> Ptrace.listen(tid);
            case Ptrace.Status.Event stop -> Ptrace.resume(tid, 0);
            case Ptrace.Status.Boundary boundary -> Ptrace.resume(tid, 0);
            case Ptrace.Status.Signal signal -> Ptrace.resume(tid, signal.number());
            case Ptrace.Status.Gone end -> {
                gone = true;
                exitStatus = end.exitStatus();
            }
        }
        return Optional.empty();
    }

    /** How it ended, where it is gone and that could be told. */
    int exitStatus() {
        return exitStatus;
    }

    /** Lets it run from a stop. */
    void run() {
        Ptrace.resume(tid, 0);
    }

    /** From the event of an execve to the program's first instruction. */
    void finishExec() {
        Ptrace.Status stop;
        int signal = 0;
        do {
            Ptrace.resumeToSystemCall(tid, signal);
            stop = await();
            signal = delivered(stop);
        } while (!(stop instanceof Ptrace.Status.Boundary) && !gone);
    }

    /** Lets it go on by itself, from a stop. */
    @Override
    public void close() {
        if (!gone) {
            Ptrace.detach(tid);
        }
        arena.close();
    }
}
