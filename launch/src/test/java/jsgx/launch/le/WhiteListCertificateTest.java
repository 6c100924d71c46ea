package jsgx.launch.le;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import jsgx.arch.Vectors;
import jsgx.arch.struct.Layouts;
import org.bouncycastle.asn1.sec.SECNamedCurves;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.generators.ECKeyPairGenerator;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECKeyGenerationParameters;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.signers.ECDSASigner;
import org.junit.jupiter.api.Test;

/** Intel's white list as Intel publishes it, and lists of others that must not pass for it. */
class WhiteListCertificateTest {

    private static final ECDomainParameters P256 = p256();

    private final AsymmetricCipherKeyPair root = keyPair();
    private final AsymmetricCipherKeyPair provider = keyPair();
    private final WhiteListCertificate certificates = WhiteListCertificate.under(publicKey(root));

    @Test
    void acceptsAListThatIntelPublished() throws Exception {
        WhiteList list = WhiteListCertificate.intel().accept(Vectors.bytes("intel-white-list-v4.cert"), WhiteList.NONE);

        assertThat(list.version()).isEqualTo(4);
        assertThat(list.signers()).hasSize(7).doesNotHaveDuplicates().allMatch(s -> s.matches("[0-9a-f]{64}"));
    }

    @Test
    void aFlippedBitInAnyByteOfItIsRefused() {
        byte[] bytes = Vectors.bytes("intel-white-list-v4.cert");
        Random random = new Random(41);
        for (int at = 0; at < bytes.length; at++) {
            byte[] flipped = bytes.clone();
            flipped[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
            assertThatThrownBy(() -> WhiteListCertificate.intel().accept(flipped, WhiteList.NONE))
                    .as("byte %d", at)
                    .isInstanceOfSatisfying(
                            WhiteListException.class,
                            e -> assertThat(e.code()).isEqualTo(LeAnswer.LE_INVALID_PARAMETER));
        }
    }

    @Test
    void aListThatIsNoNewerIsRefused() {
        byte[] bytes = Vectors.bytes("intel-white-list-v4.cert");
        for (int version : new int[] {4, 5, -1}) {
            assertThatThrownBy(() -> WhiteListCertificate.intel().accept(bytes, new WhiteList(version, List.of())))
                    .isInstanceOfSatisfying(
                            WhiteListException.class, e -> assertThat(e.code()).isEqualTo(213));
        }
    }

    @Test
    void aListUnderAnotherRootIsRefused() {
        byte[] ours = certificate(1, 0x20, 1, List.of("11".repeat(32)));

        assertThatThrownBy(() -> WhiteListCertificate.intel().accept(ours, WhiteList.NONE))
                .isInstanceOf(WhiteListException.class)
                .hasMessageContaining("provider's certificate does not verify");
    }

    @Test
    void aListOfAnotherImplementationIsReadAsItWasWritten() throws Exception {
        List<String> signers = new ArrayList<>();
        for (int i = 0; i < WhiteList.MAX_SIGNERS; i++) {
            signers.add("%064x".formatted(i * 77L));
        }
        WhiteList list =
                certificates.accept(certificate(9, 0x20, signers.size(), signers), new WhiteList(8, List.of()));

        assertThat(list).isEqualTo(new WhiteList(9, signers));
    }

    @Test
    void wrongFormsAreRefusedWithTheOffset() {
        List<String> one = List.of("11".repeat(32));
        refused(new byte[0], "at least 248 bytes");
        refused(certificate(1, 0x21, 1, one), "offset 0x8e");
        refused(certificate(1, 0x20, 0, one), "offset 0x94");
        refused(certificate(1, 0x20, 2049, one), "offset 0x94");
        refused(certificate(1, 0x20, -1, one), "offset 0x94");
        refused(certificate(1, 0x20, 2, one), "280 bytes for 2 signers");
        byte[] trailing = Arrays.copyOf(certificate(1, 0x20, 1, one), 249);
        refused(trailing, "248 bytes for 1 signers");
        byte[] noPoint = certificate(1, 0x20, 1, one);
        noPoint[8] ^= 1;
        refused(noPoint, "does not verify");
    }

    @Test
    void theListIsPartOfTheLaunchEnclavesImage() throws Exception {
        WhiteList list = certificates.accept(certificate(1, 0x20, 1, List.of("11".repeat(32))), WhiteList.NONE);
        byte[] blob = LeImage.blob(LeProfile.INTEL, list);

        MemorySegment memory = MemorySegment.ofArray(blob);
        assertThat(memory.get(Layouts.U32, LeLayout.LIST_VERSION)).isEqualTo(1);
        assertThat(memory.get(Layouts.U32, LeLayout.LIST_COUNT)).isEqualTo(1);
        assertThat(HexFormat.of().formatHex(blob, LeLayout.LIST_ENTRIES, LeLayout.LIST_ENTRIES + 32))
                .isEqualTo("11".repeat(32));
    }

    private void refused(byte[] bytes, String message) {
        assertThatThrownBy(() -> certificates.accept(bytes, WhiteList.NONE))
                .isInstanceOfSatisfying(
                        WhiteListException.class, e -> assertThat(e.code()).isEqualTo(LeAnswer.LE_INVALID_PARAMETER))
                .hasMessageContaining(message);
    }

    /** A certificate signed with the tests' keys. */
    private byte[] certificate(int version, int product, int count, List<String> signers) {
        byte[] point = ((ECPublicKeyParameters) provider.getPublic()).getQ().getEncoded(false);
        ByteBuffer head =
                ByteBuffer.allocate(72).putShort((short) 1).putShort((short) 0).putShort((short) 0);
        head.putShort((short) 0).put(point, 1, 64);
        ByteBuffer list = ByteBuffer.allocate(16 + 32 * signers.size())
                .putShort((short) 1)
                .putShort((short) 1)
                .putShort((short) 0)
                .putShort((short) product)
                .putInt(version)
                .putInt(count);
        signers.forEach(signer -> list.put(HexFormat.of().parseHex(signer)));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(head.array());
        out.writeBytes(sign(root, head.array()));
        out.writeBytes(list.array());
        out.writeBytes(sign(provider, list.array()));
        return out.toByteArray();
    }

    private static byte[] sign(AsymmetricCipherKeyPair key, byte[] message) {
        SHA256Digest digest = new SHA256Digest();
        digest.update(message, 0, message.length);
        byte[] hash = new byte[32];
        digest.doFinal(hash, 0);
        ECDSASigner signer = new ECDSASigner();
        signer.init(true, (ECPrivateKeyParameters) key.getPrivate());
        BigInteger[] rs = signer.generateSignature(hash);
        byte[] signature = new byte[64];
        put(rs[0], signature, 0);
        put(rs[1], signature, 32);
        return signature;
    }

    private static void put(BigInteger number, byte[] to, int at) {
        byte[] bytes = HexFormat.of().parseHex("%064x".formatted(number));
        System.arraycopy(bytes, 0, to, at, bytes.length);
    }

    private static AsymmetricCipherKeyPair keyPair() {
        ECKeyPairGenerator generator = new ECKeyPairGenerator();
        generator.init(new ECKeyGenerationParameters(P256, new SecureRandom()));
        return generator.generateKeyPair();
    }

    private static PublicKey publicKey(AsymmetricCipherKeyPair pair) {
        byte[] point = ((ECPublicKeyParameters) pair.getPublic()).getQ().getEncoded(false);
        try {
            return WhiteListCertificate.p256(Arrays.copyOfRange(point, 1, 33), Arrays.copyOfRange(point, 33, 65));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static ECDomainParameters p256() {
        X9ECParameters curve = SECNamedCurves.getByName("secp256r1");
        return new ECDomainParameters(curve.getCurve(), curve.getG(), curve.getN(), curve.getH());
    }
}
