package jsgx.machine.remote;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jsgx.arch.RegisterFile;
import jsgx.arch.Xsave;
import jsgx.machine.linux.RegisterSet;
import org.jspecify.annotations.Nullable;

/** The registers of a thread that another process supervises: the general ones come with each call, the extended state when it is asked for. */
final class ServedRegisters implements RegisterFile {

    private static final Register[] ALL = Register.values();

    /** Where the extended state is to be had. */
    interface Fetch {
        byte[] extendedState();
    }

    private final Fetch fetch;
    private final long[] general = new long[ALL.length];

    /** What was asked for while the thread is served. */
    private @Nullable MemorySegment extended;

    private boolean changed;
    private boolean extendedChanged;
    private int extendedSize;

    ServedRegisters(Fetch fetch) {
        this.fetch = fetch;
    }

    static void write(RegisterFile registers, Out out) {
        for (Register register : ALL) {
            out.i64(registers.get(register));
        }
    }

    static void read(In in, RegisterFile registers) {
        for (Register register : ALL) {
            long value = in.i64();
            if (registers.get(register) != value) {
                registers.set(register, value);
            }
        }
    }

    /** The thread is stopped with these. */
    void begin(In in) {
        for (int i = 0; i < general.length; i++) {
            general[i] = in.i64();
        }
        changed = false;
        extended = null;
        extendedChanged = false;
    }

    /** What has changed of them. */
    void end(Out out) {
        out.flag(changed);
        if (changed) {
            write(this, out);
        }
        out.flag(extendedChanged);
        if (extendedChanged) {
            out.bytes(extended().asSlice(0, extendedSize).toArray(ValueLayout.JAVA_BYTE));
        }
        extended = null;
    }

    private MemorySegment extended() {
        MemorySegment had = extended;
        if (had != null) {
            return had;
        }
        byte[] state = fetch.extendedState();
        MemorySegment whole = MemorySegment.ofArray(new long[RegisterSet.ROOM / Long.BYTES]);
        extendedSize = Math.clamp(state.length, Xsave.LEGACY_AND_HEADER, RegisterSet.ROOM);
        MemorySegment.copy(state, 0, whole, ValueLayout.JAVA_BYTE, 0, Math.min(state.length, extendedSize));
        extended = whole;
        return whole;
    }

    @Override
    public long get(Register register) {
        return general[register.ordinal()];
    }

    @Override
    public void set(Register register, long value) {
        general[register.ordinal()] = value;
        changed = true;
    }

    @Override
    public void xsave(MemorySegment area, long xfrm) {
        RegisterSet.xsave(extended(), area, xfrm);
    }

    @Override
    public boolean xrstor(MemorySegment area, long xfrm) {
        boolean loaded = RegisterSet.xrstor(area, extended(), xfrm);
        extendedChanged |= loaded;
        return loaded;
    }
}
