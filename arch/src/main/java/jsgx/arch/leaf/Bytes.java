package jsgx.arch.leaf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;

/** Byte fields: whether they are zero, and how people read them. */
final class Bytes {

    private static final MemorySegment ZEROES =
            MemorySegment.ofArray(new byte[4096]).asReadOnly();

    private Bytes() {}

    /** Whether all bytes are 0; at most a page. */
    static boolean isZero(MemorySegment field) {
        return MemorySegment.mismatch(field, 0, field.byteSize(), ZEROES, 0, field.byteSize()) == -1;
    }

    static String hex(MemorySegment field) {
        return HexFormat.of().formatHex(field.toArray(ValueLayout.JAVA_BYTE));
    }
}
