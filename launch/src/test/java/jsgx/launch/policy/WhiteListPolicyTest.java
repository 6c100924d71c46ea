package jsgx.launch.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import jsgx.arch.Vectors;
import jsgx.arch.struct.Attributes;
import jsgx.launch.le.WhiteList;
import jsgx.launch.le.WhiteListCertificate;
import jsgx.launch.pace.Pace;
import jsgx.launch.policy.PolicyVerdict.Effect;
import org.junit.jupiter.api.Test;

/** A white list of launch control as a source of signers. */
class WhiteListPolicyTest {

    private static final String POLICY = """
            version: 1
            default: deny
            rules:
              - {name: listed, effect: allow, mrsigner: {whiteList: list.cert}}
            """;

    @Test
    void intelsListLetsItsSignersLaunchWithoutDebug() throws Exception {
        byte[] certificate = Vectors.bytes("intel-white-list-v4.cert");
        Policy policy = TestPolicies.policy(POLICY, Map.of("list.cert", certificate));
        List<String> signers =
                WhiteListCertificate.intel().accept(certificate, WhiteList.NONE).signers();

        assertThat(policy.counts().signers()).isEqualTo(7);
        for (String signer : signers) {
            byte[] hash = HexFormat.of().parseHex(signer);
            assertThat(policy.judge(subject(hash, Attributes.MODE64BIT)).effect())
                    .isEqualTo(Effect.ALLOW);
            // Intel's launch enclave does not ask its list about a debug enclave, and neither does this rule.
            assertThat(policy.judge(subject(hash, Attributes.MODE64BIT | Attributes.DEBUG))
                            .effect())
                    .isEqualTo(Effect.DENY);
        }
        assertThat(policy.judge(subject(TestPolicies.hash(1), 0)).effect()).isEqualTo(Effect.DENY);
        assertThat(policy.explain(subject(TestPolicies.hash(1), 0))
                        .nearlyMatching()
                        .getFirst()
                        .failed())
                .first()
                .extracting(PolicyExplanation.Check::expected)
                .isEqualTo("one of 7 of the white list list.cert, version 4");
    }

    @Test
    void aForgedListIsRefusedInTheRuleThatNamesIt() throws Exception {
        byte[] certificate = Vectors.bytes("intel-white-list-v4.cert");
        Random random = new Random(8);
        for (int i = 0; i < 60; i++) {
            byte[] forged = certificate.clone();
            forged[random.nextInt(forged.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));

            assertThatThrownBy(() -> TestPolicies.policy(POLICY, Map.of("list.cert", forged)))
                    .isInstanceOf(PolicyException.class)
                    .hasMessageStartingWith("policy.yaml:4:57: list.cert: ");
        }
        assertThatThrownBy(() ->
                        TestPolicies.policy(POLICY, Map.of("list.cert", certificate(keyPair(), TestPolicies.hash(1)))))
                .hasMessageContaining("the signature of the provider's certificate does not verify");
    }

    @Test
    void aFirstEntryOfZeroesStandsForEverySigner() throws Exception {
        KeyPair root = keyPair();
        byte[] wildcard = certificate(root, new byte[32], TestPolicies.hash(5));
        Policy policy = PolicyFile.parse(
                "policy.yaml",
                POLICY.getBytes(StandardCharsets.UTF_8),
                TestPolicies.included(Map.of("list.cert", wildcard)),
                WhiteListCertificate.under(root.getPublic()),
                false,
                Pace.atOnce());

        assertThat(policy.judge(subject(TestPolicies.hash(77), 0)).effect()).isEqualTo(Effect.ALLOW);
        assertThat(policy.judge(subject(TestPolicies.hash(77), Attributes.DEBUG))
                        .effect())
                .isEqualTo(Effect.DENY);
        assertThat(policy.counts().residual()).isEqualTo(1);
    }

    private static PolicySubject subject(byte[] signer, long flags) {
        PolicySubject s = TestPolicies.subject();
        return new PolicySubject(
                s.mrEnclave(), signer, 0, 0, new Attributes(flags, 3), 0, s.size(), s.workload(), s.time());
    }

    private static KeyPair keyPair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    /** A list, version 1, of a provider whose certificate this key signed. */
    private static byte[] certificate(KeyPair root, byte[]... signers) throws GeneralSecurityException {
        KeyPair provider = keyPair();
        ECPublicKey key = (ECPublicKey) provider.getPublic();
        byte[] head = ByteBuffer.allocate(72)
                .putShort((short) 1)
                .putShort((short) 0)
                .putShort((short) 0)
                .putShort((short) 0)
                .put(HexFormat.of()
                        .parseHex("%064x%064x"
                                .formatted(key.getW().getAffineX(), key.getW().getAffineY())))
                .array();
        ByteBuffer list = ByteBuffer.allocate(16 + 32 * signers.length)
                .putShort((short) 1)
                .putShort((short) 1)
                .putShort((short) 0)
                .putShort((short) 0x20)
                .putInt(1)
                .putInt(signers.length);
        for (byte[] signer : signers) {
            list.put(signer);
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(head);
        all.writeBytes(sign(root.getPrivate(), head));
        all.writeBytes(list.array());
        all.writeBytes(sign(provider.getPrivate(), list.array()));
        return all.toByteArray();
    }

    private static byte[] sign(PrivateKey key, byte[] content) throws GeneralSecurityException {
        Signature ecdsa = Signature.getInstance("SHA256withECDSAinP1363Format");
        ecdsa.initSign(key);
        ecdsa.update(content);
        return ecdsa.sign();
    }
}
