package jsgx.arch.crypto;

import static jsgx.arch.struct.Layouts.U16;
import static jsgx.arch.struct.Layouts.U32;
import static jsgx.arch.struct.Layouts.U8;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.KeyName;

/**
 * What a derived key depends on: TMP_KEYDEPENDENCIES of EGETKEY, EREPORT and EINIT. A new one is all zero but for its key
 * name. The manual names the fields and not their order in memory, nor the function that makes a key of them; both are
 * this model's choice (docs/unpublished.md): the fields in the order of the manual's table, under AES-128-CMAC with the
 * package's key.
 */
public final class KeyDependencies {

    /** Bytes of the padding of an RSA signature that enters the keys: the top of S^3 mod N. */
    public static final int PADDING_SIZE = 352;

    private static final int KEYNAME = 0;
    private static final int ISVFAMILYID = 2;
    private static final int ISVEXTPRODID = 18;
    private static final int ISVPRODID = 34;
    private static final int ISVSVN = 36;
    private static final int OWNEREPOCH = 38;
    private static final int ATTRIBUTES = 54;
    private static final int ATTRIBUTES_MASK = 70;
    private static final int MRENCLAVE = 86;
    private static final int MRSIGNER = 118;
    private static final int KEYID = 150;
    private static final int SEAL_KEY_FUSES = 182;
    private static final int CPUSVN = 198;
    private static final int PADDING = 214;
    private static final int MISCSELECT = PADDING + PADDING_SIZE;
    private static final int MISCMASK = MISCSELECT + 4;
    private static final int KEYPOLICY = MISCMASK + 4;
    private static final int CONFIGID = KEYPOLICY + 2;
    private static final int CONFIGSVN = CONFIGID + 64;
    private static final int CET_ATTRIBUTES = CONFIGSVN + 2;
    private static final int CET_ATTRIBUTES_MASK = CET_ATTRIBUTES + 1;
    private static final int SIZE = CET_ATTRIBUTES_MASK + 1;

    private static final byte[] HARDCODED_PADDING = hardcodedPadding();

    private final byte[] bytes = new byte[SIZE];
    private final MemorySegment memory = MemorySegment.ofArray(bytes);

    public KeyDependencies(KeyName name) {
        memory.set(U16, KEYNAME, (short) name.code());
    }

    /**
     * HARDCODED_PKCS1_5_PADDING: what the padding of every valid signature is, in the byte order of the encoded message
     * (00H, 01H, FFH..., 00H and the DigestInfo of SHA-256), as the manual prints it.
     */
    public static byte[] hardcodedPkcs15Padding() {
        return HARDCODED_PADDING.clone();
    }

    public KeyDependencies isvFamilyId(MemorySegment v) {
        return copy(v, ISVFAMILYID, 16);
    }

    public KeyDependencies isvExtProdId(MemorySegment v) {
        return copy(v, ISVEXTPRODID, 16);
    }

    public KeyDependencies isvProdId(int v) {
        memory.set(U16, ISVPRODID, (short) v);
        return this;
    }

    public KeyDependencies isvSvn(int v) {
        memory.set(U16, ISVSVN, (short) v);
        return this;
    }

    public KeyDependencies ownerEpoch(byte[] v) {
        return copy(MemorySegment.ofArray(v), OWNEREPOCH, 16);
    }

    public KeyDependencies attributes(Attributes v) {
        v.writeTo(memory, ATTRIBUTES);
        return this;
    }

    public KeyDependencies attributesMask(Attributes v) {
        v.writeTo(memory, ATTRIBUTES_MASK);
        return this;
    }

    public KeyDependencies mrEnclave(MemorySegment v) {
        return copy(v, MRENCLAVE, 32);
    }

    public KeyDependencies mrSigner(MemorySegment v) {
        return copy(v, MRSIGNER, 32);
    }

    public KeyDependencies keyId(MemorySegment v) {
        return copy(v, KEYID, 32);
    }

    public KeyDependencies sealKeyFuses(byte[] v) {
        return copy(MemorySegment.ofArray(v), SEAL_KEY_FUSES, 16);
    }

    public KeyDependencies cpuSvn(byte[] v) {
        return copy(MemorySegment.ofArray(v), CPUSVN, 16);
    }

    public KeyDependencies padding(MemorySegment v) {
        return copy(v, PADDING, PADDING_SIZE);
    }

    public KeyDependencies miscSelect(int v) {
        memory.set(U32, MISCSELECT, v);
        return this;
    }

    public KeyDependencies miscMask(int v) {
        memory.set(U32, MISCMASK, v);
        return this;
    }

    public KeyDependencies keyPolicy(int v) {
        memory.set(U16, KEYPOLICY, (short) v);
        return this;
    }

    public KeyDependencies configId(MemorySegment v) {
        return copy(v, CONFIGID, 64);
    }

    public KeyDependencies configSvn(int v) {
        memory.set(U16, CONFIGSVN, (short) v);
        return this;
    }

    public KeyDependencies cetAttributes(int v) {
        memory.set(U8, CET_ATTRIBUTES, (byte) v);
        return this;
    }

    public KeyDependencies cetAttributesMask(int v) {
        memory.set(U8, CET_ATTRIBUTES_MASK, (byte) v);
        return this;
    }

    /** derivekey(): the 16 bytes of the key under a package's key. */
    public byte[] derive(Cmac packageKey) {
        return packageKey.mac(bytes);
    }

    private KeyDependencies copy(MemorySegment from, int offset, int size) {
        if (from.byteSize() != size) {
            throw new IllegalArgumentException("a field of %d bytes was given %d".formatted(size, from.byteSize()));
        }
        MemorySegment.copy(from, 0, memory, offset, size);
        return this;
    }

    private static byte[] hardcodedPadding() {
        HexFormat hex = HexFormat.of();
        byte[] head = hex.parseHex("0001");
        byte[] tail = hex.parseHex("003031300d060960864801650304020105000420");
        byte[] padding = new byte[PADDING_SIZE];
        Arrays.fill(padding, (byte) 0xff);
        System.arraycopy(head, 0, padding, 0, head.length);
        System.arraycopy(tail, 0, padding, PADDING_SIZE - tail.length, tail.length);
        return padding;
    }
}
