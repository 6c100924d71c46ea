package jsgx.machine.fast;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import jsgx.arch.RegisterFile;
import jsgx.machine.linux.ExtendedState;

/** The registers of a thread that is in the stub: those of the program, in the frame from which the kernel will restore them. */
final class FrameRegisters implements RegisterFile {

    private final ThreadArea area;

    FrameRegisters(ThreadArea area) {
        this.area = area;
    }

    @Override
    public long get(Register register) {
        return switch (register) {
            case FS_BASE -> area.fsBase();
            case GS_BASE -> area.gsBase();
            case SSP, U_CET -> 0;
            default -> area.context().get(JAVA_LONG, SignalFrame.offset(register));
        };
    }

    @Override
    public void set(Register register, long value) {
        switch (register) {
            case FS_BASE -> area.fsBase(value);
            case GS_BASE -> area.gsBase(value);
            case SSP, U_CET -> {}
            default -> area.context().set(JAVA_LONG, SignalFrame.offset(register), value);
        }
    }

    @Override
    public void xsave(MemorySegment to, long xfrm) {
        ExtendedState.xsave(area.extendedState(), to, xfrm);
    }

    @Override
    public boolean xrstor(MemorySegment from, long xfrm) {
        return ExtendedState.xrstor(from, area.extendedState(), xfrm);
    }
}
