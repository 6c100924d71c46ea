package jsgx.machine.fast;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import jsgx.arch.RegisterFile;
import jsgx.machine.linux.ExtendedState;

/** The registers of a thread that is in the stub: those of the program, in the frame from which the kernel will restore them. */
final class FrameRegisters implements RegisterFile {

    private final FastTask task;

    FrameRegisters(FastTask task) {
        this.task = task;
    }

    @Override
    public long get(Register register) {
        return switch (register) {
            case FS_BASE -> task.area().fsBase();
            case GS_BASE -> task.area().gsBase();
            case SSP, U_CET -> 0;
            default -> task.area().context().get(JAVA_LONG, SignalFrame.offset(register));
        };
    }

    @Override
    public void set(Register register, long value) {
        switch (register) {
            case FS_BASE -> task.area().fsBase(value);
            case GS_BASE -> task.area().gsBase(value);
            case SSP, U_CET -> {}
            default -> task.area().context().set(JAVA_LONG, SignalFrame.offset(register), value);
        }
    }

    @Override
    public void xsave(MemorySegment to, long xfrm) {
        ExtendedState.xsave(task.area().extendedState(), to, xfrm);
    }

    @Override
    public boolean xrstor(MemorySegment from, long xfrm) {
        return ExtendedState.xrstor(from, task.area().extendedState(), xfrm);
    }
}
