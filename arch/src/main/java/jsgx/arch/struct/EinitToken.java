package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u16;
import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u8;

import java.lang.foreign.MemorySegment;

/**
 * The launch token: a launch enclave's leave, under a MAC, to initialise one enclave with given attributes. 304 bytes, 512-aligned.
 *
 * <p>SDM volume 3D, "EINIT Token Structure (EINITTOKEN)". The fields that end in LE describe the launch enclave, not the
 * enclave to launch.
 */
public record EinitToken(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 304;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 512;

    /** How many leading bytes the MAC covers. */
    public static final int MACED_SIZE = 192;

    private static final int VALID_BIT = 1;

    private static final long VALID = 0;
    private static final long ATTRIBUTES = 48;
    private static final long MRENCLAVE = 64;
    private static final long MRSIGNER = 128;
    private static final long CPUSVNLE = 192;
    private static final long ISVPRODIDLE = 208;
    private static final long ISVSVNLE = 210;
    private static final long CET_MASKED_ATTRIBUTES_LE = 212;
    private static final long MASKEDMISCSELECTLE = 236;
    private static final long MASKEDATTRIBUTESLE = 240;
    private static final long KEYID = 256;
    private static final long MAC = 288;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public EinitToken {
        memory = Views.view(memory, SIZE, "EINITTOKEN");
    }

    /** A zeroed structure on the heap. */
    public static EinitToken allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static EinitToken of(byte[] bytes) {
        return new EinitToken(MemorySegment.ofArray(bytes));
    }

    /** Bit 0: the token is to be checked; bits 31:1 are reserved. */
    public int valid() {
        return u32(memory, VALID);
    }

    public void valid(int v) {
        u32(memory, VALID, v);
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

    public MemorySegment cpuSvnLe() {
        return Views.bytes(memory, CPUSVNLE, 16);
    }

    public void cpuSvnLe(MemorySegment v) {
        Views.bytes(memory, CPUSVNLE, 16, v);
    }

    public void cpuSvnLe(byte[] v) {
        cpuSvnLe(MemorySegment.ofArray(v));
    }

    public int isvProdIdLe() {
        return u16(memory, ISVPRODIDLE);
    }

    public void isvProdIdLe(int v) {
        u16(memory, ISVPRODIDLE, v);
    }

    public int isvSvnLe() {
        return u16(memory, ISVSVNLE);
    }

    public void isvSvnLe(int v) {
        u16(memory, ISVSVNLE, v);
    }

    public int cetMaskedAttributesLe() {
        return u8(memory, CET_MASKED_ATTRIBUTES_LE);
    }

    public void cetMaskedAttributesLe(int v) {
        u8(memory, CET_MASKED_ATTRIBUTES_LE, v);
    }

    /** MISCSELECT of the launch enclave, under the mask of its key request. */
    public int maskedMiscSelectLe() {
        return u32(memory, MASKEDMISCSELECTLE);
    }

    public void maskedMiscSelectLe(int v) {
        u32(memory, MASKEDMISCSELECTLE, v);
    }

    /** ATTRIBUTES of the launch enclave, under the mask of its key request. */
    public Attributes maskedAttributesLe() {
        return Attributes.at(memory, MASKEDATTRIBUTESLE);
    }

    public void maskedAttributesLe(Attributes v) {
        v.writeTo(memory, MASKEDATTRIBUTESLE);
    }

    /** KEYID of the key request with which the launch key was derived. */
    public MemorySegment keyId() {
        return Views.bytes(memory, KEYID, 32);
    }

    public void keyId(MemorySegment v) {
        Views.bytes(memory, KEYID, 32, v);
    }

    public void keyId(byte[] v) {
        keyId(MemorySegment.ofArray(v));
    }

    /** AES-128-CMAC of {@link #macedBytes} under the launch key. */
    public MemorySegment mac() {
        return Views.bytes(memory, MAC, 16);
    }

    public void mac(MemorySegment v) {
        Views.bytes(memory, MAC, 16, v);
    }

    public void mac(byte[] v) {
        mac(MemorySegment.ofArray(v));
    }

    /** Whether VALID[0] is set. */
    public boolean isValid() {
        return (valid() & VALID_BIT) != 0;
    }

    /** The leading {@value #MACED_SIZE} bytes, which the MAC covers. */
    public MemorySegment macedBytes() {
        return memory.asSlice(0, MACED_SIZE);
    }

    /** Whether VALID[31:1] and every byte that is reserved on all processors are zero. */
    public boolean reservedIsZero() {
        return (valid() & ~VALID_BIT) == 0
                && Views.isZero(memory, 4, 48)
                && Views.isZero(memory, 96, 128)
                && Views.isZero(memory, 160, 192)
                && Views.isZero(memory, 213, 236);
    }

    /** Whether the fields that a processor without CET reserves are zero. */
    public boolean cetFieldsAreZero() {
        return cetMaskedAttributesLe() == 0;
    }
}
