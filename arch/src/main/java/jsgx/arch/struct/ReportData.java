package jsgx.arch.struct;

import java.lang.foreign.MemorySegment;

/**
 * The bytes that an enclave puts into its report: a hash of a key, say. 64 bytes without structure, 128-aligned.
 *
 * <p>SDM volume 3D, "Report Data (REPORTDATA)".
 */
public record ReportData(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 64;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 128;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public ReportData {
        memory = Views.view(memory, SIZE, "REPORTDATA");
    }

    /** A zeroed structure on the heap. */
    public static ReportData allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static ReportData of(byte[] bytes) {
        return new ReportData(MemorySegment.ofArray(bytes));
    }
}
