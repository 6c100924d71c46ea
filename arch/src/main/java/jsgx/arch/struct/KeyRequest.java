package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u16;
import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u8;

import java.lang.foreign.MemorySegment;

/**
 * What an enclave asks EGETKEY for. 512 bytes, 512-aligned, inside the enclave.
 *
 * <p>SDM volume 3D, "Key Request (KEYREQUEST)".
 */
public record KeyRequest(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 512;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 512;

    private static final long KEYNAME = 0;
    private static final long KEYPOLICY = 2;
    private static final long ISVSVN = 4;
    private static final long CET_ATTRIBUTES_MASK = 6;
    private static final long CPUSVN = 8;
    private static final long ATTRIBUTEMASK = 24;
    private static final long KEYID = 40;
    private static final long MISCMASK = 72;
    private static final long CONFIGSVN = 76;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public KeyRequest {
        memory = Views.view(memory, SIZE, "KEYREQUEST");
    }

    /** A zeroed structure on the heap. */
    public static KeyRequest allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static KeyRequest of(byte[] bytes) {
        return new KeyRequest(MemorySegment.ofArray(bytes));
    }

    /** Which key; see {@link KeyName}. */
    public int keyName() {
        return u16(memory, KEYNAME);
    }

    public void keyName(int v) {
        u16(memory, KEYNAME, v);
    }

    /** What the key is bound to; see {@link KeyPolicy}. */
    public int keyPolicy() {
        return u16(memory, KEYPOLICY);
    }

    public void keyPolicy(int v) {
        u16(memory, KEYPOLICY, v);
    }

    public int isvSvn() {
        return u16(memory, ISVSVN);
    }

    public void isvSvn(int v) {
        u16(memory, ISVSVN, v);
    }

    /** Bits of SECS.CET_ATTRIBUTES that the key is bound to. */
    public int cetAttributesMask() {
        return u8(memory, CET_ATTRIBUTES_MASK);
    }

    public void cetAttributesMask(int v) {
        u8(memory, CET_ATTRIBUTES_MASK, v);
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

    /** Bits of SECS.ATTRIBUTES that the key is bound to. */
    public Attributes attributeMask() {
        return Attributes.at(memory, ATTRIBUTEMASK);
    }

    public void attributeMask(Attributes v) {
        v.writeTo(memory, ATTRIBUTEMASK);
    }

    /** Wear-out protection: any value, for a key of its own. */
    public MemorySegment keyId() {
        return Views.bytes(memory, KEYID, 32);
    }

    public void keyId(MemorySegment v) {
        Views.bytes(memory, KEYID, 32, v);
    }

    public void keyId(byte[] v) {
        keyId(MemorySegment.ofArray(v));
    }

    /** Bits of SECS.MISCSELECT that the key is bound to. */
    public int miscMask() {
        return u32(memory, MISCMASK);
    }

    public void miscMask(int v) {
        u32(memory, MISCMASK, v);
    }

    public int configSvn() {
        return u16(memory, CONFIGSVN);
    }

    public void configSvn(int v) {
        u16(memory, CONFIGSVN, v);
    }

    /** Whether every byte that is reserved on all processors is zero; reserved bits of KEYPOLICY are {@link KeyPolicy#RESERVED}. */
    public boolean reservedIsZero() {
        return Views.isZero(memory, 7, 8) && Views.isZero(memory, 78, SIZE);
    }

    /** Whether the fields that a processor without CET reserves are zero. */
    public boolean cetFieldsAreZero() {
        return cetAttributesMask() == 0;
    }
}
