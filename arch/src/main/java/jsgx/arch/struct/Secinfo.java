package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;

/**
 * Type, permissions and state of one EPC page, as a leaf function is told of them. 64 bytes, 64-aligned.
 *
 * <p>SDM volume 3D, "Security Information (SECINFO)".
 */
public record Secinfo(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 64;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 64;

    /** FLAGS bit: readable inside the enclave. */
    public static final long R = 1;

    /** FLAGS bit: writable inside the enclave. */
    public static final long W = 1L << 1;

    /** FLAGS bit: executable inside the enclave. */
    public static final long X = 1L << 2;

    /** FLAGS bit: waits for EACCEPT or EACCEPTCOPY after EAUG. */
    public static final long PENDING = 1L << 3;

    /** FLAGS bit: waits for EACCEPT after EMODT. */
    public static final long MODIFIED = 1L << 4;

    /** FLAGS bit: waits for EACCEPT after EMODPR. */
    public static final long PR = 1L << 5;

    private static final int PAGE_TYPE_SHIFT = 8;
    private static final long PAGE_TYPE = 0xFFL << PAGE_TYPE_SHIFT;
    private static final long RESERVED = ~(R | W | X | PENDING | MODIFIED | PR | PAGE_TYPE);

    private static final long FLAGS = 0;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public Secinfo {
        memory = Views.view(memory, SIZE, "SECINFO");
    }

    /** A zeroed structure on the heap. */
    public static Secinfo allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static Secinfo of(byte[] bytes) {
        return new Secinfo(MemorySegment.ofArray(bytes));
    }

    /** The whole FLAGS field; the accessors below are its parts. */
    public long flags() {
        return u64(memory, FLAGS);
    }

    public void flags(long v) {
        u64(memory, FLAGS, v);
    }

    public boolean r() {
        return (flags() & R) != 0;
    }

    public void r(boolean on) {
        flag(R, on);
    }

    public boolean w() {
        return (flags() & W) != 0;
    }

    public void w(boolean on) {
        flag(W, on);
    }

    public boolean x() {
        return (flags() & X) != 0;
    }

    public void x(boolean on) {
        flag(X, on);
    }

    public boolean pending() {
        return (flags() & PENDING) != 0;
    }

    public void pending(boolean on) {
        flag(PENDING, on);
    }

    public boolean modified() {
        return (flags() & MODIFIED) != 0;
    }

    public void modified(boolean on) {
        flag(MODIFIED, on);
    }

    public boolean pr() {
        return (flags() & PR) != 0;
    }

    public void pr(boolean on) {
        flag(PR, on);
    }

    /** FLAGS.PAGE_TYPE, bits 15:8. */
    public PageType pageType() {
        return PageType.of((int) ((flags() & PAGE_TYPE) >>> PAGE_TYPE_SHIFT));
    }

    public void pageType(PageType v) {
        flags((flags() & ~PAGE_TYPE) | ((long) v.code() << PAGE_TYPE_SHIFT));
    }

    /** Whether FLAGS[7:6], FLAGS[63:16] and bytes 8 to the end are zero. */
    public boolean reservedIsZero() {
        return (flags() & RESERVED) == 0 && Views.isZero(memory, 8, SIZE);
    }

    private void flag(long bit, boolean on) {
        flags(on ? flags() | bit : flags() & ~bit);
    }
}
