package jsgx.image;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import jsgx.arch.struct.Layouts;

/** The bytes of a file, of which nothing can be read that is not there. */
final class Input {
    private final MemorySegment bytes;

    Input(MemorySegment bytes) {
        this.bytes = bytes.asReadOnly();
    }

    long size() {
        return bytes.byteSize();
    }

    int u16(long at, String what) throws ImageException {
        return Layouts.u16(slice(at, Short.BYTES, what), 0);
    }

    int u32(long at, String what) throws ImageException {
        return Layouts.u32(slice(at, Integer.BYTES, what), 0);
    }

    long u64(long at, String what) throws ImageException {
        return Layouts.u64(slice(at, Long.BYTES, what), 0);
    }

    /** The bytes from {@code at} on, which are {@code what}. */
    MemorySegment slice(long at, long length, String what) throws ImageException {
        long size = bytes.byteSize();
        if (at < 0 || at > size) {
            throw ImageException.of(
                    "the place of " + what, "an offset within the file's " + size + " bytes", "0x" + hex(at));
        }
        if (length < 0 || length > size - at) {
            throw ImageException.at(
                    at, what + " is cut off", Long.toUnsignedString(length) + " bytes", (size - at) + " bytes");
        }
        return bytes.asSlice(at, length);
    }

    /** The bytes from {@code at} on, as far as there are any, as {@code 7f 45 4c 46}. */
    String shown(long at, int length) {
        long from = Math.min(at, size());
        long to = Math.min(at + length, size());
        return from == to
                ? "the end of the file"
                : HexFormat.ofDelimiter(" ")
                        .formatHex(bytes.asSlice(from, to - from).toArray(Layouts.U8));
    }

    static String hex(long value) {
        return Long.toHexString(value);
    }
}
