package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.image.SigningKey;
import jsgx.launch.LaunchControl;
import jsgx.launch.LaunchException;
import jsgx.launch.OwnerEpoch;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Placement, policy, revocation and audit as a user of {@code jsgx launch} meets them. */
class LaunchControlCommandTest {

    private static final String LAUNCH = "launch enclave.sgxs --sigstruct enclave.sigstruct --json ";

    private static final class Keys {
        static final SigningKey ROTATED = SigningKey.generate(new SecureRandom());
    }

    @TempDir
    private Path folder;

    private Jsgx jsgx;

    @BeforeEach
    void samples() {
        jsgx = Samples.signedIn(folder);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"--placement user", "--placement both", "--placement user --interface mainline --token-extension"
            })
    void theTokenOfOneLaunchServesTheNextProcess(String options) {
        Map<String, Object> first = launched(options);
        Map<String, Object> second = launched(options);

        assertThat(source(first)).isEqualTo("launch-enclave");
        assertThat(source(second)).isEqualTo("store");
        assertThat(second).containsEntry("staleCode", 0L).containsEntry("reissueReason", "");
        assertThat(jsgx.line("token list --json").out()).contains("\"label\": \"enclave.sgxs\"");
    }

    @Test
    void theInterfaceWithPlacementUserIsIsgx() {
        assertThat(launched("--placement user")).containsEntry("interface", "isgx");
        assertThat(launched("--placement kernel")).containsEntry("interface", "v5");
        assertThat(launched("")).containsEntry("interface", "v5").containsEntry("placement", "none");
    }

    @Test
    void onAnotherPlatformTheTokenIsReissued() throws Exception {
        reissued(platform -> platform.withFuses(Fuses.burn(new Random(1))), 16, "made on platform");
    }

    @Test
    void afterANewOwnerEpochTheTokenIsReissued() throws Exception {
        reissued(platform -> platform.withOwnerEpoch(new OwnerEpoch(new byte[16])), 16, "owner epoch");
    }

    @Test
    void afterARotationOfTheLaunchEnclavesKeyTheTokenIsReissued() throws Exception {
        reissued(platform -> platform.withLeKey(Keys.ROTATED), 16, "the launch enclave was rotated");
    }

    @Test
    void afterAMicrocodeDowngradeTheTokenIsReissued() throws Exception {
        reissued(
                platform -> platform.withCpuSvn(CpuSvn.parse("010602ff010100000000000000000000")),
                32,
                "newer microcode than this processor runs");
    }

    @Test
    void aChangedEnclaveGetsATokenOfItsOwn() throws Exception {
        launched("--placement user");
        jsgx.line("sign flipped.sgxs --key key.pem -o flipped.sigstruct");
        String changed =
                "launch flipped.sgxs --sigstruct flipped.sigstruct --json --placement user --label enclave.sgxs ";

        Map<String, Object> trusted = jsgx.line(changed + "--trust-store").json();
        assertThat(trusted).containsEntry("verdict", "launched").containsEntry("staleCode", 4L);
        assertThat(source(trusted)).isEqualTo("launch-enclave");
        assertThat(trusted.get("reissueReason")).asString().contains("MRENCLAVE");

        Map<String, Object> checked = launched("--placement user");
        assertThat(checked).containsEntry("staleCode", 0L);
        assertThat(checked.get("reissueReason")).asString().contains("the store's token is for MRENCLAVE");
    }

    @Test
    void changedAttributesGetATokenOfTheirOwn() {
        launched("--placement user");

        Map<String, Object> debug = launched("--placement user --attributes 0x6 --trust-store");
        assertThat(debug).containsEntry("staleCode", 2L);
        assertThat(debug.get("reissueReason")).asString().contains("ATTRIBUTES");
        assertThat(Jsgx.values(debug.get("timeline"), "step"))
                .containsExactly("ECREATE", "EADD", "token", "EINIT", "token", "EINIT");

        Map<String, Object> back = launched("--placement user");
        assertThat(back).containsEntry("staleCode", 0L);
        assertThat(back.get("reissueReason")).asString().contains("the store's token is for ATTRIBUTES");
    }

    @Test
    void aRevocationRefusesInSpiteOfAnyToken() throws Exception {
        launched("--placement user");
        String signer = Samples.signer().mrSigner();

        Jsgx.Run revoke = jsgx.line("policy revoke --json --signer " + signer);
        assertThat(revoke.status()).as(revoke.err()).isZero();
        assertThat(revoke.json()).containsEntry("revoked", "signer " + signer).containsEntry("waitedFor", List.of());
        assertThat(Jsgx.value(revoke.json().get("purged"), "store"))
                .as("loader's and enclave.sgxs's")
                .isEqualTo(2L);

        for (String options :
                List.of("", "--placement user", "--interface mainline", "--interface isgx --token enclave.token")) {
            Jsgx.Run refused = jsgx.line((LAUNCH + options).strip());
            assertThat(refused.status()).isEqualTo(1);
            assertThat(refused.json())
                    .as(options)
                    .containsEntry("verdict", "refused")
                    .containsEntry("stage", "policy")
                    .containsEntry("code", "POLICY_REVOKED")
                    .containsEntry("ioctlResult", -13L);
        }
        assertThat(jsgx.line("policy revoke --list").out()).contains("signer");
        assertThat(jsgx.line("policy revoke --undo --signer " + signer).status())
                .isZero();
        assertThat(jsgx.line("policy revoke --undo --signer " + signer).status())
                .isEqualTo(1);
        launched("--interface isgx --token enclave.token");
    }

    @Test
    void anOptionThatWouldHaveNoEffectIsWrong() {
        for (String option : List.of("--label app", "--trust-store")) {
            Jsgx.Run wrong = jsgx.line(LAUNCH + "--placement kernel " + option);
            assertThat(wrong.status()).isEqualTo(2);
            assertThat(wrong.err()).contains("goes with --placement user or both");
        }
        assertThat(jsgx.line("policy revoke --list --undo").status()).isEqualTo(2);
    }

    @Test
    void anOlderListOfRevocationsIsRefusedUntilItIsAccepted() throws Exception {
        Path list = state().resolve("revocations");
        jsgx.line("policy revoke --le-below-svn 1");
        byte[] backup = Files.readAllBytes(list);
        jsgx.line("policy revoke --signer " + Samples.signer().mrSigner());
        Files.write(list, backup);

        unavailable("", "--accept-rollback");
        Jsgx.Run look = jsgx.line("policy revoke --list");
        assertThat(look.status()).isNotZero();
        assertThat(look.err()).contains("an older file was put in its place");
        assertThat(jsgx.line("policy revoke --accept-rollback --list").status()).isZero();
        launched("");
    }

    @Test
    void whatCannotBeReadOrRecordedRefusesWithAReason() throws Exception {
        launched("--placement user");
        for (String name : List.of("revocations", "revision")) {
            Path file = state().resolve(name);
            byte[] before = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
            privately(file, "not what it should be");
            unavailable("--placement user", name);
            if (before.length == 0) {
                Files.delete(file);
            } else {
                Files.write(file, before);
            }
        }
        Files.writeString(state().resolve("policy.yaml"), "rules: [");
        unavailable("", "policy.yaml");
        Files.delete(state().resolve("policy.yaml"));
        launched("");
        Files.move(state().resolve("audit"), state().resolve("elsewhere"));
        Files.writeString(state().resolve("audit"), "in the way");
        unavailable("", "audit");
    }

    @Test
    void aStaleTokenCostsNoMoreLaunchesThanAFreshOne() throws Exception {
        jsgx.file("slow.yaml", """
                version: 1
                default: allow
                rules: []
                quotas:
                  default: {launchesPerSecond: 0.001}
                """.getBytes(StandardCharsets.UTF_8));
        launched("--placement user");
        PlatformFile.of(jsgx.environment()).update(platform -> platform.withFuses(Fuses.burn(new Random(1))));

        assertThat(launched("--placement user --policy slow.yaml")).containsEntry("staleCode", 16L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"damaged", "missing", "older"})
    void aPolicyOfTheUsersDoesNotReplaceTheRevocations(String how) throws Exception {
        jsgx.file("allow.yaml", "version: 1\ndefault: allow\nrules: []\n".getBytes(StandardCharsets.UTF_8));
        assertThat(jsgx.line("policy revoke --enclave " + "11".repeat(32)).status())
                .isZero();
        Path list = PlatformFile.of(jsgx.environment()).path().resolveSibling("revocations");
        byte[] older = Files.readAllBytes(list);
        assertThat(jsgx.line("policy revoke --enclave " + "22".repeat(32)).status())
                .isZero();
        switch (how) {
            case "damaged" -> Files.writeString(list, "garbage");
            case "missing" -> Files.delete(list);
            default -> Files.write(list, older);
        }

        Jsgx.Run run = jsgx.line(LAUNCH + "--policy allow.yaml");

        assertThat(run.status()).as(run.err()).isEqualTo(1);
        assertThat(run.json()).containsEntry("code", "POLICY_UNAVAILABLE");
    }

    @Test
    void aTrailWhoseKeyIsGoneGetsNoOther() throws Exception {
        launched("");
        Path audit = PlatformFile.of(jsgx.environment()).path().resolveSibling("audit");
        String shared = Files.readString(audit.resolve("key.pub"));
        Files.delete(audit.resolve("key"));

        assertThat(jsgx.line(LAUNCH.strip()).json()).containsEntry("code", "POLICY_UNAVAILABLE");
        assertThat(audit.resolve("key.pub")).hasContent(shared);
        assertThat(audit.resolve("key")).doesNotExist();
    }

    @Test
    void aLabelThatIsNoneIsWrongUsage() {
        assertThat(jsgx.line(LAUNCH + "--placement user --label " + "a".repeat(300))
                        .status())
                .isEqualTo(2);
    }

    @Test
    void aPolicyOfTheUsersDoesNotReplaceOneWhoseKeyIsPinned() throws Exception {
        jsgx.file("deny.yaml", "version: 1\ndefault: deny\nrules: []\n".getBytes(StandardCharsets.UTF_8));
        launched("");
        Path key = PlatformFile.of(jsgx.environment()).path().resolveSibling("policy.pub");
        Files.writeString(key, "not even a key");

        Jsgx.Run run = jsgx.line(LAUNCH + "--policy deny.yaml");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("pinned").contains("policy.pub").contains("--dry-run");
    }

    @Test
    void aDryRunSaysWhatPolicySaysAndLeavesNoTrace() throws Exception {
        jsgx.file("deny.yaml", """
                version: 1
                default: deny
                rules: []
                """.getBytes(StandardCharsets.UTF_8));
        List<String> before = Samples.filesIn(folder);

        Jsgx.Run allowed = jsgx.line(LAUNCH + "--dry-run");
        assertThat(allowed.status()).as(allowed.err()).isZero();
        assertThat(allowed.json()).containsEntry("verdict", "allow").containsEntry("dryRun", true);

        Jsgx.Run denied = jsgx.line(LAUNCH + "--dry-run --policy deny.yaml");
        assertThat(denied.status()).as(denied.err()).isEqualTo(1);
        assertThat(denied.json()).containsEntry("code", "POLICY_DENIED");
        assertThat(Samples.filesIn(folder)).isEqualTo(before);

        Jsgx.Run real = jsgx.line(LAUNCH + "--policy deny.yaml --workload web");
        assertThat(real.status()).isEqualTo(1);
        assertThat(real.json())
                .containsEntry("code", "POLICY_DENIED")
                .containsEntry("workload", "web")
                .containsEntry("stage", "policy");
        assertThat(Jsgx.values(real.json().get("timeline"), "step")).containsExactly("ECREATE", "EADD", "policy");
    }

    @Test
    void theDoctorSaysWhatLockedHashMsrsLeaveOver() throws Exception {
        assertThat(jsgx.line("doctor").out()).contains("the platform's hash MSRs can be written");

        PlatformFile.of(jsgx.environment())
                .update(platform -> platform.withLaunchControl(LaunchControl.lockedTo("ab".repeat(32))));
        assertThat(jsgx.line("doctor").out())
                .contains("locked to another owner")
                .contains("mainline has no device, and v5 does not start");
    }

    private void reissued(UnaryOperator<Platform> change, long code, String reason) throws Exception {
        launched("--placement user");
        PlatformFile.of(jsgx.environment()).update(change);

        Map<String, Object> json = launched("--placement user");

        assertThat(source(json)).isEqualTo("launch-enclave");
        assertThat(json).containsEntry("staleCode", code);
        assertThat(json.get("reissueReason")).asString().startsWith("re-issued").contains(reason);
        assertThat(Jsgx.values(json.get("timeline"), "step"))
                .containsExactly("ECREATE", "EADD", "token", "EINIT", "token", "EINIT");
        assertThat(Jsgx.values(json.get("timeline"), "note").get(4)).asString().contains(reason);
        assertThat(source(launched("--placement user"))).as("kept").isEqualTo("store");
    }

    private void unavailable(String options, String reason) {
        Jsgx.Run run = jsgx.line((LAUNCH + options).strip());

        assertThat(run.status()).as(run.err()).isEqualTo(1);
        assertThat(run.json()).containsEntry("code", "POLICY_UNAVAILABLE").containsEntry("stage", "policy");
        assertThat(String.valueOf(run.json().get("explain"))).contains(reason);
    }

    private Map<String, Object> launched(String options) {
        Jsgx.Run run = jsgx.line((LAUNCH + options).strip());

        assertThat(run.status()).as("%s%s", run.out(), run.err()).isZero();
        return run.json();
    }

    private Path state() throws LaunchException {
        return java.util.Objects.requireNonNull(
                PlatformFile.of(jsgx.environment()).path().getParent());
    }

    private static Object source(Map<String, Object> json) {
        return java.util.Objects.requireNonNull(Jsgx.value(json.get("token"), "source"));
    }

    private static void privately(Path file, String content) throws IOException {
        Files.writeString(file, content);
        Files.setPosixFilePermissions(file, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
    }
}
