package jsgx.machine.traced;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;
import java.util.function.LongUnaryOperator;
import jsgx.arch.RegisterFile.Register;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.Ptrace;
import jsgx.machine.linux.Ptrace.Status;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.program.ProgramThread;
import jsgx.machine.task.SignalInfo;
import jsgx.machine.task.Task;
import org.jspecify.annotations.Nullable;

/**
 * A thread of the program that is traced. But for what {@link Task} says its methods are the tracer's, while the thread is stopped.
 *
 * <p>A system call is executed for the program by sending it to {@code syscall; int3} in the code at a fixed place. Where it then stops, a signal can be
 * delivered to it, whatever it was stopped for before; those that came meanwhile wait in a queue.
 */
final class TracedTask implements Task {

    private static final int INT3_LENGTH = 1;
    static final int SYSCALL_LENGTH = 2;

    private static final int ERESTARTSYS = 512;
    private static final int SI_NUMBER = 0;
    private static final int SI_CODE = 8;
    private static final int SI_ADDRESS = 16;

    private final Tracer tracer;
    private final Arena arena = Arena.ofAuto();
    private final int pid;
    private int tid;
    private final TracedRegisters registers = new TracedRegisters(this, arena);
    private final MemorySegment saved = arena.allocate(Ptrace.REGISTERS_SIZE, Long.BYTES);
    private final MemorySegment call = arena.allocate(Ptrace.REGISTERS_SIZE, Long.BYTES);
    private final MemorySegment siginfo = arena.allocate(Ptrace.SIGINFO_SIZE, Long.BYTES);
    private final MemorySegment status = arena.allocate(JAVA_INT);
    private final MemorySegment word = arena.allocate(JAVA_LONG);

    /** Signals that came while a system call was executed for the program, as siginfo_t. */
    private final Deque<byte[]> queued = new ArrayDeque<>();

    private final BlockedExceptions blocked = new BlockedExceptions(this);
    private @Nullable ProgramThread thread;
    private @Nullable Status unserved;
    private boolean stopped;
    private boolean served;
    private boolean moved;
    private boolean stopAgain;
    private boolean ended;
    private long passAt;
    private @Nullable LongUnaryOperator then;

    TracedTask(Tracer tracer, int pid, int tid) {
        this.tracer = tracer;
        this.pid = pid;
        this.tid = tid;
    }

    @Override
    public int pid() {
        return pid;
    }

    @Override
    public int tid() {
        return tid;
    }

    /** It executed a program, which gave it the identifier of its process. */
    void becomeLeader() {
        tid = pid;
    }

    @Override
    public TracedRegisters registers() {
        return registers;
    }

    @Override
    public long systemCall(long number, long... arguments) {
        return execute(CodeLayout.SYSTEM_CALL, CodeLayout.AFTER_SYSTEM_CALL, number, arguments);
    }

    @Override
    public void evict(BooleanSupplier left) {
        tracer.evict(this);
    }

    /** Who is told of what the thread does; none while it has not yet executed the program. */
    @Nullable
    ProgramThread thread() {
        return thread;
    }

    void thread(ProgramThread told) {
        thread = told;
    }

    /** Whether the thread has told of its end. */
    boolean hasEnded() {
        return ended;
    }

    void end() {
        ended = true;
    }

    /** Whether it is stopped, for all that is known. */
    boolean isStopped() {
        return stopped;
    }

    void stop() {
        stopped = true;
        moved = false;
        registers.forget();
    }

    boolean isServed() {
        return served;
    }

    void serve(boolean now) {
        served = now;
    }

    /** A stop, or its end, that came while it was waited for something else. */
    @Nullable
    Status unserved() {
        return unserved;
    }

    void unserved(@Nullable Status other) {
        unserved = other;
    }

    /** Waits for the next thing that happens to it. */
    Status await() {
        if (Linux.failed(Ptrace.await(tid, status))) {
            return new Status.Gone(0);
        }
        Status next = Ptrace.status(status);
        if (!(next instanceof Status.Gone)) {
            stop();
        }
        return next;
    }

    /**
     * Executes a system call at a place.
     *
     * @param at the address of the SYSCALL instruction
     * @param trap the address of the INT3 that it meets then
     * @return what the kernel returned; -ESRCH where the thread ended instead
     */
    long execute(long at, long trap, long number, long... arguments) {
        if (unserved != null || !stopped) {
            return -Errors.ESRCH;
        }
        registers.copyTo(saved);
        registers.store();
        prepareCall(at, number, arguments);
        Ptrace.setRegisters(tid, call);
        boolean done = runTo(at + SYSCALL_LENGTH, trap + INT3_LENGTH);
        long result = done ? call.getAtIndex(JAVA_LONG, TracedRegisters.index(Register.RAX)) : -Errors.ESRCH;
        registers.copyFrom(saved);
        moved = true;
        return result;
    }

    private void prepareCall(long at, long number, long[] arguments) {
        call.copyFrom(saved);
        Register[] operands = {Register.RDI, Register.RSI, Register.RDX, Register.R10, Register.R8, Register.R9};
        for (int i = 0; i < operands.length; i++) {
            put(operands[i], i < arguments.length ? arguments[i] : 0);
        }
        put(Register.RAX, number);
        put(Register.RIP, at);
        call.setAtIndex(JAVA_LONG, TracedRegisters.ORIG_RAX, -1);
    }

    private void put(Register register, long value) {
        call.setAtIndex(JAVA_LONG, TracedRegisters.index(register), value);
    }

    /** Lets the thread run until it trapped between two addresses; false where it ended. */
    private boolean runTo(long after, long last) {
        Ptrace.resume(tid, 0);
        while (true) {
            Status next = await();
            switch (next) {
                case Status.Gone gone -> {
                    unserved = gone;
                    stopped = false;
                    return false;
                }
                case Status.Event(int event, int signal) -> {
                    if (event == Ptrace.EVENT_EXIT) {
                        unserved = next;
                        return false;
                    }
                    // A group-stop: the thread joins it when it has done what it must.
                    stopAgain |= event == Ptrace.EVENT_STOP && signal != Signals.SIGTRAP;
                }
                case Status.Boundary() -> {}
                case Status.Signal(int number) -> {
                    Ptrace.getRegisters(tid, call);
                    long rip = call.getAtIndex(JAVA_LONG, TracedRegisters.index(Register.RIP));
                    if (number == Signals.SIGTRAP && rip > after && rip <= last) {
                        return true;
                    }
                    Ptrace.getSignal(tid, siginfo);
                    queued.add(siginfo.toArray(JAVA_BYTE));
                }
            }
            Ptrace.resume(tid, 0);
        }
    }

    /** The signal that it stopped to get. */
    SignalInfo signal() {
        Ptrace.getSignal(tid, siginfo);
        return new SignalInfo(
                siginfo.get(JAVA_INT, SI_NUMBER),
                siginfo.get(JAVA_INT, SI_CODE),
                siginfo.get(JAVA_LONG, SI_ADDRESS),
                SignalInfo.UNKNOWN,
                SignalInfo.UNKNOWN);
    }

    /** What the event that it stopped for has to say. */
    long event() {
        return Ptrace.getEvent(tid, word);
    }

    /** The signals that the kernel keeps from it, as a sigset_t. */
    long signalMask() {
        Ptrace.getSignalMask(tid, word);
        return word.get(JAVA_LONG, 0);
    }

    void signalMask(long mask) {
        word.set(JAVA_LONG, 0, mask);
        Ptrace.setSignalMask(tid, word);
    }

    BlockedExceptions blocked() {
        return blocked;
    }

    /** The number of the system call at which it is stopped. */
    long systemCallNumber() {
        return registers.systemCall();
    }

    long[] systemCallArguments() {
        return new long[] {
            registers.get(Register.RDI),
            registers.get(Register.RSI),
            registers.get(Register.RDX),
            registers.get(Register.R10),
            registers.get(Register.R8),
            registers.get(Register.R9)
        };
    }

    /** Whether the system call at which it stopped was answered before: the kernel is to execute it. */
    boolean passes() {
        boolean passes = passAt != 0 && passAt == registers.get(Register.RIP);
        passAt = 0;
        return passes;
    }

    /** The system call at which it is stopped is not executed; the program finds a result. */
    void answer(long result) {
        registers.set(Register.RAX, result);
        registers.systemCall(-1);
        resume(0);
    }

    /**
     * The kernel executes the system call at which it is stopped.
     *
     * @param number the number that the stop told
     * @param after what to do with the result
     */
    void proceed(long number, @Nullable LongUnaryOperator after) {
        then = after;
        if (moved) {
            // It is no longer at the call: it makes it again.
            long rip = registers.get(Register.RIP);
            passAt = rip;
            registers.set(Register.RIP, rip - SYSCALL_LENGTH);
            registers.set(Register.RAX, number);
            registers.systemCall(-1);
            resume(0);
        } else if (after != null) {
            leave();
            Ptrace.resumeToSystemCall(tid, 0);
        } else {
            resume(0);
        }
    }

    /** The call that was let through again: goes on to its end where somebody waits for the result. */
    void pass() {
        if (then != null) {
            leave();
            Ptrace.resumeToSystemCall(tid, 0);
        } else {
            resume(0);
        }
    }

    /** The system call at which it is stopped is not executed, and its registers are what they are; a signal can be delivered then. */
    void leaveSystemCall() {
        registers.systemCall(-1);
        systemCall(SystemCall.GETTID);
    }

    /** The system call at which it is stopped is interrupted by a signal, by whose action the kernel makes it again or ends it. */
    void interrupt(long number) {
        if (!moved) {
            leaveSystemCall();
        }
        registers.set(Register.RAX, -ERESTARTSYS);
        registers.systemCall(number);
        resume(0);
    }

    /** Who waits for the result of the system call that ended; null where nobody does. */
    @Nullable
    LongUnaryOperator takeThen() {
        LongUnaryOperator taken = then;
        then = null;
        return taken;
    }

    /** Goes on, and gets a signal with the siginfo that it stopped with, or another one. */
    void deliver(SignalInfo signal) {
        siginfo.fill((byte) 0);
        siginfo.set(JAVA_INT, SI_NUMBER, signal.number());
        siginfo.set(JAVA_INT, SI_CODE, signal.code());
        siginfo.set(JAVA_LONG, SI_ADDRESS, signal.address());
        Ptrace.setSignal(tid, siginfo);
        resume(signal.number());
    }

    /**
     * Goes on.
     *
     * @param signal the one that it stopped to get, 0 for none
     */
    void resume(int signal) {
        if (unserved != null) {
            return;
        }
        int delivered = signal;
        if (delivered == 0 && moved && !queued.isEmpty()) {
            byte[] next = queued.remove();
            MemorySegment.copy(next, 0, siginfo, JAVA_BYTE, 0, next.length);
            delivered = siginfo.get(JAVA_INT, SI_NUMBER);
            if (thread != null) {
                thread.signal(delivered);
                blocked.keep(delivered);
            }
            Ptrace.setSignal(tid, siginfo);
        }
        if (!queued.isEmpty() || stopAgain) {
            stopAgain = false;
            Ptrace.interrupt(tid);
        }
        leave();
        if (thread != null && thread.watchesSystemCalls()) {
            Ptrace.resumeToSystemCall(tid, delivered);
        } else {
            Ptrace.resume(tid, delivered);
        }
    }

    private void leave() {
        registers.store();
        registers.forget();
        stopped = false;
    }

    /** It was interrupted: goes on with the next of the signals that wait. */
    void resumeInterrupted() {
        if (!queued.isEmpty()) {
            systemCall(SystemCall.GETTID);
        }
        resume(0);
    }

    /** It is in a group-stop, as it would be untraced. */
    void listen() {
        leave();
        Ptrace.listen(tid);
    }
}
