package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;

/**
 * The operands of the leaf functions that put a page into the EPC or take it out, as four addresses. 32 bytes, 32-aligned.
 *
 * <p>SDM volume 3D, "Page Information (PAGEINFO)".
 */
public record Pageinfo(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 32;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 32;

    private static final long LINADDR = 0;
    private static final long SRCPGE = 8;
    private static final long SECINFO = 16;
    private static final long SECS = 24;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public Pageinfo {
        memory = Views.view(memory, SIZE, "PAGEINFO");
    }

    /** A zeroed structure on the heap. */
    public static Pageinfo allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static Pageinfo of(byte[] bytes) {
        return new Pageinfo(MemorySegment.ofArray(bytes));
    }

    /** Enclave linear address. */
    public long linAddr() {
        return u64(memory, LINADDR);
    }

    public void linAddr(long v) {
        u64(memory, LINADDR, v);
    }

    /** Effective address of the page's content outside the EPC. */
    public long srcPge() {
        return u64(memory, SRCPGE);
    }

    public void srcPge(long v) {
        u64(memory, SRCPGE, v);
    }

    /** Effective address of a {@link Secinfo}, or of a {@link Pcmd} for EWB, ELDB and ELDU. */
    public long secinfo() {
        return u64(memory, SECINFO);
    }

    public void secinfo(long v) {
        u64(memory, SECINFO, v);
    }

    /** Effective address of the EPC page that holds the SECS. */
    public long secs() {
        return u64(memory, SECS);
    }

    public void secs(long v) {
        u64(memory, SECS, v);
    }

    /** The same field as {@link #secinfo}, as EWB, ELDB and ELDU name it. */
    public long pcmd() {
        return secinfo();
    }

    public void pcmd(long v) {
        secinfo(v);
    }
}
