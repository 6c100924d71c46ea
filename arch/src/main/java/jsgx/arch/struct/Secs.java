package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u16;
import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;
import static jsgx.arch.struct.Layouts.u8;

import java.lang.foreign.MemorySegment;

/**
 * The SGX Enclave Control Structure: what the processor knows of one enclave. 4096 bytes, 4096-aligned; ECREATE copies its
 * source image into an EPC page that software cannot read.
 *
 * <p>SDM volume 3D, "SGX Enclave Control Structure (SECS)". The fields that the manual lists without an offset (EID, PADDING,
 * the child counts and others) are not part of the image.
 */
public record Secs(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 4096;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 4096;

    private static final long SIZE_FIELD = 0;
    private static final long BASEADDR = 8;
    private static final long SSAFRAMESIZE = 16;
    private static final long MISCSELECT = 20;
    private static final long CET_LEG_BITMAP_OFFSET = 24;
    private static final long CET_ATTRIBUTES = 32;
    private static final long ATTRIBUTES = 48;
    private static final long MRENCLAVE = 64;
    private static final long MRSIGNER = 128;
    private static final long CONFIGID = 192;
    private static final long ISVPRODID = 256;
    private static final long ISVSVN = 258;
    private static final long CONFIGSVN = 260;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public Secs {
        memory = Views.view(memory, SIZE, "SECS");
    }

    /** A zeroed structure on the heap. */
    public static Secs allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static Secs of(byte[] bytes) {
        return new Secs(MemorySegment.ofArray(bytes));
    }

    /** Size of the enclave, in bytes; a power of two. */
    public long size() {
        return u64(memory, SIZE_FIELD);
    }

    public void size(long v) {
        u64(memory, SIZE_FIELD, v);
    }

    /** Linear address of the enclave's first byte, naturally aligned to its size. */
    public long baseAddr() {
        return u64(memory, BASEADDR);
    }

    public void baseAddr(long v) {
        u64(memory, BASEADDR, v);
    }

    /** Size of one SSA frame, in pages of 4096 bytes. */
    public int ssaFrameSize() {
        return u32(memory, SSAFRAMESIZE);
    }

    public void ssaFrameSize(int v) {
        u32(memory, SSAFRAMESIZE, v);
    }

    /** Which information an AEX stores in the MISC region of the SSA frame; see {@link MiscSelect}. */
    public int miscSelect() {
        return u32(memory, MISCSELECT);
    }

    public void miscSelect(int v) {
        u32(memory, MISCSELECT, v);
    }

    /** Page-aligned offset of the CET legacy code page bitmap from BASEADDR, in bytes. */
    public long cetLegBitmapOffset() {
        return u64(memory, CET_LEG_BITMAP_OFFSET);
    }

    public void cetLegBitmapOffset(long v) {
        u64(memory, CET_LEG_BITMAP_OFFSET, v);
    }

    /** CET attributes, in the encoding of the low byte of IA32_U_CET. */
    public int cetAttributes() {
        return u8(memory, CET_ATTRIBUTES);
    }

    public void cetAttributes(int v) {
        u8(memory, CET_ATTRIBUTES, v);
    }

    public Attributes attributes() {
        return Attributes.at(memory, ATTRIBUTES);
    }

    public void attributes(Attributes v) {
        v.writeTo(memory, ATTRIBUTES);
    }

    /** SHA-256 of the enclave's build log. */
    public MemorySegment mrEnclave() {
        return Views.bytes(memory, MRENCLAVE, 32);
    }

    public void mrEnclave(MemorySegment v) {
        Views.bytes(memory, MRENCLAVE, 32, v);
    }

    public void mrEnclave(byte[] v) {
        mrEnclave(MemorySegment.ofArray(v));
    }

    /** SHA-256 of the SIGSTRUCT's MODULUS. */
    public MemorySegment mrSigner() {
        return Views.bytes(memory, MRSIGNER, 32);
    }

    public void mrSigner(MemorySegment v) {
        Views.bytes(memory, MRSIGNER, 32, v);
    }

    public void mrSigner(byte[] v) {
        mrSigner(MemorySegment.ofArray(v));
    }

    /** Identity of the enclave's configuration, chosen by the loader. */
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

    /** Security version of the enclave's configuration, chosen by the loader. */
    public int configSvn() {
        return u16(memory, CONFIGSVN);
    }

    public void configSvn(int v) {
        u16(memory, CONFIGSVN, v);
    }

    /** Whether every byte that is reserved on all processors is zero; the CET fields are {@link #cetFieldsAreZero}. */
    public boolean reservedIsZero() {
        return Views.isZero(memory, 33, 48)
                && Views.isZero(memory, 96, 128)
                && Views.isZero(memory, 160, 192)
                && Views.isZero(memory, 262, SIZE);
    }

    /** Whether the fields that a processor without CET reserves are zero. */
    public boolean cetFieldsAreZero() {
        return cetLegBitmapOffset() == 0 && cetAttributes() == 0;
    }
}
