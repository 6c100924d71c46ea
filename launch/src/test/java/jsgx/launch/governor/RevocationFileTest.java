package jsgx.launch.governor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Random;
import jsgx.arch.struct.Attributes;
import jsgx.launch.LaunchException;
import jsgx.launch.policy.PolicySubject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The list of what is revoked, on disk. */
class RevocationFileTest {

    private static final String ENCLAVE = "e1".repeat(32);
    private static final String SIGNER = "5a".repeat(32);
    private static final Instant TIME = Instant.parse("2017-12-19T18:25:05Z");

    @TempDir
    private Path folder;

    @Test
    void whatIsRevokedIsSeenByAnotherProcessAndAfterARestart() throws Exception {
        try (RevocationFile mine = RevocationFile.in(folder);
                RevocationFile others = RevocationFile.in(folder)) {
            long before = others.revisions().revision();
            mine.add(new Revocation.Enclave(ENCLAVE), TIME);
            mine.add(new Revocation.Product(SIGNER, 7, 3), TIME);

            assertThat(others.revisions().revision()).isEqualTo(before + 2);
            assertThat(others.read().entries())
                    .extracting(entry -> entry.revocation().toString())
                    .containsExactly("enclave " + ENCLAVE, "signer " + SIGNER + " product 7 below-svn 3");
        }
        try (RevocationFile again = RevocationFile.in(folder)) {
            assertThat(again.read().entries()).hasSize(2);
            again.remove(new Revocation.Enclave(ENCLAVE));
            assertThat(again.read().entries()).hasSize(1);
            assertThatThrownBy(() -> again.remove(new Revocation.Enclave(ENCLAVE)))
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining("is not revoked");
        }
        assertThat(Files.getPosixFilePermissions(folder.resolve("revocations")))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void aLookAtAnOlderListIsRefusedAsAReadIs() throws Exception {
        Path list = folder.resolve("revocations");
        try (RevocationFile file = RevocationFile.in(folder)) {
            file.add(new Revocation.Enclave(ENCLAVE), TIME);
            byte[] older = Files.readAllBytes(list);
            file.add(new Revocation.Signer(SIGNER), TIME);
            assertThat(RevocationFile.look(folder).entries()).hasSize(2);
            Files.write(list, older);
        }
        assertThatThrownBy(() -> RevocationFile.look(folder))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("an older file was put in its place");
        Files.delete(list);
        assertThatThrownBy(() -> RevocationFile.look(folder)).hasMessageContaining("or it was removed");
    }

    @Test
    void eachKindCoversWhatItNamesAndNothingElse() {
        Revocations all = Revocations.NONE
                .with(new Revocation.Enclave(ENCLAVE), 1, TIME)
                .with(new Revocation.Product(SIGNER, 7, 3), 2, TIME)
                .with(new Revocation.LaunchEnclaveSvn(2), 3, TIME)
                .with(new Revocation.LaunchEnclave(SIGNER), 4, TIME);

        assertThat(all.of(subject(ENCLAVE, "00".repeat(32), 0, 0))).isPresent();
        assertThat(all.of(subject("00".repeat(32), SIGNER, 7, 2))).isPresent();
        assertThat(all.of(subject("00".repeat(32), SIGNER, 7, 3))).isEmpty();
        assertThat(all.of(subject("00".repeat(32), SIGNER, 8, 2))).isEmpty();
        assertThat(all.of(subject(SIGNER, ENCLAVE, 7, 2))).isEmpty();
        assertThat(all.ofToken("00".repeat(32), 1)).isPresent();
        assertThat(all.ofToken("00".repeat(32), 2)).isEmpty();
        assertThat(all.ofToken(SIGNER, 2)).isPresent();
        assertThat(Revocations.NONE.with(new Revocation.Signer(SIGNER), 1, TIME).of(subject(ENCLAVE, SIGNER, 9, 9)))
                .isPresent();
    }

    @Test
    void anOlderFileIsRefusedUntilItIsAccepted() throws Exception {
        Path file = folder.resolve("revocations");
        try (RevocationFile open = RevocationFile.in(folder)) {
            open.add(new Revocation.Signer(SIGNER), TIME);
            byte[] backup = Files.readAllBytes(file);
            open.add(new Revocation.Enclave(ENCLAVE), TIME);

            Files.write(file, backup);
            assertThatThrownBy(open::read)
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining("is of revision 2, expected 3")
                    .hasMessageContaining("--accept-rollback");
            assertThatThrownBy(() -> open.add(new Revocation.LaunchEnclaveSvn(2), TIME))
                    .isInstanceOf(LaunchException.class);
            assertThatThrownBy(() -> RevocationFile.in(folder)).isInstanceOf(LaunchException.class);
            Files.delete(file);
            assertThatThrownBy(open::read).isInstanceOf(LaunchException.class);

            Files.write(file, backup);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            open.acceptRollback();
            assertThat(open.read().entries()).hasSize(1);
            assertThat(open.read().revision()).as("all look at it again").isEqualTo(4);
        }
    }

    @Test
    void everyChangedByteIsNoticed() throws Exception {
        byte[] content = Revocations.NONE
                .with(new Revocation.Product(SIGNER, 7, 3), 2, TIME)
                .format();
        assertThat(Revocations.parse("f", content).entries()).hasSize(1);
        for (int i = 0; i < content.length; i++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] changed = content.clone();
                changed[i] ^= (byte) (1 << bit);
                assertThatThrownBy(() -> Revocations.parse("f", changed))
                        .as("byte %d bit %d", i, bit)
                        .isInstanceOf(LaunchException.class)
                        .hasMessageStartingWith("f is damaged: ");
            }
        }
        for (int length = 0; length < content.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(content, length);
            assertThatThrownBy(() -> Revocations.parse("f", cut)).isInstanceOf(LaunchException.class);
        }
    }

    @Test
    void anyBytesAreAListOrADamagedFile() {
        Random random = new Random(5);
        for (int i = 0; i < 2000; i++) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            assertThatThrownBy(() -> Revocations.parse("f", noise)).isInstanceOf(LaunchException.class);
        }
    }

    @Test
    void whatIsWrittenOfARevocationIsReadAgain() {
        for (String text : new String[] {
            "enclave " + ENCLAVE,
            "signer " + SIGNER,
            "signer " + SIGNER + " product 0 below-svn 65535",
            "launch-enclave " + SIGNER,
            "launch-enclave below-svn 1"
        }) {
            assertThat(Revocation.parse(text)).hasToString(text);
        }
        for (String text : new String[] {
            "",
            "enclave",
            "enclave " + ENCLAVE.substring(1),
            "signer " + SIGNER + " product 70000 below-svn 1",
            "signer " + SIGNER + " product 1 below-svn 0",
            "signer " + SIGNER + " product 1 svn 2"
        }) {
            assertThatThrownBy(() -> Revocation.parse(text)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aFileThatAnotherProcessCouldNotFinishToTellOfIsStillInForce() throws Exception {
        try (RevocationFile open = RevocationFile.in(folder)) {
            open.add(new Revocation.Signer(SIGNER), TIME);
        }
        String text = Files.readString(folder.resolve("revocations"), StandardCharsets.UTF_8);
        assertThat(text).contains("revision 2\n");
        // The machine lost its power: the mapped counter was never written.
        Files.delete(folder.resolve("revision"));
        try (RevocationFile again = RevocationFile.in(folder)) {
            assertThat(again.revisions().revision()).isEqualTo(2);
            assertThat(again.read().entries()).hasSize(1);
        }
    }

    private static PolicySubject subject(String enclave, String signer, int product, int svn) {
        HexFormat hex = HexFormat.of();
        return new PolicySubject(
                hex.parseHex(enclave),
                hex.parseHex(signer),
                product,
                svn,
                new Attributes(4, 3),
                0,
                8192,
                "w",
                Instant.EPOCH);
    }
}
