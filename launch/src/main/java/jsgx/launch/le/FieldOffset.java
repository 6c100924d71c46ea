package jsgx.launch.le;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

/**
 * The offset of a field in one of the manual's structures, for machine code. The structures know their own offsets; this
 * asks them.
 */
final class FieldOffset {

    private FieldOffset() {}

    /**
     * The offset of the first byte that something writes.
     *
     * @param size bytes of the structure
     * @param fill sets the field, and nothing else, to a value whose first byte is not 0
     */
    static int of(int size, Consumer<MemorySegment> fill) {
        MemorySegment memory = MemorySegment.ofArray(new byte[size]);
        fill.accept(memory);
        for (int i = 0; i < size; i++) {
            if (memory.get(ValueLayout.JAVA_BYTE, i) != 0) {
                return i;
            }
        }
        throw new IllegalArgumentException("the field was not filled");
    }
}
