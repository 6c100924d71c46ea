package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import jsgx.arch.struct.Sigstruct;
import jsgx.cli.demo.DemoEnclave;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.host.Daemon;
import jsgx.host.config.HostOptions;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageMeasurement;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;
import jsgx.launch.LaunchOptions;
import jsgx.launch.LaunchResult;
import jsgx.launch.Launcher;
import jsgx.launch.governor.Workloads;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commands of an administrator against a daemon. */
@Timeout(300)
class HostCommandTest {

    private Path folder;
    private Daemon daemon;
    private Jsgx jsgx;

    @BeforeEach
    void start() throws Exception {
        // A socket's name has at most 107 bytes.
        folder = Files.createTempDirectory("jh");
        HostOptions options = HostOptions.at(folder.resolve("state"), folder.resolve("run"), false);
        daemon = Daemon.start(options.withConsole(null), InstantSource.system());
        jsgx = new Jsgx(folder).with("JSGX_RUN", folder.resolve("run").toString());
    }

    @AfterEach
    void stop() throws Exception {
        daemon.stop(Duration.ofSeconds(2));
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private LaunchResult launch(String workload) throws Exception {
        EnclaveImage image = DemoEnclave.image();
        Sigstruct sigstruct = SigstructSigner.sign(
                SigstructOptions.of(ImageMeasurement.measure(image).mrEnclave(), 0x20260101), Samples.signer());
        try (Launcher launcher = Launcher.on(
                daemon.host().context().running(),
                daemon.host().context().governance().options())) {
            return launcher.launch(
                    image,
                    sigstruct,
                    LaunchOptions.through(InterfaceKind.MAINLINE).forWorkload(new Workload(workload)));
        }
    }

    private String out(String line) {
        Jsgx.Run run = jsgx.line(line);
        assertThat(run.status()).as("%s: %s", line, run.err()).isZero();
        return run.out();
    }

    @Test
    void statusSaysWhatRuns() {
        assertThat(out("host status"))
                .startsWith("ready  jsgx ")
                .contains("policy")
                .contains("none: everything may launch");
        assertThat(jsgx.line("host status --json").json())
                .containsEntry("ready", true)
                .containsKeys("platform", "epc", "services", "policy");
    }

    @Test
    void theCacheIsShownAndChanged() {
        assertThat(out("host cache --max-bytes 1MiB --scheme lru"))
                .contains("lru")
                .contains("1.0 MiB");
        assertThat(out("host cache --workload uid:7 --floor 64KiB --ceiling 128KiB"))
                .containsPattern("uid:7 +0 bytes +64.0 KiB +128.0 KiB +operator");
        assertThat(out("host cache --workload uid:7 --reset")).doesNotContain("operator");
        assertThat(jsgx.line("host cache --flush --json").json()).containsEntry("dropped", 0L);
        Jsgx.Run refused = jsgx.line("host cache --workload uid:7 --floor 2MiB");
        assertThat(refused.status()).isEqualTo(2);
        assertThat(refused.err()).contains("lower a floor or raise the bound");
        assertThat(jsgx.line("host cache --floor 1KiB").status()).isEqualTo(2);
    }

    @Test
    void launchesAreShownWithTheirReasons() throws Exception {
        jsgx.file("policy.yaml", "version: 1\ndefault: deny\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(launch("uid:7").launched()).isTrue();
        assertThat(out("policy reload policy.yaml")).startsWith("in force  policy.yaml  0 rules");
        assertThat(launch("uid:8").launched()).isFalse();

        assertThat(out("host launches --explain"))
                .containsPattern("launched .*for uid:7")
                .containsPattern("refused .*for uid:8 .*POLICY_DENIED")
                .contains("which check")
                .contains("what to do");
        assertThat(out("host launches -n 1 --json").lines())
                .singleElement()
                .asString()
                .contains("\"uid:8\"");
        assertThat(out("host metrics"))
                .contains("jsgx_launches_total{code=\"POLICY_DENIED\",interface=\"mainline\",verdict=\"refused\"} 1.0");
        assertThat(out("host enclaves")).isNotEmpty();
    }

    @Test
    void policyAuditAndTokenCommandsActOnTheDaemon() throws Exception {
        jsgx.file("policy.yaml", "version: 1\ndefault: allow\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(jsgx.line("policy reload policy.yaml --json").json())
                .containsEntry("inForce", true)
                .containsEntry("rules", 0L);
        assertThat(Files.readString(folder.resolve("state/policy.yaml"))).startsWith("version: 1");
        jsgx.file("wrong.yaml", "version: 2\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        Jsgx.Run wrong = jsgx.line("policy reload wrong.yaml");
        assertThat(wrong.status()).isEqualTo(1);
        assertThat(wrong.out()).startsWith("not valid");
        assertThat(out("policy explain --workload uid:9")).startsWith("allow  rule \"default\"");

        String hash = "ab".repeat(32);
        assertThat(out("policy revoke --enclave " + hash)).startsWith("revoked  enclave abababab…ababab");
        assertThat(out("policy revoke --list")).contains("abababab…ababab");
        assertThat(out("policy revoke --enclave " + hash + " --undo")).startsWith("no longer revoked");
        assertThat(jsgx.line("policy revoke --enclave " + hash + " --undo").status())
                .isEqualTo(1);

        String who = Workloads.ofThisProcess().name();
        assertThat(out("audit tail -n 2").lines())
                .hasSize(2)
                .last()
                .asString()
                .contains("reinstate")
                .contains(who);
        assertThat(out("audit query --kind revocation --json").lines())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).contains("\"workload\":\"" + who + "\""));
        assertThat(jsgx.line("audit query --code NONE").status()).isEqualTo(1);
        assertThat(out("audit verify")).startsWith("valid");
        assertThat(jsgx.line("token list --json").json()).containsEntry("tokens", List.of());
        Jsgx.Run unknown = jsgx.line("token pin my/loader");
        assertThat(unknown.status()).isEqualTo(2);
        assertThat(unknown.err()).contains("no token with the label \"my/loader\"");
    }

    @Test
    void whereNoDaemonAnswersThatIsSaid() {
        Jsgx other = new Jsgx(folder).with("JSGX_RUN", folder.resolve("nowhere").toString());
        for (String line : List.of("host status", "policy revoke --list", "audit tail", "token list")) {
            Jsgx.Run run = other.line(line);
            assertThat(run.status()).as(line).isEqualTo(2);
            assertThat(run.err()).as(line).contains("no daemon answers");
        }
        assertThat(new Jsgx(folder).line("host status").err()).contains("no daemon");
    }
}
