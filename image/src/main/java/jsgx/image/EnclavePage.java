package jsgx.image;

import java.lang.foreign.MemorySegment;
import jsgx.arch.crypto.Measurement;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Tcs;

/**
 * One page as a loader adds it.
 *
 * @param offset from the enclave's base, a multiple of 4096
 * @param flags SECINFO.FLAGS: R, W, X and the page type; a TCS has no permissions
 * @param measured bit j is set where the chunk of 256 bytes at 256 j is measured with EEXTEND, in ascending order
 * @param content 4096 bytes, read-only, perhaps shared with other pages
 */
public record EnclavePage(long offset, long flags, int measured, MemorySegment content) {

    /** Bytes of a page. */
    public static final int SIZE = 4096;

    /** Chunks of a page, each of 256 bytes. */
    public static final int CHUNKS = SIZE / Measurement.CHUNK;

    /** {@link #measured} of a page that is measured from end to end. */
    public static final int ALL = 0xffff;

    /** {@link #measured} of a page that is added only. */
    public static final int NONE = 0;

    /** A page of zeroes for all who need one. */
    public static final MemorySegment ZEROES =
            MemorySegment.ofArray(new byte[SIZE]).asReadOnly();

    /** Permissions of data. */
    public static final long RW = Secinfo.R | Secinfo.W;

    /** Permissions, as the low bits of SECINFO.FLAGS. */
    public static long rwx(boolean read, boolean write, boolean execute) {
        return (read ? Secinfo.R : 0) | (write ? Secinfo.W : 0) | (execute ? Secinfo.X : 0);
    }

    /** SECINFO.FLAGS of an ordinary page with these permissions. */
    public static long reg(long rwx) {
        return rwx | (long) PageType.REG.code() << 8;
    }

    /** SECINFO.FLAGS of a TCS. */
    public static final long TCS = (long) PageType.TCS.code() << 8;

    /** Whether the chunk of this number, 0 to 15, is measured. */
    public boolean isMeasured(int chunk) {
        return (measured >>> chunk & 1) != 0;
    }

    /** PAGE_TYPE of {@link #flags}. */
    public PageType type() {
        return PageType.of((int) (flags >>> 8 & 0xff));
    }

    /** The permissions for people: {@code r-x}, {@code rw-}. */
    public String permissions() {
        return ((flags & Secinfo.R) != 0 ? "r" : "-")
                + ((flags & Secinfo.W) != 0 ? "w" : "-")
                + ((flags & Secinfo.X) != 0 ? "x" : "-");
    }

    /**
     * The content as EADD leaves it in the EPC, which is what EEXTEND measures: of a TCS, STATE, CSSA, AEP and FLAGS.DBGOPTIN
     * become 0.
     */
    public MemorySegment contentAsAdded() {
        if (type() != PageType.TCS) {
            return content;
        }
        MemorySegment copy = MemorySegment.ofArray(content.toArray(Layouts.U8));
        Tcs tcs = new Tcs(copy);
        tcs.state(Tcs.INACTIVE);
        tcs.flags(tcs.flags() & ~Tcs.DBGOPTIN);
        tcs.cssa(0);
        tcs.aep(0);
        return copy.asReadOnly();
    }
}
