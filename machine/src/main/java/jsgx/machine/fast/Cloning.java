package jsgx.machine.fast;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalInt;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.Xsave;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.embedded.EmbeddedSgx;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.program.ProgramThread;

/**
 * A clone, fork or vfork of the program. The stub executes it; the child is stopped by ptrace before its first instruction, gets an area of its own and the
 * registers that the program expects in it, and is let go.
 */
final class Cloning {

    static final long CLONE_VM = 0x100;
    static final long CLONE_VFORK = 0x4000;
    private static final long CLONE_PTRACE = 0x2000;
    private static final long CLONE_SIGHAND = 0x800;
    private static final long CLONE_THREAD = 0x1_0000;
    private static final long CLONE_UNTRACED = 0x80_0000;

    private static final int[] REGISTERS = new int[Register.RFLAGS.ordinal() + 1];

    static {
        int[] general = {
            Seized.RAX, Seized.RCX, Seized.RDX, Seized.RBX, Seized.RSP, Seized.RBP, Seized.RSI, Seized.RDI, Seized.R8,
            Seized.R9, Seized.R10, Seized.R11, Seized.R12, Seized.R13, Seized.R14, Seized.R15, Seized.RIP, Seized.FLAGS
        };
        System.arraycopy(general, 0, REGISTERS, 0, general.length);
    }

    private final FastSupervision supervision;
    private final FastThread parent;

    Cloning(FastSupervision supervision, FastThread parent) {
        this.supervision = supervision;
        this.parent = parent;
    }

    /** Executes clone with its arguments; what the program finds. */
    long clone(long... arguments) {
        long flags = arguments[0] & ~(CLONE_PTRACE | CLONE_UNTRACED);
        boolean sharesMemory = (flags & CLONE_VM) != 0;
        FastTask task = parent.task();
        ThreadAreas areas = parent.process().areas();
        OptionalInt slot = sharesMemory
                ? areas.allocate(tid -> Linux.tgkill(task.pid(), tid, 0) == -Errors.ESRCH)
                : OptionalInt.of(parent.slot());
        if (slot.isEmpty()) {
            return -Errors.EAGAIN;
        }
        long[] call = arguments.clone();
        call[0] = flags;
        boolean made = false;
        try (Seized seized = Seized.seize(task.pid(), task.tid(), CodeLayout.SYSTEM_CALL)) {
            task.area().execute(SystemCall.CLONE, call);
            Optional<Seized.Event> event = seized.awaitEvent(() -> task.area().state() == AreaLayout.POSTED);
            if (event.isEmpty()) {
                if (sharesMemory) {
                    areas.release(slot.getAsInt(), 0);
                }
                seized.stop();
                return seized.isGone() ? -Errors.ESRCH : task.area().result();
            }
            made = true;
            int tid = (int) event.get().message();
            int pid = (flags & CLONE_THREAD) != 0 ? task.pid() : tid;
            try (Seized child = Seized.born(pid, tid, CodeLayout.SYSTEM_CALL)) {
                long stack = call.length > 1 ? call[1] : 0;
                try {
                    supervision.serve(child(child, pid, flags, stack, slot.getAsInt()));
                } catch (LinuxException e) {
                    // Half a thread cannot be taken back: its process ends before it runs on what is its parent's.
                    Linux.kill(pid, Signals.SIGKILL);
                    throw e;
                }
            }
        } catch (LinuxException e) {
            return made && !task.await() ? -Errors.ESRCH : -Errors.EAGAIN;
        }
        return task.await() ? task.area().result() : -Errors.ESRCH;
    }

    private FastThread child(Seized child, int pid, long flags, long stack, int slot) throws LinuxException {
        boolean sharesMemory = (flags & CLONE_VM) != 0;
        boolean borrows = (flags & CLONE_VFORK) != 0;
        FastProcess process = parent.process();
        if (!sharesMemory) {
            process = supervision.process(pid, process.actions().copy());
            process.areas().allocate(slot);
            process.areas().memory(slot).copyFrom(parent.process().areas().memory(slot));
        } else if ((flags & CLONE_THREAD) == 0) {
            boolean sharesHandlers = (flags & CLONE_SIGHAND) != 0;
            process = new FastProcess(
                    pid,
                    sharesHandlers ? process.actions() : process.actions().copy(),
                    process.areas(),
                    process.agent(),
                    process.leases(),
                    true);
        }
        ThreadArea area = new ThreadArea(process.areas().memory(slot), ThreadAreas.address(slot));
        FastTask task = new FastTask(pid, child.tid(), area);
        ThreadSignals signals = parent.signals().child(task, !sharesMemory || borrows);
        SpaceSetup setup = new SpaceSetup(child);
        registers(child, stack);
        if (sharesMemory) {
            setup.alternateStack(area);
            if (borrows) {
                setup.dependent();
            }
        } else {
            long path = parent.task().area().scratchAddress();
            setup.map(process.areas().descriptor(), CodeLayout.THREAD_AREAS, AreaLayout.BYTES, path);
            setup.map(
                    process.agent().pages().descriptor(),
                    CodeLayout.PROCESS_PAGES,
                    CodeLayout.PROCESS_PAGES_SIZE,
                    path);
            supervision.began();
            supervision.keep(process, setup.agent(process.agent(), pid));
        }
        if ((flags & CLONE_THREAD) == 0) {
            setup.traceable();
        }
        child.signalMask(SignalMask.real(signals.mask()));
        ProgramThread served = parent.served().cloned(task, flags, sharesMemory ? null : process.agent());
        if (!sharesMemory) {
            area.lease(0);
            area.tid(0);
            EmbeddedSgx.space(served.space()).watch(process.leases());
        }
        return new FastThread(supervision, process, task, slot, signals, served);
    }

    /** The registers that the program had when it made the call, with what clone changes. */
    private void registers(Seized child, long stack) {
        ThreadArea area = parent.task().area();
        RegisterFile program = parent.task().registers();
        child.load();
        for (Register register : Register.values()) {
            if (register.ordinal() < REGISTERS.length) {
                child.set(REGISTERS[register.ordinal()], program.get(register));
            }
        }
        child.set(Seized.RAX, 0);
        child.set(Seized.ORIG_RAX, -1);
        if (stack != 0) {
            child.set(Seized.RSP, stack);
        }
        child.store();
        MemorySegment extended = area.extendedState();
        if (extended.byteSize() > Xsave.LEGACY_AND_HEADER) {
            child.extendedState(extended.asSlice(0, extended.get(JAVA_INT_UNALIGNED, SignalFrame.FP_XSTATE_SIZE)));
        }
    }
}
