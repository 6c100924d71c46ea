package jsgx.arch.struct;

import java.lang.foreign.MemorySegment;

/**
 * One frame of the state save area: where an AEX puts the state of an enclave thread. SECS.SSAFRAMESIZE pages, page-aligned.
 *
 * <p>The XSAVE image lies at the start, {@link Gprsgx} at the end, and the MISC region, if MISCSELECT asks for one, just below
 * GPRSGX. SDM volume 3D, "State Save Area (SSA) Frame".
 */
public record SsaFrame(MemorySegment memory) {
    /** SECS.SSAFRAMESIZE counts in these, and a frame is aligned to one. */
    public static final int PAGE_SIZE = 4096;

    /** A view of all of {@code memory}, which must be one page or several. */
    public SsaFrame {
        if (memory.byteSize() == 0 || memory.byteSize() % PAGE_SIZE != 0) {
            throw new IllegalArgumentException("an SSA frame is whole pages, got " + memory.byteSize() + " bytes");
        }
    }

    /** The bytes that a frame must have for an XSAVE area of {@code xsaveSize} bytes. */
    public static long requiredSize(long xsaveSize, int miscSelect) {
        return xsaveSize + MiscSelect.regionSize(miscSelect) + Gprsgx.SIZE;
    }

    /** All below GPRSGX: the XSAVE area at its start, the MISC region, if any, at its end. */
    public MemorySegment xsave() {
        return memory.asSlice(0, gprsgxOffset());
    }

    /** The MISC region, for an enclave whose MISCSELECT is not 0. */
    public Exinfo exinfo() {
        return new Exinfo(memory.asSlice(gprsgxOffset() - Exinfo.SIZE, Exinfo.SIZE));
    }

    /** The general registers. */
    public Gprsgx gprsgx() {
        return new Gprsgx(memory.asSlice(gprsgxOffset(), Gprsgx.SIZE));
    }

    private long gprsgxOffset() {
        return memory.byteSize() - Gprsgx.SIZE;
    }
}
