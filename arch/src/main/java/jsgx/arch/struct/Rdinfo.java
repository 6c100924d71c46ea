package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;

/**
 * What ERDINFO tells of an EPC page. 32 bytes, 32-aligned; the leaf writes the first 24.
 *
 * <p>SDM volume 3D, "RDINFO Structure".
 */
public record Rdinfo(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 32;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 32;

    /** STATUS bit: the SECS has child pages in the EPC. */
    public static final long CHILDPRESENT = 1;

    /** STATUS bit: the SECS has virtual child pages. */
    public static final long VIRTCHILDPRESENT = 1L << 1;

    /** FLAGS bit: the page is blocked. */
    public static final long BLOCKED = 1L << 63;

    private static final long STATUS = 0;
    private static final long FLAGS = 8;
    private static final long ENCLAVECONTEXT = 16;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public Rdinfo {
        memory = Views.view(memory, SIZE, "RDINFO");
    }

    /** A zeroed structure on the heap. */
    public static Rdinfo allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static Rdinfo of(byte[] bytes) {
        return new Rdinfo(MemorySegment.ofArray(bytes));
    }

    /** {@link #CHILDPRESENT} and {@link #VIRTCHILDPRESENT}; only of a SECS. */
    public long status() {
        return u64(memory, STATUS);
    }

    public void status(long v) {
        u64(memory, STATUS, v);
    }

    /** The page's EPCM state: as {@link Secinfo#flags}, and {@link #BLOCKED}. */
    public long flags() {
        return u64(memory, FLAGS);
    }

    public void flags(long v) {
        u64(memory, FLAGS, v);
    }

    /** SECS.ENCLAVECONTEXT of the page's enclave; 0 without one. */
    public long enclaveContext() {
        return u64(memory, ENCLAVECONTEXT);
    }

    public void enclaveContext(long v) {
        u64(memory, ENCLAVECONTEXT, v);
    }

    /** Whether every reserved byte is zero. */
    public boolean reservedIsZero() {
        return Views.isZero(memory, 24, SIZE);
    }
}
