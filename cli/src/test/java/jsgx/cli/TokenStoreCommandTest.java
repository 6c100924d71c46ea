package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of {@code jsgx token} that keep tokens; the clock stands at the last second of 2017-12-19. */
class TokenStoreCommandTest {

    private static final String GET = " enclave.sgxs --sigstruct enclave.sigstruct --json";
    private static final String VERIFY = " --enclave enclave.sgxs --sigstruct enclave.sigstruct";

    @TempDir
    private Path folder;

    private Jsgx jsgx = new Jsgx(Path.of(""));

    @BeforeEach
    void samples() {
        jsgx = Samples.signedIn(folder);
    }

    @Test
    void aTokenIsIssuedOnceAndThenComesFromTheStore() throws Exception {
        Map<String, Object> first =
                jsgx.line("token get app" + GET + " --life 30d").json();
        Map<String, Object> second =
                jsgx.line("token get app -o app.token" + GET).json();

        assertThat(first)
                .containsEntry("source", "launch-enclave")
                .containsEntry("kept", true)
                .containsEntry("reissueReason", "")
                .containsEntry("expiresAt", "2018-01-18T23:59:59Z")
                .containsEntry("mrsigner", Samples.signer().mrSigner());
        assertThat(second).containsEntry("source", "store").containsEntry("token", first.get("token"));
        assertThat(Files.size(folder.resolve("app.token"))).isEqualTo(304);
        assertThat(jsgx.line("token verify app.token" + VERIFY).status()).isZero();
    }

    @Test
    void theStoreIsItsOwnersAlone() throws Exception {
        Path store = folder.resolve("home/.local/state/jsgx/tokens");

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(store)))
                .isEqualTo("rw-------");
    }

    @Test
    void anotherEnclaveUnderTheLabelGetsAFreshTokenAndTheReason() {
        jsgx.line("sign flipped.sgxs --key key.pem -o flipped.sigstruct");
        String flipped = "token get loader flipped.sgxs --sigstruct flipped.sigstruct --json";

        assertThat(jsgx.line(flipped + " --trust-store").json()).as("unchecked").containsEntry("source", "store");
        assertThat(jsgx.line(flipped).json())
                .containsEntry("source", "launch-enclave")
                .hasEntrySatisfying(
                        "reissueReason",
                        reason -> assertThat(String.valueOf(reason))
                                .startsWith("re-issued: the store's token is for MRENCLAVE "));
    }

    @Test
    void aTokenExpiresAndIsIssuedAnew() {
        assertThat(jsgx.line("token expire loader --json").json()).containsEntry("expired", true);
        assertThat(jsgx.line("token list").out()).contains("expired 2017-12-19T23:59:59Z");

        assertThat(jsgx.line("token get loader" + GET).json())
                .containsEntry("source", "launch-enclave")
                .containsEntry("reissueReason", "re-issued: the store's token expired at 2017-12-19T23:59:59Z");
        assertThat(jsgx.line("token expire loader --at 2027-01-31T12:00:00Z --json")
                        .json())
                .containsEntry("expiresAt", "2027-01-31T12:00:00Z")
                .containsEntry("expired", false);
        assertThat(jsgx.line("token expire loader --in 2h --json").json())
                .containsEntry("expiresAt", "2017-12-20T01:59:59Z");
        assertThat(jsgx.line("token expire loader --in never --json").json()).containsEntry("expiresAt", null);
    }

    @Test
    void aBudgetEvictsAllButPinnedTokens() {
        jsgx.line("token get app" + GET);
        assertThat(jsgx.line("token pin loader --json").json()).containsEntry("pinned", true);

        Map<String, Object> budget = jsgx.line("token budget 600 --json").json();

        assertThat(budget).containsEntry("budget", 600L).containsEntry("evicted", List.of("app"));
        assertThat(Jsgx.values(jsgx.line("token list --json").json().get("tokens"), "label"))
                .containsExactly("loader");
        assertThat(jsgx.line("token get app" + GET).json())
                .as("it is given, and there is no room to keep it")
                .containsEntry("source", "launch-enclave")
                .containsEntry("kept", false);
        assertThat(jsgx.line("launch enclave.sgxs --sigstruct enclave.sigstruct --placement user --label app")
                        .out())
                .contains("launch enclave; not kept: no room for a token")
                .contains("launched");
        jsgx.line("token pin loader --off");
        assertThat(jsgx.line("token get app" + GET).json()).containsEntry("kept", true);
        assertThat(jsgx.line("token budget").out()).contains("of 600 bytes are taken");
    }

    @Test
    void discardedTokensAreGoneAllOrNone() {
        assertThat(jsgx.line("token discard loader nobody").status()).isEqualTo(2);
        assertThat(jsgx.line("token discard loader").status()).isZero();
        assertThat(jsgx.line("token list").out()).startsWith("0 tokens, 0 bytes of 64.0 MiB, in ");
    }

    @Test
    void theSdksFileGoesInAndOut() throws Exception {
        byte[] token = Files.readAllBytes(folder.resolve("enclave.token"));
        jsgx.file("enclave.sdk", Arrays.copyOf(token, 1024));

        assertThat(jsgx.line("token import sdk enclave.sdk --json").json())
                .containsEntry("mrsigner", Samples.signer().mrSigner())
                .containsEntry("platform", "0".repeat(32));
        assertThat(jsgx.line("token export sdk -o out.sdk --sdk").status()).isZero();
        assertThat(jsgx.line("token export sdk -o out.token").status()).isZero();

        assertThat(folder.resolve("out.sdk")).hasBinaryContent(Arrays.copyOf(token, 1024));
        assertThat(folder.resolve("out.token")).hasBinaryContent(token);
        assertThat(jsgx.line("token get sdk" + GET).json()).containsEntry("source", "store");
    }

    @Test
    void aForeignTokenIsGivenForEinitToRefuse() {
        jsgx.line("token get loader -o before.token" + GET);
        jsgx.line("platform set --owner-epoch new");

        assertThat(jsgx.line("token get loader -o after.token" + GET).json()).containsEntry("source", "store");
        assertThat(jsgx.line("token verify after.token" + VERIFY).out()).contains("SGX_INVALID_EINITTOKEN (16)");
    }

    @Test
    void aLaunchEnclaveThatRefusesIsAnAnswer() {
        jsgx.line("platform set --le-profile intel");

        Jsgx.Run run = jsgx.line("token get refused" + GET);

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.json())
                .containsEntry("source", "none")
                .hasEntrySatisfying(
                        "explain", text -> assertThat(String.valueOf(text)).contains("refuses"));
    }

    @Test
    void anEnclaveOfTheLaunchEnclavesOwnKeyNeedsNone() {
        jsgx.line("platform set --le-key key.pem");

        assertThat(jsgx.line("token get own" + GET).json())
                .containsEntry("source", "none")
                .containsEntry("kept", false)
                .containsEntry("token", "");
    }

    @Test
    void aLabelCannotSendCommandsToTheTerminal() {
        String label = "\u001b[2Jx\ny";

        assertThat(jsgx.run("token", "import", label, "enclave.token").out()).startsWith("?[2Jx?y  kept");
        assertThat(jsgx.line("token list").out()).contains("?[2Jx?y").doesNotContain("\u001b");
        assertThat(Jsgx.values(jsgx.line("token list --json").json().get("tokens"), "label"))
                .contains(label);
        assertThat(jsgx.run("token", "discard", label).out()).isEqualTo("discarded  ?[2Jx?y\n");
        assertThat(jsgx.run("token", "pin", label).err()).doesNotContain("\u001b");
    }

    @Test
    void aDamagedStoreGivesNothingAndSaysWhatToDo() throws Exception {
        jsgx.line("token get app" + GET);
        Path store = folder.resolve("home/.local/state/jsgx/tokens");
        byte[] bytes = Files.readAllBytes(store);
        bytes[100] ^= 1;
        Files.write(store, bytes);

        Jsgx.Run run = jsgx.line("token get app" + GET);

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("damaged at offset 24").contains("move the file away");
        assertThat(store).as("as it was").hasBinaryContent(bytes);
    }

    @Test
    void aDamagedStoreLaunchesNothingAndKeepsNobodyFromRevoking() throws Exception {
        jsgx.line("token get app" + GET);
        Path store = folder.resolve("home/.local/state/jsgx/tokens");
        byte[] bytes = Files.readAllBytes(store);
        bytes[100] ^= 1;
        Files.write(store, bytes);
        String launch = "launch enclave.sgxs --sigstruct enclave.sigstruct";

        assertThat(jsgx.line(launch + " --placement user").err()).contains("damaged at offset 24");
        assertThat(jsgx.line(launch).status()).as("none needs no store").isZero();
        Jsgx.Run revoked =
                jsgx.line("policy revoke --signer " + Samples.signer().mrSigner());

        assertThat(revoked.err()).contains("is revoked, but").contains("damaged at offset 24");
        assertThat(jsgx.line(launch + " --json").json()).containsEntry("code", "POLICY_REVOKED");
    }
}
