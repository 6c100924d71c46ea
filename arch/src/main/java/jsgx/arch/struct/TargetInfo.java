package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u16;
import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u8;

import java.lang.foreign.MemorySegment;

/**
 * The enclave that a report is made for. 512 bytes, 512-aligned, inside the reporting enclave.
 *
 * <p>SDM volume 3D, "Report Target Info (TARGETINFO)".
 */
public record TargetInfo(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 512;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 512;

    private static final long MEASUREMENT = 0;
    private static final long ATTRIBUTES = 32;
    private static final long CET_ATTRIBUTES = 48;
    private static final long CONFIGSVN = 50;
    private static final long MISCSELECT = 52;
    private static final long CONFIGID = 64;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public TargetInfo {
        memory = Views.view(memory, SIZE, "TARGETINFO");
    }

    /** A zeroed structure on the heap. */
    public static TargetInfo allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static TargetInfo of(byte[] bytes) {
        return new TargetInfo(MemorySegment.ofArray(bytes));
    }

    /** MRENCLAVE of the target. */
    public MemorySegment measurement() {
        return Views.bytes(memory, MEASUREMENT, 32);
    }

    public void measurement(MemorySegment v) {
        Views.bytes(memory, MEASUREMENT, 32, v);
    }

    public void measurement(byte[] v) {
        measurement(MemorySegment.ofArray(v));
    }

    public Attributes attributes() {
        return Attributes.at(memory, ATTRIBUTES);
    }

    public void attributes(Attributes v) {
        v.writeTo(memory, ATTRIBUTES);
    }

    public int cetAttributes() {
        return u8(memory, CET_ATTRIBUTES);
    }

    public void cetAttributes(int v) {
        u8(memory, CET_ATTRIBUTES, v);
    }

    public int configSvn() {
        return u16(memory, CONFIGSVN);
    }

    public void configSvn(int v) {
        u16(memory, CONFIGSVN, v);
    }

    public int miscSelect() {
        return u32(memory, MISCSELECT);
    }

    public void miscSelect(int v) {
        u32(memory, MISCSELECT, v);
    }

    public MemorySegment configId() {
        return Views.bytes(memory, CONFIGID, 64);
    }

    public void configId(MemorySegment v) {
        Views.bytes(memory, CONFIGID, 64, v);
    }

    public void configId(byte[] v) {
        configId(MemorySegment.ofArray(v));
    }

    /** Whether every byte that is reserved on all processors is zero. */
    public boolean reservedIsZero() {
        return Views.isZero(memory, 49, 50) && Views.isZero(memory, 56, 64) && Views.isZero(memory, 128, SIZE);
    }

    /** Whether the fields that a processor without CET reserves are zero. */
    public boolean cetFieldsAreZero() {
        return cetAttributes() == 0;
    }
}
