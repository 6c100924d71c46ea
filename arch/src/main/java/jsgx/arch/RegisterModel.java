package jsgx.arch;

import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import jsgx.arch.struct.Layouts;

/** Registers in memory: what a logical processor has when no runner supplies its own. */
public final class RegisterModel implements RegisterFile {

    private static final long XSTATE_BV = 512;
    private static final int AREA = 16384;
    private static final int MXCSR = 24;
    private static final int FCW = 0;
    private static final int INITIAL_FCW = 0x37f;
    private static final int INITIAL_MXCSR = 0x1f80;

    private final Map<Register, Long> values = new EnumMap<>(Register.class);
    private final MemorySegment extended = MemorySegment.ofArray(new byte[AREA]);

    public RegisterModel() {
        initExtendedState(-1L);
    }

    @Override
    public long get(Register register) {
        return values.getOrDefault(register, 0L);
    }

    @Override
    public void set(Register register, long value) {
        values.put(register, value);
    }

    @Override
    public void xsave(MemorySegment area, long xfrm) {
        MemorySegment.copy(extended, 0, area, 0, Math.min(Xsave.size(xfrm), area.byteSize()));
    }

    @Override
    public boolean xrstor(MemorySegment area, long xfrm) {
        if ((area.get(Layouts.U64, XSTATE_BV) & ~xfrm) != 0) {
            return false;
        }
        MemorySegment.copy(area, 0, extended, 0, Math.min(Xsave.size(xfrm), area.byteSize()));
        return true;
    }

    @Override
    public void initExtendedState(long xfrm) {
        extended.fill((byte) 0);
        extended.set(Layouts.U16, FCW, (short) INITIAL_FCW);
        extended.set(Layouts.U32, MXCSR, INITIAL_MXCSR);
    }
}
