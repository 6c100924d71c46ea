package jsgx.machine.fast;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Optional;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.Xsave;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.ExtendedState;
import jsgx.machine.linux.RemoteMemory;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.task.SignalInfo;

/**
 * Signals of one thread as its program sees them: the mask, the alternate stack, the frames of its handlers. The thread is in the
 * stub whenever a method is called.
 */
final class ThreadSignals {

    private static final int SIG_BLOCK = 0;
    private static final int SIG_UNBLOCK = 1;
    private static final int SIG_SETMASK = 2;

    private static final int SS_ONSTACK = 1;
    private static final int SS_DISABLE = 2;
    private static final int SS_AUTODISARM = 1 << 31;
    private static final long MINSIGSTKSZ = 2048;
    private static final int STACK_BYTES = 24;

    private static final long CLEARED_BY_DELIVERY = 0x400 /* DF */ | 0x1_0000 /* RF */ | 0x100 /* TF */;
    private static final long RESTORED_BY_SIGRETURN = 0x5_0dd5 /* AC OF DF TF SF ZF AF PF CF RF */;
    private static final int XSTATE_ALIGNMENT = 64;

    /** An alternate stack (stack_t). */
    private record AlternateStack(long base, int flags, long size) {

        private static final AlternateStack NONE = new AlternateStack(0, SS_DISABLE, 0);

        private boolean holds(long rsp) {
            return (flags & SS_AUTODISARM) == 0 && rsp > base && rsp - base <= size;
        }
    }

    /** A signal of those that the kernel is never told to block, which the program blocks. */
    private record Pending(int number, byte[] info) {}

    private final FastTask task;
    private RemoteMemory memory;
    private final ArrayDeque<Pending> pending = new ArrayDeque<>();
    private long mask;
    private AlternateStack alternate = AlternateStack.NONE;

    ThreadSignals(FastTask task, long mask) {
        this.task = task;
        this.memory = new RemoteMemory(task.tid());
        this.mask = mask;
    }

    /** Those of a thread that this one makes: it keeps the mask, and the alternate stack where it has a stack of its own. */
    ThreadSignals child(FastTask child, boolean keepsStack) {
        ThreadSignals signals = new ThreadSignals(child, mask);
        signals.alternate = keepsStack ? alternate : AlternateStack.NONE;
        return signals;
    }

    long mask() {
        return mask;
    }

    /** The thread executed a program: the mask stays. */
    void executed() {
        memory = new RemoteMemory(task.tid());
        alternate = AlternateStack.NONE;
        pending.clear();
    }

    /** rt_sigaction(2). */
    long sigaction(SignalActions actions, long number, long newAction, long oldAction, long size) {
        if (size != Long.BYTES) {
            return -Errors.EINVAL;
        }
        int signal = (int) number;
        if (signal < 1 || signal > Long.SIZE) {
            return -Errors.EINVAL;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(SignalAction.BYTES, Long.BYTES);
            SignalAction old = actions.get(signal);
            if (newAction != 0) {
                if (memory.read(newAction, buffer) != SignalAction.BYTES) {
                    return -Errors.EFAULT;
                }
                if (signal == Signals.SIGKILL || signal == Signals.SIGSTOP) {
                    return -Errors.EINVAL;
                }
                actions.set(task, signal, SignalAction.read(buffer));
            }
            if (oldAction != 0) {
                old.write(buffer);
                if (memory.write(oldAction, buffer) != SignalAction.BYTES) {
                    return -Errors.EFAULT;
                }
            }
            return 0;
        }
    }

    /** rt_sigprocmask(2). */
    long sigprocmask(long how, long newMask, long oldMask, long size) {
        if (size != Long.BYTES) {
            return -Errors.EINVAL;
        }
        long old = mask;
        if (newMask != 0) {
            Optional<Long> operand = memory.readLong(newMask);
            if (operand.isEmpty()) {
                return -Errors.EFAULT;
            }
            switch ((int) how) {
                case SIG_BLOCK -> mask(old | operand.get());
                case SIG_UNBLOCK -> mask(old & ~operand.get());
                case SIG_SETMASK -> mask(operand.get());
                default -> {
                    return -Errors.EINVAL;
                }
            }
        }
        return oldMask == 0 || memory.writeLong(oldMask, old) ? 0 : -Errors.EFAULT;
    }

    private void mask(long blocked) {
        mask = SignalMask.legal(blocked);
        task.area().context().set(JAVA_LONG, SignalFrame.MASK, SignalMask.real(mask));
    }

    /** sigaltstack(2). */
    long sigaltstack(long newStack, long oldStack) {
        long rsp = task.registers().get(Register.RSP);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(STACK_BYTES, Long.BYTES);
            AlternateStack old = alternate;
            if (newStack != 0) {
                if (memory.read(newStack, buffer) != STACK_BYTES) {
                    return -Errors.EFAULT;
                }
                long result = alternate(stack(buffer, 0), rsp);
                if (result != 0) {
                    return result;
                }
            }
            if (oldStack != 0) {
                write(old, rsp, buffer, 0);
                if (memory.write(oldStack, buffer) != STACK_BYTES) {
                    return -Errors.EFAULT;
                }
            }
            return 0;
        }
    }

    private long alternate(AlternateStack stack, long rsp) {
        if (alternate.holds(rsp)) {
            return -Errors.EPERM;
        }
        int mode = stack.flags() & ~SS_AUTODISARM;
        if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0) {
            return -Errors.EINVAL;
        }
        if (mode == SS_DISABLE) {
            alternate = AlternateStack.NONE;
        } else if (Long.compareUnsigned(stack.size(), MINSIGSTKSZ) < 0) {
            return -Errors.ENOMEM;
        } else {
            alternate = stack;
        }
        return 0;
    }

    private static AlternateStack stack(MemorySegment from, long offset) {
        return new AlternateStack(
                from.get(JAVA_LONG_UNALIGNED, offset),
                from.get(JAVA_INT_UNALIGNED, offset + 8),
                from.get(JAVA_LONG_UNALIGNED, offset + 16));
    }

    private static void write(AlternateStack stack, long rsp, MemorySegment to, long offset) {
        to.set(JAVA_LONG_UNALIGNED, offset, stack.base());
        boolean disabled = stack.size() == 0;
        int flags = disabled ? SS_DISABLE : stack.holds(rsp) ? SS_ONSTACK : 0;
        to.set(JAVA_INT_UNALIGNED, offset + 8, flags | (stack.flags() & SS_AUTODISARM));
        to.set(JAVA_INT_UNALIGNED, offset + 12, 0);
        to.set(JAVA_LONG_UNALIGNED, offset + 16, stack.size());
    }

    /** The signal that brought the thread into the stub is the program's: it is delivered, kept until it is no longer blocked, or forgotten. */
    void deliver(SignalActions actions) {
        deliver(actions, task.area().signal(), task.area().info().toArray(JAVA_BYTE));
    }

    private void deliver(SignalActions actions, int signal, byte[] info) {
        // What the kernel can block it has not: the thread waits with another mask (sigsuspend and its like).
        if (SignalMask.has(mask & SignalMask.RESERVED, signal)) {
            pending.add(new Pending(signal, info));
            return;
        }
        SignalAction action = actions.take(task, signal);
        if (action.isHandled()) {
            handle(actions, signal, MemorySegment.ofArray(info), action);
        } else if (action.handler() == SignalAction.DEFAULT) {
            defaultAction(signal, info);
        }
    }

    /** Delivers what was kept and is no longer blocked; the kernel's own pending signals come by themselves. */
    void deliverPending(SignalActions actions) {
        for (Iterator<Pending> all = pending.iterator(); all.hasNext(); ) {
            Pending signal = all.next();
            if (!SignalMask.has(mask, signal.number())) {
                all.remove();
                deliver(actions, signal.number(), signal.info());
                return;
            }
        }
    }

    /**
     * An exception that the program has to know of: a handler that is blocked or ignored does not help it.
     *
     * @param signal what it gets, whatever the kernel said
     */
    void force(SignalActions actions, SignalInfo signal) {
        byte[] info = info(signal);
        SignalAction action = actions.get(signal.number());
        if (!action.isHandled() || SignalMask.has(mask, signal.number())) {
            defaultAction(signal.number(), info);
            return;
        }
        MemorySegment context = task.area().context();
        if (signal.trap() != SignalInfo.UNKNOWN) {
            context.set(JAVA_LONG, SignalFrame.TRAP, signal.trap());
            context.set(JAVA_LONG, SignalFrame.ERROR_CODE, Integer.toUnsignedLong(Math.max(signal.errorCode(), 0)));
            context.set(JAVA_LONG, SignalFrame.CR2, signal.address());
        }
        handle(actions, signal.number(), MemorySegment.ofArray(info), actions.take(task, signal.number()));
    }

    private static byte[] info(SignalInfo signal) {
        MemorySegment info = MemorySegment.ofArray(new byte[SignalFrame.INFO_BYTES]);
        info.set(JAVA_INT_UNALIGNED, 0, signal.number());
        info.set(JAVA_INT_UNALIGNED, SignalFrame.INFO_CODE, signal.code());
        info.set(JAVA_LONG_UNALIGNED, SignalFrame.INFO_ADDRESS, signal.address());
        return info.toArray(JAVA_BYTE);
    }

    /** The thread gets the signal again when it leaves the stub, really and unmasked; most end the process by it. */
    private void defaultAction(int signal, byte[] info) {
        SignalActions.installDefault(task, signal);
        MemorySegment context = task.area().context();
        long real = context.get(JAVA_LONG, SignalFrame.MASK);
        context.set(JAVA_LONG, SignalFrame.MASK, real & ~SignalMask.of(signal));
        long process = task.systemCall(SystemCall.GETPID);
        long thread = task.systemCall(SystemCall.GETTID);
        MemorySegment.copy(info, 0, task.area().scratch(), JAVA_BYTE, 0, info.length);
        task.systemCall(
                SystemCall.RT_TGSIGQUEUEINFO,
                process,
                thread,
                signal,
                task.area().scratchAddress());
    }

    /** Makes the frame of a handler, as the kernel does (setup_rt_frame), and lets the thread begin there. */
    private void handle(SignalActions actions, int signal, MemorySegment info, SignalAction action) {
        MemorySegment context = task.area().context();
        MemorySegment extended = task.area().extendedState();
        long rsp = task.registers().get(Register.RSP);
        long top = rsp - SignalFrame.RED_ZONE;
        if (action.has(SignalAction.SA_ONSTACK) && alternate.size() != 0 && !alternate.holds(rsp)) {
            top = alternate.base() + alternate.size();
        }
        long extendedAt = (top - extended.byteSize()) & -XSTATE_ALIGNMENT;
        long frameAt = ((extendedAt - SignalFrame.BYTES) & -16) - Long.BYTES;
        boolean fits = !alternate.holds(rsp) || alternate.holds(frameAt);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment frame = arena.allocate(extendedAt - frameAt + extended.byteSize(), Long.BYTES);
            frame.set(JAVA_LONG, 0, action.restorer());
            MemorySegment copy = frame.asSlice(SignalFrame.CONTEXT, SignalFrame.CONTEXT_BYTES);
            copy.copyFrom(context);
            write(alternate, rsp, copy, SignalFrame.STACK_POINTER);
            copy.set(JAVA_LONG, SignalFrame.FP_STATE, extendedAt);
            copy.set(JAVA_LONG, SignalFrame.MASK, mask);
            MemorySegment.copy(info, 0, frame, SignalFrame.INFO, SignalFrame.INFO_BYTES);
            MemorySegment.copy(extended, 0, frame, extendedAt - frameAt, extended.byteSize());
            if (!fits || !action.has(SignalAction.SA_RESTORER) || memory.write(frameAt, frame) != frame.byteSize()) {
                SignalInfo fault = new SignalInfo(Signals.SIGSEGV, 128, 0, 13, 0);
                if (signal == Signals.SIGSEGV) {
                    defaultAction(signal, info(fault));
                } else {
                    force(actions, fault);
                }
                return;
            }
        }
        task.registers().set(Register.RIP, action.handler());
        task.registers().set(Register.RSP, frameAt);
        task.registers().set(Register.RDI, signal);
        task.registers().set(Register.RSI, frameAt + SignalFrame.INFO);
        task.registers().set(Register.RDX, frameAt + SignalFrame.CONTEXT);
        task.registers().set(Register.RAX, 0);
        task.registers().set(Register.RFLAGS, task.registers().get(Register.RFLAGS) & ~CLEARED_BY_DELIVERY);
        ExtendedState.initialize(extended);
        if ((alternate.flags() & SS_AUTODISARM) != 0) {
            alternate = AlternateStack.NONE;
        }
        mask(mask | action.mask() | (action.has(SignalAction.SA_NODEFER) ? 0 : SignalMask.of(signal)));
    }

    /** rt_sigreturn(2): the thread goes back to where a handler's frame says, as the handler left it. */
    void sigreturn(SignalActions actions) {
        long at = task.registers().get(Register.RSP);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment frame = arena.allocate(SignalFrame.CONTEXT_BYTES, Long.BYTES);
            if (memory.read(at, frame) != frame.byteSize() || !restoreExtended(frame, arena)) {
                force(actions, new SignalInfo(Signals.SIGSEGV, 128, 0, 13, 0));
                return;
            }
            MemorySegment context = task.area().context();
            long flags = context.get(JAVA_LONG, SignalFrame.FLAGS);
            MemorySegment.copy(
                    frame,
                    SignalFrame.REGISTERS,
                    context,
                    SignalFrame.REGISTERS,
                    SignalFrame.FLAGS - SignalFrame.REGISTERS);
            long restored = frame.get(JAVA_LONG, SignalFrame.FLAGS) & RESTORED_BY_SIGRETURN;
            context.set(JAVA_LONG, SignalFrame.FLAGS, (flags & ~RESTORED_BY_SIGRETURN) | restored);
            mask(frame.get(JAVA_LONG, SignalFrame.MASK));
            alternate(stack(frame, SignalFrame.STACK_POINTER), task.registers().get(Register.RSP));
        }
    }

    private boolean restoreExtended(MemorySegment frame, Arena arena) {
        long at = frame.get(JAVA_LONG, SignalFrame.FP_STATE);
        MemorySegment extended = task.area().extendedState();
        if (at == 0) {
            ExtendedState.initialize(extended);
            return true;
        }
        MemorySegment saved = arena.allocate(extended.byteSize(), XSTATE_ALIGNMENT);
        if (memory.read(at, saved) != saved.byteSize()) {
            return false;
        }
        long features = extended.byteSize() < Xsave.LEGACY_AND_HEADER
                ? 0
                : extended.get(JAVA_LONG_UNALIGNED, SignalFrame.FP_FEATURES);
        if (saved.get(JAVA_INT_UNALIGNED, SignalFrame.FP_MAGIC) != SignalFrame.FP_MAGIC_VALUE && features != 0) {
            saved.set(JAVA_LONG_UNALIGNED, Xsave.XSTATE_BV, 3);
        }
        return ExtendedState.xrstor(saved, extended, features == 0 ? 3 : features);
    }
}
