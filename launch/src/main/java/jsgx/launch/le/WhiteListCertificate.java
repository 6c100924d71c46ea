package jsgx.launch.le;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The file in which Intel publishes its white list: a certificate of the provider's key under Intel's root key, then the
 * list under the provider's key. All integers are big-endian; both signatures are ECDSA with P-256 and SHA-256.
 */
public final class WhiteListCertificate {

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final String ROOT_X = "a9365c4531676d18c2169c60751c0cee8c5fc98fc891173cebd686cb9b1e3929";
    private static final String ROOT_Y = "b67e11ca81cf287a24444fc98499055e93cce2fee65497ede4da22e10d83095f";

    private static final int COORDINATE = 32;
    private static final int SIGNATURE = 64;
    private static final int HASH = 32;

    /** The provider's certificate: version, type, provider, root, key, signature. */
    private static final int PROVIDER_KEY = 8;

    private static final int PROVIDER_SIGNED = 72;
    private static final int PROVIDER_SIZE = 136;
    private static final int PROVIDER_TYPE = 0;

    /** The list: version, type, provider, product of the launch enclave, version of the list, count, signers, signature. */
    private static final int LIST_PRODUCT = 6;

    private static final int LIST_VERSION = 8;
    private static final int LIST_COUNT = 12;
    private static final int LIST_SIGNERS = 16;
    private static final int LIST_TYPE = 1;
    private static final int FORMAT = 1;

    /** How many bytes a certificate has besides its signers. */
    private static final int OVERHEAD = PROVIDER_SIZE + LIST_SIGNERS + SIGNATURE;

    private final PublicKey root;

    private WhiteListCertificate(PublicKey root) {
        this.root = root;
    }

    /** Certificates under Intel's root key. */
    public static WhiteListCertificate intel() {
        HexFormat hex = HexFormat.of();
        try {
            return under(p256(hex.parseHex(ROOT_X), hex.parseHex(ROOT_Y)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has P-256", e);
        }
    }

    /** Certificates under another root key, on P-256. */
    public static WhiteListCertificate under(PublicKey root) {
        return new WhiteListCertificate(root);
    }

    /**
     * The list in a certificate, as a launch enclave accepts it.
     *
     * @param bytes the file
     * @param current the list that the launch enclave has
     * @throws WhiteListException where it is malformed, not signed by Intel, or no newer than the current one
     */
    public WhiteList accept(byte[] bytes, WhiteList current) throws WhiteListException {
        int count = checkForm(bytes);
        MemorySegment memory = MemorySegment.ofArray(bytes);
        MemorySegment list = memory.asSlice(PROVIDER_SIZE);
        verify("provider's certificate", root, memory, PROVIDER_SIGNED);
        PublicKey provider;
        try {
            provider =
                    p256(field(memory, PROVIDER_KEY, COORDINATE), field(memory, PROVIDER_KEY + COORDINATE, COORDINATE));
        } catch (GeneralSecurityException e) {
            throw new WhiteListException(
                    LeAnswer.LE_INVALID_PARAMETER, "the provider's key at offset 8 is not a point of P-256", e);
        }
        verify("list", provider, list, LIST_SIGNERS + HASH * count);
        int version = list.get(U32, LIST_VERSION);
        if (Integer.compareUnsigned(version, current.version()) <= 0) {
            throw new WhiteListException(
                    LeAnswer.LE_WHITE_LIST_ALREADY_UPDATED,
                    "the white list has version %s, which is no newer than the present one's %s"
                            .formatted(Integer.toUnsignedString(version), Integer.toUnsignedString(current.version())));
        }
        List<String> signers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            signers.add(HexFormat.of().formatHex(field(list, LIST_SIGNERS + HASH * i, HASH)));
        }
        return new WhiteList(version, signers);
    }

    /** The count of signers in a file whose sizes and fixed fields are right. */
    private static int checkForm(byte[] bytes) throws WhiteListException {
        if (bytes.length < OVERHEAD + HASH) {
            throw malformed(bytes.length, "at least %d bytes".formatted(OVERHEAD + HASH), bytes.length + " bytes");
        }
        MemorySegment memory = MemorySegment.ofArray(bytes);
        expect(memory, 0, FORMAT, "format version of the provider's certificate");
        expect(memory, 2, PROVIDER_TYPE, "type of the provider's certificate");
        expect(memory, 4, 0, "provider");
        expect(memory, 6, 0, "root");
        expect(memory, PROVIDER_SIZE, FORMAT, "format version of the list");
        expect(memory, PROVIDER_SIZE + 2, LIST_TYPE, "type of the list");
        expect(memory, PROVIDER_SIZE + 4, 0, "provider of the list");
        expect(memory, PROVIDER_SIZE + LIST_PRODUCT, LeProfile.INTEL.isvProdId(), "product of the launch enclave");
        int count = memory.get(U32, PROVIDER_SIZE + LIST_COUNT);
        if (count < 1 || count > WhiteList.MAX_SIGNERS) {
            throw malformed(
                    PROVIDER_SIZE + LIST_COUNT,
                    "1 to " + WhiteList.MAX_SIGNERS + " signers",
                    Integer.toUnsignedString(count));
        }
        if (bytes.length != OVERHEAD + HASH * count) {
            throw malformed(
                    bytes.length,
                    "%d bytes for %d signers".formatted(OVERHEAD + HASH * count, count),
                    bytes.length + " bytes");
        }
        return count;
    }

    private static void expect(MemorySegment memory, int at, int value, String what) throws WhiteListException {
        int found = Short.toUnsignedInt(memory.get(U16, at));
        if (found != value) {
            throw malformed(at, what + " " + value, Integer.toString(found));
        }
    }

    private static WhiteListException malformed(int at, String expected, String found) {
        return new WhiteListException(
                LeAnswer.LE_INVALID_PARAMETER,
                "white list certificate, offset 0x%x: expected %s, found %s".formatted(at, expected, found));
    }

    private static void verify(String what, PublicKey key, MemorySegment memory, int signed) throws WhiteListException {
        boolean valid;
        try {
            Signature ecdsa = Signature.getInstance("SHA256withECDSAinP1363Format");
            ecdsa.initVerify(key);
            ecdsa.update(field(memory, 0, signed));
            valid = ecdsa.verify(field(memory, signed, SIGNATURE));
        } catch (GeneralSecurityException e) {
            throw new WhiteListException(
                    LeAnswer.LE_INVALID_PARAMETER, "the signature of the " + what + " cannot be checked", e);
        }
        if (!valid) {
            throw new WhiteListException(
                    LeAnswer.LE_INVALID_PARAMETER, "the signature of the " + what + " does not verify");
        }
    }

    private static byte[] field(MemorySegment memory, int at, int size) {
        return memory.asSlice(at, size).toArray(ValueLayout.JAVA_BYTE);
    }

    static PublicKey p256(byte[] x, byte[] y) throws GeneralSecurityException {
        AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
        parameters.init(new ECGenParameterSpec("secp256r1"));
        ECPoint point = new ECPoint(new BigInteger(1, x), new BigInteger(1, y));
        return KeyFactory.getInstance("EC")
                .generatePublic(new ECPublicKeySpec(point, parameters.getParameterSpec(ECParameterSpec.class)));
    }
}
