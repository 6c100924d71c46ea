package jsgx.launch.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Random;
import jsgx.launch.policy.PolicyVerdict.Effect;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The policy of a state folder: when it comes into force and when it does not. */
class PolicyFolderTest {

    /** So early that no file is one that was just written. */
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2017-12-19T23:59:59Z"));

    private static final KeyPair KEY = key();

    @TempDir
    private Path temporary;

    private Path state = Path.of("");
    private PolicyFolder folder = PolicyFolder.in(state, CLOCK);

    @BeforeEach
    void stateFolder() {
        state = temporary.resolve("state");
        folder = PolicyFolder.in(state, CLOCK);
    }

    private static KeyPair key() {
        try {
            return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String text(String sequence, String effect) {
        return "version: 1\n%sdefault: deny\nrules: [{name: it, effect: %s, isvSvn: 3}]\n".formatted(sequence, effect);
    }

    private static byte[] signed(long sequence) {
        return signed(sequence, KEY);
    }

    private static byte[] signed(long sequence, KeyPair key) {
        return PolicySignature.sign(
                text("sequence: %d\n".formatted(sequence), "allow").getBytes(StandardCharsets.UTF_8), key.getPrivate());
    }

    private Path candidate(byte[] content) throws IOException {
        return Files.write(temporary.resolve("candidate.yaml"), content);
    }

    private Path candidate(String content) throws IOException {
        return candidate(content.getBytes(StandardCharsets.UTF_8));
    }

    private void pin(KeyPair key) throws IOException {
        Files.createDirectories(
                state, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.writeString(
                state.resolve("policy.pub"),
                "-----BEGIN PUBLIC KEY-----\n"
                        + Base64.getMimeEncoder().encodeToString(key.getPublic().getEncoded())
                        + "\n-----END PUBLIC KEY-----\n");
    }

    @Test
    void whereThereIsNoPolicyThereIsNone() throws Exception {
        assertThat(folder.load()).isEmpty();
        assertThat(state).doesNotExist();
    }

    @Test
    void aPolicyIsInForceOnceItIsInstalledAndNotWhereItIsWrong() throws Exception {
        assertThat(folder.install(candidate(text("", "allow")), false).rolledBackFrom())
                .isZero();
        assertThat(folder.load().orElseThrow().judge(TestPolicies.subject()).effect())
                .isEqualTo(Effect.ALLOW);

        assertThatThrownBy(() -> folder.install(candidate("version: 1\ndefault: alow\n"), false))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("candidate.yaml:2:10");
        assertThat(folder.load().orElseThrow().judge(TestPolicies.subject()).effect())
                .isEqualTo(Effect.ALLOW);
        assertThat(Files.getAttribute(state, "unix:mode")).isEqualTo(040700);
    }

    @Test
    void theFilesThatAPolicyIncludesComeWithIt() throws Exception {
        Files.writeString(temporary.resolve("list.txt"), TestPolicies.hex(1) + "\n");

        folder.install(
                candidate(
                        "version: 1\ndefault: deny\nrules: [{name: a, effect: allow, mrenclave: {file: list.txt}}]\n"),
                false);

        assertThat(folder.load().orElseThrow().counts().enclaves()).isEqualTo(1);
        assertThatThrownBy(() -> folder.install(candidate("""
                                version: 1
                                default: deny
                                rules: [{name: a, effect: allow, mrenclave: {file: ../list.txt}}]
                                """), false)).hasMessageContaining("expected a plain name");
    }

    @Test
    void aNameThatNoFileCanHaveIsAnErrorOfThePolicy() {
        String text = "version: 1\ndefault: deny\nrules: [{name: a, effect: allow, mrenclave: {file: \"a\\0b\"}}]\n";

        assertThatThrownBy(() -> folder.install(candidate(text), false))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("candidate.yaml:3:")
                .hasMessageContaining("found a zero character in it");
    }

    @Test
    void aKeptSequenceThatIsNoNumberIsAnError() throws Exception {
        folder.install(candidate(text("sequence: 1\n", "allow")), false);
        for (String kept : new String[] {"9999999999999999999", "-1", "+1", "01", "x", ""}) {
            Files.writeString(state.resolve("policy.sequence"), kept);

            assertThatThrownBy(folder::load)
                    .as(kept)
                    .isInstanceOf(PolicyException.class)
                    .hasMessageContaining("policy.sequence: expected one number from 0 to 9223372036854775807");
        }
    }

    @Test
    void withAPinnedKeyOnlyItsSignatureCounts() throws Exception {
        pin(KEY);
        byte[] good = signed(1);

        assertThatThrownBy(() -> folder.install(candidate(text("sequence: 1\n", "allow")), false))
                .hasMessageContaining("it is not signed, and a key is pinned here");
        assertThatThrownBy(() -> folder.install(candidate(signed(1, key())), false))
                .hasMessageContaining("its signature is not the pinned key's");
        assertThatThrownBy(() -> folder.install(
                        candidate(PolicySignature.sign(
                                text("", "allow").getBytes(StandardCharsets.UTF_8), KEY.getPrivate())),
                        false))
                .hasMessageContaining("there is no \"sequence\"");
        assertThat(folder.install(candidate(good), false).policy().signed()).isTrue();
        assertThat(folder.load().orElseThrow().signed()).isTrue();
        assertThatThrownBy(() ->
                        folder.install(candidate(new String(good, StandardCharsets.UTF_8) + "# more\n"), false))
                .hasMessageContaining("it is not signed");
    }

    @Test
    void aFlippedBitAnywhereInASignedPolicyIsRefused() throws Exception {
        pin(KEY);
        byte[] good = signed(1);
        Random random = new Random(3);
        for (int at = 0; at < good.length; at++) {
            byte[] flipped = good.clone();
            flipped[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
            assertThatThrownBy(() -> folder.install(candidate(flipped), false))
                    .as("byte %d", at)
                    .isInstanceOf(PolicyException.class);
        }
        assertThat(folder.file()).doesNotExist();
    }

    @Test
    void signingAgainReplacesTheSignature() throws Exception {
        byte[] once = signed(5);
        byte[] again = PolicySignature.sign(once, KEY.getPrivate());
        byte[] withoutNewline = PolicySignature.sign("version: 1".getBytes(StandardCharsets.UTF_8), KEY.getPrivate());

        assertThat(again).isEqualTo(once);
        assertThat(new String(once, StandardCharsets.US_ASCII).lines().filter(l -> l.startsWith("# signature")))
                .hasSize(1);
        PolicySignature.verify("p", withoutNewline, KEY.getPublic());
        assertThat(new String(withoutNewline, StandardCharsets.US_ASCII))
                .startsWith("version: 1\n# signature: ed25519 ");
    }

    @Test
    void anEarlierPolicyIsRefusedUnlessTheRollbackIsAccepted() throws Exception {
        pin(KEY);
        folder.install(candidate(signed(7)), false);
        folder.install(candidate(signed(7)), false);

        assertThatThrownBy(() -> folder.install(candidate(signed(6)), false))
                .hasMessageContaining("expected a sequence number of 7 or more, found 6")
                .hasMessageContaining("--accept-rollback");
        assertThat(folder.load().orElseThrow().sequence()).isEqualTo(7);

        assertThat(folder.install(candidate(signed(6)), true).rolledBackFrom()).isEqualTo(7);
        assertThat(folder.load().orElseThrow().sequence()).isEqualTo(6);
        assertThat(Files.readString(state.resolve("policy.sequence"))).isEqualTo("6\n");
        assertThat(Files.getAttribute(state.resolve("policy.sequence"), "unix:mode"))
                .isEqualTo(0100600);
    }

    @Test
    void aRestoredBackupIsRefused() throws Exception {
        folder.install(candidate(text("sequence: 3\n", "allow")), false);
        byte[] backup = Files.readAllBytes(folder.file());
        folder.install(candidate(text("sequence: 4\n", "deny")), false);

        Files.write(folder.file(), backup);

        assertThatThrownBy(() -> folder.load())
                .hasMessageContaining("expected a sequence number of 4 or more, found 3");
        Files.writeString(folder.file(), text("", "allow"));
        assertThatThrownBy(() -> folder.load()).hasMessageContaining("found none");
        assertThat(folder.install(folder.file(), true).rolledBackFrom()).isEqualTo(4);
        assertThat(folder.load()).isPresent();
    }

    @Test
    void aHigherNumberThatIsReadIsKept() throws Exception {
        folder.install(candidate(text("sequence: 3\n", "allow")), false);
        Files.writeString(folder.file(), text("sequence: 9\n", "allow"));

        assertThat(PolicyFolder.look(state, CLOCK).load().orElseThrow().sequence())
                .isEqualTo(9);
        assertThat(Files.readString(state.resolve("policy.sequence"))).isEqualTo("3\n");
        assertThat(folder.load().orElseThrow().sequence()).isEqualTo(9);
        assertThat(Files.readString(state.resolve("policy.sequence"))).isEqualTo("9\n");
    }

    @Test
    void aPolicyThatIsGoneIsNoHostWithoutPolicy() throws Exception {
        folder.install(candidate(text("sequence: 3\n", "allow")), false);
        Files.delete(folder.file());

        assertThatThrownBy(() -> folder.load())
                .hasMessage("policy.yaml: there is none, but policy.sequence says that there was: put it back");
        Files.delete(state.resolve("policy.sequence"));
        assertThat(folder.load()).isEmpty();
        pin(KEY);
        assertThatThrownBy(() -> folder.load()).hasMessageContaining("policy.pub says that there was");
        Files.createSymbolicLink(folder.file(), Path.of("nowhere"));
        Files.delete(state.resolve("policy.pub"));
        assertThatThrownBy(() -> folder.load()).hasMessage("policy.yaml: cannot be read: no such file");
    }

    @Test
    void whatProtectsThePolicyMustBeReadable() throws Exception {
        folder.install(candidate(text("sequence: 3\n", "allow")), false);
        Files.writeString(state.resolve("policy.sequence"), "three\n");
        assertThatThrownBy(() -> folder.load())
                .hasMessageContaining("policy.sequence")
                .hasMessageContaining("one number");
        Files.setPosixFilePermissions(state.resolve("policy.sequence"), PosixFilePermissions.fromString("rw-rw-rw-"));
        assertThatThrownBy(() -> folder.load()).hasMessageContaining("open to others");

        Files.delete(state.resolve("policy.sequence"));
        Files.writeString(state.resolve("policy.pub"), "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
        assertThatThrownBy(() -> folder.load()).hasMessageStartingWith("policy.pub: no Ed25519 public key in PEM");
        pin(KEY);
        Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> folder.load()).hasMessageContaining("is open to others");
    }
}
