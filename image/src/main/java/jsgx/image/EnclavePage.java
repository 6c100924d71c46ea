package jsgx.image;

import java.lang.foreign.MemorySegment;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;

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

    /** {@link #measured} of a page that is measured from end to end. */
    public static final int ALL = 0xffff;

    /** {@link #measured} of a page that is added only. */
    public static final int NONE = 0;

    /** A page of zeroes for all who need one. */
    public static final MemorySegment ZEROES =
            MemorySegment.ofArray(new byte[SIZE]).asReadOnly();

    /** SECINFO.FLAGS of an ordinary page with these permissions. */
    public static long reg(long rwx) {
        return rwx | (long) PageType.REG.code() << 8;
    }

    /** SECINFO.FLAGS of a TCS. */
    public static final long TCS = (long) PageType.TCS.code() << 8;

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
}
