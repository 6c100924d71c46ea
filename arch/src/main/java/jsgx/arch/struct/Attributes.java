package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;

/**
 * An enclave's ATTRIBUTES, or a mask over them: 16 bytes, FLAGS and XFRM.
 *
 * <p>SDM volume 3D, "ATTRIBUTES".
 *
 * @param flags the low 8 bytes, of the constants here
 * @param xfrm the high 8 bytes, in the encoding of XCR0
 */
public record Attributes(long flags, long xfrm) {
    /** Size in bytes. */
    public static final int SIZE = 16;

    /** The enclave is initialised; set by EINIT. */
    public static final long INIT = 1;

    /** A debugger may read and write the enclave. */
    public static final long DEBUG = 1L << 1;

    /** The enclave runs in 64-bit mode. */
    public static final long MODE64BIT = 1L << 2;

    /** EGETKEY gives it the provisioning keys. */
    public static final long PROVISIONKEY = 1L << 4;

    /** EGETKEY gives it the launch key: it is a launch enclave. */
    public static final long EINITTOKENKEY = 1L << 5;

    /** CET is enabled in the enclave. */
    public static final long CET = 1L << 6;

    /** Key separation and sharing: CONFIGID, CONFIGSVN, ISVFAMILYID and ISVEXTPRODID are in use. */
    public static final long KSS = 1L << 7;

    /** Threads may ask to be notified of an AEX. */
    public static final long AEXNOTIFY = 1L << 10;

    /** No attribute at all. */
    public static final Attributes NONE = new Attributes(0, 0);

    private static final String[] NAMES = {
        "INIT", "DEBUG", "MODE64BIT", "", "PROVISIONKEY", "EINITTOKENKEY", "CET", "KSS", "", "", "AEXNOTIFY"
    };

    /** Reads the 16 bytes at {@code offset}. */
    public static Attributes at(MemorySegment memory, long offset) {
        return new Attributes(u64(memory, offset), u64(memory, offset + 8));
    }

    /** Writes the 16 bytes at {@code offset}. */
    public void writeTo(MemorySegment memory, long offset) {
        u64(memory, offset, flags);
        u64(memory, offset + 8, xfrm);
    }

    /** Whether all of these bits of FLAGS are set. */
    public boolean has(long bits) {
        return (flags & bits) == bits;
    }

    /** These attributes with the given bits of FLAGS set. */
    public Attributes with(long bits) {
        return new Attributes(flags | bits, xfrm);
    }

    /** These attributes with the given bits of FLAGS clear. */
    public Attributes without(long bits) {
        return new Attributes(flags & ~bits, xfrm);
    }

    /** These attributes under a mask, all 128 bits. */
    public Attributes and(Attributes mask) {
        return new Attributes(flags & mask.flags, xfrm & mask.xfrm);
    }

    /** The names of the bits of FLAGS, and XFRM: {@code DEBUG|MODE64BIT xfrm=0x3}. */
    @Override
    public String toString() {
        return BitNames.render(flags, NAMES) + " xfrm=0x" + Long.toHexString(xfrm);
    }
}
