package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;

/**
 * What an enclave with MISCSELECT.EXINFO learns of a fault. 16 bytes, the MISC region just below {@link Gprsgx} in an SSA frame.
 *
 * <p>SDM volume 3D, "EXINFO Structure".
 */
public record Exinfo(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 16;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 8;

    private static final long MADDR = 0;
    private static final long ERRCD = 8;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public Exinfo {
        memory = Views.view(memory, SIZE, "EXINFO");
    }

    /** A zeroed structure on the heap. */
    public static Exinfo allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static Exinfo of(byte[] bytes) {
        return new Exinfo(MemorySegment.ofArray(bytes));
    }

    /** Linear address that faulted, for #PF; 0 for #GP. */
    public long maddr() {
        return u64(memory, MADDR);
    }

    public void maddr(long v) {
        u64(memory, MADDR, v);
    }

    /** Error code of the exception. */
    public int errcd() {
        return u32(memory, ERRCD);
    }

    public void errcd(int v) {
        u32(memory, ERRCD, v);
    }

    /** Whether every reserved byte is zero. */
    public boolean reservedIsZero() {
        return Views.isZero(memory, 12, SIZE);
    }
}
