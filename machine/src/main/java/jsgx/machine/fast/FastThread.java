package jsgx.machine.fast;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.LongUnaryOperator;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Leaf;
import jsgx.arch.RegisterFile.Register;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.program.ProgramThread;
import jsgx.machine.task.FaultAnswer;
import jsgx.machine.task.SignalInfo;
import jsgx.machine.task.SystemCallAnswer;

/** Serves one thread of the program: waits for it to come into the stub, does what it came for, and sends it back. */
final class FastThread implements Runnable {

    private static final int SYSCALL_LENGTH = 2;
    private static final int SYS_SECCOMP = 1;
    private static final int SI_USER = 0;
    private static final int SUPERVISOR = (int) ProcessHandle.current().pid();
    private static final long LOW_32 = 0xffff_ffffL;

    /** A system call that the program's thread executes by itself, after which it comes back. */
    private record Continuation(long rip, long rsp, LongUnaryOperator then) {}

    private final FastSupervision supervision;
    private final FastTask task;
    private final ThreadSignals signals;
    private final ArrayDeque<Continuation> continuations = new ArrayDeque<>();
    private FastProcess process;
    private ProgramThread served;
    private int slot;
    private volatile boolean executing;
    private boolean over;
    private int exitStatus = Signals.SIGKILL;

    FastThread(
            FastSupervision supervision,
            FastProcess process,
            FastTask task,
            int slot,
            ThreadSignals signals,
            ProgramThread served) {
        this.supervision = supervision;
        this.process = process;
        this.task = task;
        this.slot = slot;
        this.signals = signals;
        this.served = served;
        process.add(this);
        process.leases().add(this);
    }

    FastTask task() {
        return task;
    }

    FastProcess process() {
        return process;
    }

    ThreadSignals signals() {
        return signals;
    }

    ProgramThread served() {
        return served;
    }

    int slot() {
        return slot;
    }

    boolean isExecuting() {
        return executing;
    }

    void executing(boolean now) {
        executing = now;
        process.executing(now);
    }

    /** The thread executed a program. Its place among the areas of the address space that is gone is the caller's to release. */
    void moved(FastProcess newProcess, int newSlot, ThreadArea area) {
        FastProcess old = process;
        old.leases().remove(this);
        process = newProcess;
        slot = newSlot;
        newProcess.add(this);
        task.moved(area);
        newProcess.leases().add(this);
        signals.executed();
        continuations.clear();
        executing = false;
        old.executing(false);
        old.remove(this);
    }

    void gone() {
        task.gone();
    }

    @Override
    public void run() {
        try {
            while (!over && task.await()) {
                serve();
            }
        } catch (IndexOutOfBoundsException e) {

            // The program wrote to what is the stub's: it is its own end.
            supervision.kill(process.pid());
        } catch (RuntimeException | Error e) {
            supervision.failed(e);
            supervision.kill(process.pid());
            throw e;
        } finally {
            task.gone();
            process.leases().remove(this);
            served.exited(exitStatus);
            process.areas().release(slot, task.tid());
            process.remove(this);
        }
    }

    private void serve() {
        int signal = task.area().signal();
        MemorySegment info = task.area().info();
        int code = info.get(JAVA_INT, SignalFrame.INFO_CODE);
        boolean fellBack = process.leases().surfaced(this);
        if (signal == Signals.SIGSYS && code == SYS_SECCOMP) {
            systemCall();
        } else if (signal == SignalMask.EVICT && info.get(JAVA_INT, SignalFrame.INFO_SENDER) == SUPERVISOR) {
            // It leaves its enclave, and goes on outside. A call that comes after the one before was heeded finds
            // nothing to do.
            task.evicted(served::evicted);
        } else if (SignalMask.has(SignalMask.RESERVED, signal) && code > SI_USER) {
            if (!fellBack) {
                fault(signal, code);
            }
        } else {
            served.signal(signal);
            signals.deliver(process.actions());
        }
        if (!over) {
            signals.deliverPending(process.actions());
            task.area().inside(served.execution().inside());
            task.area().resume();
        }
    }

    private void fault(int signal, int code) {
        if (signal == Signals.SIGTRAP && task.registers().get(Register.RIP) == CodeLayout.AFTER_SYSTEM_CALL + 1) {
            continueAfterSystemCall();
            return;
        }
        takeLeaseBack();
        MemorySegment context = task.area().context();
        long address = task.area().info().get(JAVA_LONG, SignalFrame.INFO_ADDRESS);
        SignalInfo info = new SignalInfo(signal, code, address, (int) context.get(JAVA_LONG, SignalFrame.TRAP), (int)
                context.get(JAVA_LONG, SignalFrame.ERROR_CODE));
        Optional<Leases.Lease> lease = leaseOnExit();
        long exit = task.registers().get(Register.RBX);
        answer(served.fault(info));
        lease.ifPresent(prepared -> {
            if (served.execution().inside() || task.registers().get(Register.RIP) != exit) {
                process.leases().withdraw(prepared);
            } else {
                process.leases().grant(prepared);
            }
        });
    }

    /** Where the thread is about to leave an enclave, it may be that it enters again as it did: without asking. */
    private Optional<Leases.Lease> leaseOnExit() {
        EnclaveMode mode = served.execution().mode();
        if (mode == null
                || (int) task.registers().get(Register.RAX) != Leaf.EEXIT.number()
                || served.entriesInDetail()) {
            return Optional.empty();
        }
        if (task.area().tid() == 0) {
            process.leases().known(task.area(), (int) task.systemCall(SystemCall.GETTID));
        }
        return process.leases().prepare(this, mode);
    }

    /** What the processor's model enters or resumes it changes itself: STATE and CSSA of the TCS are no longer what a lease says. */
    private void takeLeaseBack() {
        long leaf = task.registers().get(Register.RAX) & LOW_32;
        if (leaf == Leaf.EENTER.number() || leaf == Leaf.ERESUME.number()) {
            long tcs = task.registers().get(Register.RBX);
            process.leases().changing(tcs, tcs + 1);
        }
    }

    private void answer(FaultAnswer answer) {
        if (answer instanceof FaultAnswer.Deliver(SignalInfo delivered)) {
            signals.force(process.actions(), delivered);
        }
    }

    private void systemCall() {
        long number = task.registers().get(Register.RAX) & LOW_32;
        long[] arguments = {
            task.registers().get(Register.RDI),
            task.registers().get(Register.RSI),
            task.registers().get(Register.RDX),
            task.registers().get(Register.R10),
            task.registers().get(Register.R8),
            task.registers().get(Register.R9)
        };
        switch ((int) number) {
            case SystemCall.RT_SIGACTION ->
                result(signals.sigaction(process.actions(), arguments[0], arguments[1], arguments[2], arguments[3]));
            case SystemCall.RT_SIGPROCMASK ->
                result(signals.sigprocmask(arguments[0], arguments[1], arguments[2], arguments[3]));
            case SystemCall.SIGALTSTACK -> result(signals.sigaltstack(arguments[0], arguments[1]));
            case SystemCall.RT_SIGRETURN -> signals.sigreturn(process.actions());
            default -> answer(number, arguments, served.systemCall(number, arguments));
        }
    }

    private void answer(long number, long[] arguments, SystemCallAnswer answer) {
        switch (answer) {
            case SystemCallAnswer.Result(long value) -> result(value);
            case SystemCallAnswer.Interrupted() -> again();
            case SystemCallAnswer.Fault(FaultAnswer fault) -> answer(fault);
            case SystemCallAnswer.Proceed() -> proceed(number, arguments);
            case SystemCallAnswer.ProceedThen(LongUnaryOperator then) -> {
                // With the program's own mask, and interruptible: it may take long.
                continuations.push(new Continuation(
                        task.registers().get(Register.RIP), task.registers().get(Register.RSP), then));
                task.registers().set(Register.RIP, CodeLayout.SYSTEM_CALL);
            }
        }
    }

    /** The call is made again once its signals are through, as after a handler with SA_RESTART. */
    private void again() {
        task.registers().set(Register.RIP, task.registers().get(Register.RIP) - SYSCALL_LENGTH);
    }

    private void continueAfterSystemCall() {
        long rsp = task.registers().get(Register.RSP);
        while (!continuations.isEmpty()) {
            // A handler that interrupted the call may have left it for good by a jump: such are forgotten.
            Continuation last = continuations.pop();
            if (last.rsp() == rsp) {
                task.registers().set(Register.RIP, last.rip());
                result(last.then().applyAsLong(task.registers().get(Register.RAX)));
                return;
            }
        }
        signals.force(process.actions(), new SignalInfo(Signals.SIGTRAP, 128, 0, 3, 0));
    }

    private void proceed(long number, long[] arguments) {
        switch ((int) number) {
            case SystemCall.CLONE -> result(new Cloning(supervision, this).clone(arguments));
            case SystemCall.FORK -> result(new Cloning(supervision, this).clone(Signals.SIGCHLD));
            case SystemCall.VFORK ->
                result(new Cloning(supervision, this).clone(Cloning.CLONE_VM | Cloning.CLONE_VFORK | Signals.SIGCHLD));
            case SystemCall.EXECVE, SystemCall.EXECVEAT -> {
                long result = new Executing(supervision, this).execute(number, arguments);
                if (result != 0) {
                    result(result);
                }
            }
            case SystemCall.EXIT -> exit((int) arguments[0]);
            default -> result(task.systemCall(number, arguments));
        }
    }

    private void exit(int status) {
        over = true;
        exitStatus = (status & 0xff) << 8;
        boolean last = process.remove(this) && !process.isBorrowed();
        task.area().execute(last ? SystemCall.EXIT_GROUP : SystemCall.EXIT, status);
    }

    private void result(long value) {
        task.registers().set(Register.RAX, value);
    }

    /** How the thread's process ended, where it is gone while it executed a program. */
    void died() {
        over = true;
        exitStatus = Signals.SIGKILL;
    }
}
