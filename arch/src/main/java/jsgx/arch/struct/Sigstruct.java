package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u16;
import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;
import static jsgx.arch.struct.Layouts.u8;

import java.lang.foreign.MemorySegment;

/**
 * The enclave's certificate: its author's RSA-3072 signature over what the enclave must measure to. 1808 bytes, 4096-aligned.
 *
 * <p>SDM volume 3D, "Enclave Signature Structure (SIGSTRUCT)". The four big integers are little-endian, 384 bytes each.
 */
public record Sigstruct(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 1808;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 4096;

    /** The one public exponent that the processor accepts. */
    public static final int EXPONENT_VALUE = 3;

    /** VENDOR of an enclave that Intel signed. */
    public static final int VENDOR_INTEL = 0x8086;

    private static final long HEADER = 0;
    private static final long HEADER_LOW = 0x0000_00E1_0000_0006L;
    private static final long HEADER_HIGH = 0x0000_0000_0001_0000L;
    private static final long HEADER2 = 24;
    private static final long HEADER2_LOW = 0x0000_0060_0000_0101L;
    private static final long HEADER2_HIGH = 0x0000_0001_0000_0060L;

    private static final long VENDOR = 16;
    private static final long DATE = 20;
    private static final long SWDEFINED = 40;
    private static final long MODULUS = 128;
    private static final long EXPONENT = 512;
    private static final long SIGNATURE = 516;
    private static final long MISCSELECT = 900;
    private static final long MISCMASK = 904;
    private static final long CET_ATTRIBUTES = 908;
    private static final long CET_ATTRIBUTES_MASK = 909;
    private static final long ISVFAMILYID = 912;
    private static final long ATTRIBUTES = 928;
    private static final long ATTRIBUTEMASK = 944;
    private static final long ENCLAVEHASH = 960;
    private static final long ISVEXTPRODID = 1008;
    private static final long ISVPRODID = 1024;
    private static final long ISVSVN = 1026;
    private static final long Q1 = 1040;
    private static final long Q2 = 1424;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public Sigstruct {
        memory = Views.view(memory, SIZE, "SIGSTRUCT");
    }

    /** A zeroed structure on the heap. */
    public static Sigstruct allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static Sigstruct of(byte[] bytes) {
        return new Sigstruct(MemorySegment.ofArray(bytes));
    }

    /** 0x8086 for Intel, 0 for all others. */
    public int vendor() {
        return u32(memory, VENDOR);
    }

    public void vendor(int v) {
        u32(memory, VENDOR, v);
    }

    /** Day of signing in binary coded decimal, 0xYYYYMMDD. */
    public int date() {
        return u32(memory, DATE);
    }

    public void date(int v) {
        u32(memory, DATE, v);
    }

    /** Left to software; not looked at by the processor. */
    public int swDefined() {
        return u32(memory, SWDEFINED);
    }

    public void swDefined(int v) {
        u32(memory, SWDEFINED, v);
    }

    /** Modulus N of the signer's key; its SHA-256 as stored is MRSIGNER. */
    public MemorySegment modulus() {
        return Views.bytes(memory, MODULUS, 384);
    }

    public void modulus(MemorySegment v) {
        Views.bytes(memory, MODULUS, 384, v);
    }

    public void modulus(byte[] v) {
        modulus(MemorySegment.ofArray(v));
    }

    public int exponent() {
        return u32(memory, EXPONENT);
    }

    public void exponent(int v) {
        u32(memory, EXPONENT, v);
    }

    /** Signature S over {@link #signedBytes}, PKCS #1 v1.5 with SHA-256. */
    public MemorySegment signature() {
        return Views.bytes(memory, SIGNATURE, 384);
    }

    public void signature(MemorySegment v) {
        Views.bytes(memory, SIGNATURE, 384, v);
    }

    public void signature(byte[] v) {
        signature(MemorySegment.ofArray(v));
    }

    /** Bits that SECS.MISCSELECT must have, under {@link #miscMask}. */
    public int miscSelect() {
        return u32(memory, MISCSELECT);
    }

    public void miscSelect(int v) {
        u32(memory, MISCSELECT, v);
    }

    public int miscMask() {
        return u32(memory, MISCMASK);
    }

    public void miscMask(int v) {
        u32(memory, MISCMASK, v);
    }

    /** Bits that SECS.CET_ATTRIBUTES must have, under {@link #cetAttributesMask}. */
    public int cetAttributes() {
        return u8(memory, CET_ATTRIBUTES);
    }

    public void cetAttributes(int v) {
        u8(memory, CET_ATTRIBUTES, v);
    }

    public int cetAttributesMask() {
        return u8(memory, CET_ATTRIBUTES_MASK);
    }

    public void cetAttributesMask(int v) {
        u8(memory, CET_ATTRIBUTES_MASK, v);
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

    /** Bits that SECS.ATTRIBUTES must have, under {@link #attributeMask}. */
    public Attributes attributes() {
        return Attributes.at(memory, ATTRIBUTES);
    }

    public void attributes(Attributes v) {
        v.writeTo(memory, ATTRIBUTES);
    }

    public Attributes attributeMask() {
        return Attributes.at(memory, ATTRIBUTEMASK);
    }

    public void attributeMask(Attributes v) {
        v.writeTo(memory, ATTRIBUTEMASK);
    }

    /** MRENCLAVE that the enclave must have. */
    public MemorySegment enclaveHash() {
        return Views.bytes(memory, ENCLAVEHASH, 32);
    }

    public void enclaveHash(MemorySegment v) {
        Views.bytes(memory, ENCLAVEHASH, 32, v);
    }

    public void enclaveHash(byte[] v) {
        enclaveHash(MemorySegment.ofArray(v));
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

    /** floor(S&sup2; / N). */
    public MemorySegment q1() {
        return Views.bytes(memory, Q1, 384);
    }

    public void q1(MemorySegment v) {
        Views.bytes(memory, Q1, 384, v);
    }

    public void q1(byte[] v) {
        q1(MemorySegment.ofArray(v));
    }

    /** floor((S&sup3; - Q1*S*N) / N). */
    public MemorySegment q2() {
        return Views.bytes(memory, Q2, 384);
    }

    public void q2(MemorySegment v) {
        Views.bytes(memory, Q2, 384, v);
    }

    public void q2(byte[] v) {
        q2(MemorySegment.ofArray(v));
    }

    /** Writes HEADER, HEADER2 and EXPONENT, which are the same in every valid SIGSTRUCT. */
    public void writeFixedFields() {
        u64(memory, HEADER, HEADER_LOW);
        u64(memory, HEADER + 8, HEADER_HIGH);
        u64(memory, HEADER2, HEADER2_LOW);
        u64(memory, HEADER2 + 8, HEADER2_HIGH);
        exponent(EXPONENT_VALUE);
    }

    /** Whether HEADER has its one valid value. */
    public boolean headerIsValid() {
        return u64(memory, HEADER) == HEADER_LOW && u64(memory, HEADER + 8) == HEADER_HIGH;
    }

    /** Whether HEADER2 has its one valid value. */
    public boolean header2IsValid() {
        return u64(memory, HEADER2) == HEADER2_LOW && u64(memory, HEADER2 + 8) == HEADER2_HIGH;
    }

    /** Whether VENDOR is 0 or Intel. */
    public boolean vendorIsValid() {
        return vendor() == 0 || vendor() == VENDOR_INTEL;
    }

    /** Whether EXPONENT is 3. */
    public boolean exponentIsValid() {
        return exponent() == EXPONENT_VALUE;
    }

    /** Whether every byte that is reserved on all processors is zero; the CET fields are {@link #cetFieldsAreZero}. */
    public boolean reservedIsZero() {
        return Views.isZero(memory, 44, 128)
                && Views.isZero(memory, 910, 912)
                && Views.isZero(memory, 992, 1008)
                && Views.isZero(memory, 1028, 1040);
    }

    /** Whether the fields that a processor without CET reserves are zero. */
    public boolean cetFieldsAreZero() {
        return cetAttributes() == 0 && cetAttributesMask() == 0;
    }

    /** The 256 bytes that the signature covers: [0, 128) and [900, 1028), as a copy. */
    public byte[] signedBytes() {
        byte[] signed = new byte[256];
        MemorySegment target = MemorySegment.ofArray(signed);
        MemorySegment.copy(memory, 0, target, 0, 128);
        MemorySegment.copy(memory, MISCSELECT, target, 128, 128);
        return signed;
    }
}
