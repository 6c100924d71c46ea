package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A version array: an EPC page of 512 slots, each the version of one evicted page, 0 when free. 4096 bytes, 4096-aligned; a
 * slot is 8 bytes, 8-aligned.
 *
 * <p>SDM volume 3D, "Version Array (VA)".
 */
public record VaPage(MemorySegment memory) {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 4096;

    /** Size of a slot, and the alignment of its address, in bytes. */
    public static final int SLOT_SIZE = 8;

    /** How many slots there are. */
    public static final int SLOTS = SIZE / SLOT_SIZE;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public VaPage {
        memory = Views.view(memory, SIZE, "VA page");
    }

    /** A zeroed page on the heap: every slot free. */
    public static VaPage allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static VaPage of(byte[] bytes) {
        return new VaPage(MemorySegment.ofArray(bytes));
    }

    /** The version in slot {@code index}, 0 to {@link #SLOTS} - 1. */
    public long slot(int index) {
        return u64(memory, offset(index));
    }

    public void slot(int index, long version) {
        u64(memory, offset(index), version);
    }

    private static long offset(int index) {
        return (long) Objects.checkIndex(index, SLOTS) * SLOT_SIZE;
    }
}
