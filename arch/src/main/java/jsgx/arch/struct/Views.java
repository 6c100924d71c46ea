package jsgx.arch.struct;

import java.lang.foreign.MemorySegment;

/** What all structures share: bounds, byte fields and reserved ranges. */
final class Views {
    private static final MemorySegment ZEROES =
            MemorySegment.ofArray(new byte[4096]).asReadOnly();

    private Views() {}

    /** The first {@code size} bytes of {@code memory}. */
    static MemorySegment view(MemorySegment memory, long size, String name) {
        if (memory.byteSize() < size) {
            throw new IllegalArgumentException("%s is %d bytes, got %d".formatted(name, size, memory.byteSize()));
        }
        return memory.byteSize() == size ? memory : memory.asSlice(0, size);
    }

    /** The field of {@code size} bytes at {@code offset}. */
    static MemorySegment bytes(MemorySegment memory, long offset, long size) {
        return memory.asSlice(offset, size);
    }

    /** Sets the field of {@code size} bytes at {@code offset}; {@code value} must have exactly that size. */
    static void bytes(MemorySegment memory, long offset, long size, MemorySegment value) {
        if (value.byteSize() != size) {
            throw new IllegalArgumentException("the field is %d bytes, got %d".formatted(size, value.byteSize()));
        }
        MemorySegment.copy(value, 0, memory, offset, size);
    }

    /** Whether the bytes from {@code from} up to but not including {@code to} are zero; at most a page. */
    static boolean isZero(MemorySegment memory, long from, long to) {
        return MemorySegment.mismatch(memory, from, to, ZEROES, 0, to - from) == -1;
    }
}
