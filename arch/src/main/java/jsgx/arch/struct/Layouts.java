package jsgx.arch.struct;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The integers of SGX structures: little-endian at any address, read as unsigned where Java has a wider type.
 *
 * <p>A setter stores the low bits that fit.
 */
public final class Layouts {
    /** One byte. */
    public static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;

    /** Two bytes. */
    public static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Four bytes. */
    public static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Eight bytes. */
    public static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Layouts() {}

    /** The byte at {@code offset}, 0 to 0xFF. */
    public static int u8(MemorySegment memory, long offset) {
        return Byte.toUnsignedInt(memory.get(U8, offset));
    }

    public static void u8(MemorySegment memory, long offset, int value) {
        memory.set(U8, offset, (byte) value);
    }

    /** The two bytes at {@code offset}, 0 to 0xFFFF. */
    public static int u16(MemorySegment memory, long offset) {
        return Short.toUnsignedInt(memory.get(U16, offset));
    }

    public static void u16(MemorySegment memory, long offset, int value) {
        memory.set(U16, offset, (short) value);
    }

    /** The four bytes at {@code offset}, as bits. */
    public static int u32(MemorySegment memory, long offset) {
        return memory.get(U32, offset);
    }

    public static void u32(MemorySegment memory, long offset, int value) {
        memory.set(U32, offset, value);
    }

    /** The eight bytes at {@code offset}, as bits. */
    public static long u64(MemorySegment memory, long offset) {
        return memory.get(U64, offset);
    }

    public static void u64(MemorySegment memory, long offset, long value) {
        memory.set(U64, offset, value);
    }
}
