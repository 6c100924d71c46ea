package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u16;
import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u8;

import java.lang.foreign.MemorySegment;

/**
 * An enclave's statement of its identity to another enclave of the same processor, under a MAC. 432 bytes; EREPORT writes it to a
 * 512-aligned address.
 *
 * <p>SDM volume 3D, "Report (REPORT)".
 */
public record Report(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 432;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 512;

    /** How many leading bytes the MAC covers; a quote carries these. */
    public static final int BODY_SIZE = 384;

    private static final long CPUSVN = 0;
    private static final long MISCSELECT = 16;
    private static final long CET_ATTRIBUTES = 20;
    private static final long ISVEXTPRODID = 32;
    private static final long ATTRIBUTES = 48;
    private static final long MRENCLAVE = 64;
    private static final long MRSIGNER = 128;
    private static final long CONFIGID = 192;
    private static final long ISVPRODID = 256;
    private static final long ISVSVN = 258;
    private static final long CONFIGSVN = 260;
    private static final long ISVFAMILYID = 304;
    private static final long REPORTDATA = 320;
    private static final long KEYID = 384;
    private static final long MAC = 416;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public Report {
        memory = Views.view(memory, SIZE, "REPORT");
    }

    /** A zeroed structure on the heap. */
    public static Report allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static Report of(byte[] bytes) {
        return new Report(MemorySegment.ofArray(bytes));
    }

    public MemorySegment cpuSvn() {
        return Views.bytes(memory, CPUSVN, 16);
    }

    public void cpuSvn(MemorySegment v) {
        Views.bytes(memory, CPUSVN, 16, v);
    }

    public void cpuSvn(byte[] v) {
        cpuSvn(MemorySegment.ofArray(v));
    }

    public int miscSelect() {
        return u32(memory, MISCSELECT);
    }

    public void miscSelect(int v) {
        u32(memory, MISCSELECT, v);
    }

    public int cetAttributes() {
        return u8(memory, CET_ATTRIBUTES);
    }

    public void cetAttributes(int v) {
        u8(memory, CET_ATTRIBUTES, v);
    }

    public MemorySegment isvExtProdId() {
        return Views.bytes(memory, ISVEXTPRODID, 16);
    }

    public void isvExtProdId(MemorySegment v) {
        Views.bytes(memory, ISVEXTPRODID, 16, v);
    }

    public void isvExtProdId(byte[] v) {
        isvExtProdId(MemorySegment.ofArray(v));
    }

    public Attributes attributes() {
        return Attributes.at(memory, ATTRIBUTES);
    }

    public void attributes(Attributes v) {
        v.writeTo(memory, ATTRIBUTES);
    }

    public MemorySegment mrEnclave() {
        return Views.bytes(memory, MRENCLAVE, 32);
    }

    public void mrEnclave(MemorySegment v) {
        Views.bytes(memory, MRENCLAVE, 32, v);
    }

    public void mrEnclave(byte[] v) {
        mrEnclave(MemorySegment.ofArray(v));
    }

    public MemorySegment mrSigner() {
        return Views.bytes(memory, MRSIGNER, 32);
    }

    public void mrSigner(MemorySegment v) {
        Views.bytes(memory, MRSIGNER, 32, v);
    }

    public void mrSigner(byte[] v) {
        mrSigner(MemorySegment.ofArray(v));
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

    public int isvProdId() {
        return u16(memory, ISVPRODID);
    }

    public void isvProdId(int v) {
        u16(memory, ISVPRODID, v);
    }

    public int isvSvn() {
        return u16(memory, ISVSVN);
    }

    public void isvSvn(int v) {
        u16(memory, ISVSVN, v);
    }

    public int configSvn() {
        return u16(memory, CONFIGSVN);
    }

    public void configSvn(int v) {
        u16(memory, CONFIGSVN, v);
    }

    public MemorySegment isvFamilyId() {
        return Views.bytes(memory, ISVFAMILYID, 16);
    }

    public void isvFamilyId(MemorySegment v) {
        Views.bytes(memory, ISVFAMILYID, 16, v);
    }

    public void isvFamilyId(byte[] v) {
        isvFamilyId(MemorySegment.ofArray(v));
    }

    /** What the enclave said of itself; see {@link ReportData}. */
    public MemorySegment reportData() {
        return Views.bytes(memory, REPORTDATA, 64);
    }

    public void reportData(MemorySegment v) {
        Views.bytes(memory, REPORTDATA, 64, v);
    }

    public void reportData(byte[] v) {
        reportData(MemorySegment.ofArray(v));
    }

    /** KEYID that the target gives to EGETKEY to check the MAC. */
    public MemorySegment keyId() {
        return Views.bytes(memory, KEYID, 32);
    }

    public void keyId(MemorySegment v) {
        Views.bytes(memory, KEYID, 32, v);
    }

    public void keyId(byte[] v) {
        keyId(MemorySegment.ofArray(v));
    }

    /** AES-128-CMAC of {@link #body} under the target's report key. */
    public MemorySegment mac() {
        return Views.bytes(memory, MAC, 16);
    }

    public void mac(MemorySegment v) {
        Views.bytes(memory, MAC, 16, v);
    }

    public void mac(byte[] v) {
        mac(MemorySegment.ofArray(v));
    }

    /** The leading {@value #BODY_SIZE} bytes, which the MAC covers. */
    public MemorySegment body() {
        return memory.asSlice(0, BODY_SIZE);
    }

    /** Whether every byte that is reserved on all processors is zero. */
    public boolean reservedIsZero() {
        return Views.isZero(memory, 21, 32)
                && Views.isZero(memory, 96, 128)
                && Views.isZero(memory, 160, 192)
                && Views.isZero(memory, 262, 304);
    }

    /** Whether the fields that a processor without CET reserves are zero. */
    public boolean cetFieldsAreZero() {
        return cetAttributes() == 0;
    }
}
