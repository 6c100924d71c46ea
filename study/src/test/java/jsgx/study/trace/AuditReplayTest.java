package jsgx.study.trace;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.ImageMeasurement;
import jsgx.image.SecsHints;
import jsgx.image.SigningKey;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;
import jsgx.launch.Governance;
import jsgx.launch.LaunchControl;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.Launcher;
import jsgx.launch.OwnerEpoch;
import jsgx.launch.Platform;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditLog;
import jsgx.launch.audit.AuditOptions;
import jsgx.launch.audit.AuditReader;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.Revocation;
import jsgx.launch.governor.Revoker;
import jsgx.launch.le.LeProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Exports of audit trails that a real launcher wrote, and what somebody did to them. */
@Timeout(120)
class AuditReplayTest {

    private static final SigningKey KEY = SigningKey.generate(new SecureRandom());

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-03-04T12:00:00Z"));

    private final AtomicInteger ids = new AtomicInteger();

    @TempDir
    private Path folder;

    /** Two workloads launch two enclaves, one of which is revoked and tried again; then the clock goes back. */
    private List<String> export() throws Exception {
        EnclaveImage one = image(1);
        EnclaveImage two = image(2);
        try (Governance governance = Governance.in(folder, now::get, Durability.EACH);
                Launcher launcher = Launcher.on(platform(), governance.options())) {
            assertThat(launch(launcher, one, "shop")).isTrue();
            now.set(now.get().plusMillis(250));
            assertThat(launch(launcher, two, "bank")).isTrue();
            now.set(now.get().plusSeconds(1));
            assertThat(launch(launcher, one, "bank")).isTrue();
            now.set(now.get().plusSeconds(1));
            governance
                    .revoker()
                    .revoke(new Revocation.Enclave(ImageMeasurement.measure(one).mrEnclave()));
            assertThat(launch(launcher, one, "bank")).isFalse();
            now.set(now.get().minusSeconds(60));
            assertThat(launch(launcher, two, "shop")).isTrue();
        }
        return exported();
    }

    private List<String> exported() throws Exception {
        List<String> lines = new ArrayList<>();
        try (AuditReader reader = AuditReader.open(folder.resolve("audit"))) {
            reader.read(entry -> lines.add(entry.json()));
        }
        return lines;
    }

    @Test
    void anExportIsATraceOfItsLaunches() throws Exception {
        Recorded recorded = read(export());

        Trace trace = recorded.trace();
        assertThat(trace.workloads()).containsExactly("shop", "bank");
        assertThat(trace.machines()).containsExactly("host");
        assertThat(trace.enclaves()).isEqualTo(2);
        assertThat(trace.identity(0).isEnclave(mrEnclave(image(1)))).isTrue();
        assertThat(trace.size()).isEqualTo(5);
        assertThat(events(trace))
                .containsExactly(
                        "0 launch 0 0",
                        "250000 launch 1 1",
                        "1250000 launch 1 0",
                        "2250000 revoke 0 0",
                        "2250001 launch 0 1");
        assertThat(recorded.notes())
                .anySatisfy(note -> assertThat(note).contains("follow from one another"))
                .anySatisfy(note -> assertThat(note).contains("jsgx audit verify --anchor"))
                .anySatisfy(note -> assertThat(note).contains("1 launches were refused before EINIT"))
                .anySatisfy(note -> assertThat(note).contains("records bear a time before"));
    }

    @Test
    void whatSomebodyChangedIsRefused() throws Exception {
        List<String> lines = export();
        List<String> changed = new ArrayList<>(lines);
        changed.set(1, lines.get(1).replace("shop", "shoq"));
        List<String> doubled = new ArrayList<>(lines);
        doubled.add(3, lines.get(3));
        List<String> swapped = new ArrayList<>(lines);
        swapped.set(2, lines.get(3));
        swapped.set(3, lines.get(2));
        List<String> missing = new ArrayList<>(lines);
        missing.remove(2);
        List<String> cut = new ArrayList<>(lines.subList(0, 4));
        cut.add(lines.get(4).substring(0, 100));

        refused(changed, "e.jsonl:2: expected the hash");
        refused(doubled, "e.jsonl:5: expected entry 5, found entry 4");
        refused(swapped, "e.jsonl:3: expected entry 3, found entry 4");
        refused(missing, "e.jsonl:3: expected entry 3, found entry 4");
        refused(cut, "e.jsonl:5: this is no entry of an audit trail");
        refused(lines.subList(1, lines.size()), "e.jsonl:1: expected a checkpoint");
        refused(lines.subList(0, 1), "e.jsonl: expected launches, found none");
    }

    @Test
    void aLaunchWithoutAnOutcomeIsALaunch() throws Exception {
        List<String> lines = export();

        Recorded recorded = read(lines.subList(0, 2));

        assertThat(events(recorded.trace())).containsExactly("0 launch 0 0");
        assertThat(recorded.notes())
                .anySatisfy(note -> assertThat(note).contains("1 launches have no outcome"))
                .anySatisfy(note -> assertThat(note).contains("no signature yet"));
    }

    @Test
    void whatIsReinstatedWasRevokedUntilThen() throws Exception {
        Revocation build = new Revocation.Enclave(hash(1));
        Recorded recorded = read(trail(
                intent(1, 0, 2),
                intent(2, 0, 2),
                act("revoke", build.toString()),
                act("revoke", build + " on host-2"),
                act("reinstate", build.toString()),
                intent(1, 0, 2),
                act("reinstate", build.toString()),
                act("revoke", build.toString())));

        assertThat(words(recorded))
                .containsExactly("launch 0", "launch 1", "revoke 0", "reinstate 0", "launch 0", "revoke 0");
        assertThat(recorded.notes()).noneMatch(note -> note.contains("taken as reinstated"));
    }

    @Test
    void whatTwoRevocationsCoverIsReinstatedWithTheSecond() throws Exception {
        Revocation build = new Revocation.Enclave(hash(1));
        Revocation signer = new Revocation.Signer(hash(100));
        Revocation product = new Revocation.Product(hash(100), 7, 3);

        Recorded recorded = read(trail(
                intent(1, 7, 2),
                intent(2, 7, 3),
                intent(3, 8, 2),
                act("revoke", build.toString()),
                act("revoke", product.toString()),
                act("revoke", signer.toString()),
                act("reinstate", signer.toString()),
                act("reinstate", build.toString()),
                act("reinstate", product.toString())));

        assertThat(words(recorded))
                .containsExactly(
                        "launch 0",
                        "launch 1",
                        "launch 2",
                        "revoke 0",
                        "revoke 1",
                        "revoke 2",
                        "reinstate 1",
                        "reinstate 2",
                        "reinstate 0");
    }

    @Test
    void aLaunchOfWhatIsRevokedShowsThatItNoLongerIs() throws Exception {
        Recorded recorded = read(trail(
                intent(1, 0, 2),
                act("revoke", new Revocation.Enclave(hash(1)).toString()),
                act("revoke", new Revocation.Signer(hash(100)).toString()),
                act("accept-rollback", "the list of revision 1 with 0 revocations"),
                intent(1, 0, 2)));

        assertThat(words(recorded)).containsExactly("launch 0", "revoke 0", "reinstate 0", "launch 0");
        assertThat(recorded.notes())
                .anySatisfy(note -> assertThat(note).startsWith("1 launches are of enclaves that were revoked before"));
    }

    @Test
    void revocationsCostNoMoreThanTheEnclavesThatTheyName() throws Exception {
        String other = new Revocation.Signer(hash(101)).toString();
        String signer = new Revocation.Signer(hash(100)).toString();
        List<String> lines = trail(
                intent(1, 0, 2),
                intent(2, 0, 2),
                act("revoke", other),
                act("revoke", signer),
                act("reinstate", signer),
                act("revoke", signer));

        assertThat(words(replay(lines, 6)))
                .containsExactly(
                        "launch 0",
                        "launch 1",
                        "revoke 0",
                        "revoke 1",
                        "reinstate 0",
                        "reinstate 1",
                        "revoke 0",
                        "revoke 1");
        assertThatThrownBy(() -> replay(lines, 5))
                .isInstanceOf(TraceException.class)
                .hasMessageStartingWith("e.jsonl:7: expected revocations that together concern at most 5 launched");
    }

    private static Recorded replay(List<String> lines, int mostRevoked) throws IOException, TraceException {
        byte[] bytes = String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
        Lines in = new Lines("e.jsonl", new ByteArrayInputStream(bytes));
        return new AuditReplay(in, "e.jsonl", mostRevoked).read(requireNonNull(in.text()));
    }

    /** The export of a trail with these records. */
    private List<String> trail(AuditEvent... events) throws Exception {
        try (AuditLog log = AuditLog.open(folder.resolve("audit"), AuditOptions.defaults(), now::get)) {
            for (AuditEvent event : events) {
                log.record(event);
            }
        }
        return exported();
    }

    private AuditEvent intent(int build, int product, int svn) {
        return new AuditEvent(
                Integer.toString(ids.incrementAndGet()),
                now.get(),
                AuditEvent.Kind.INTENT,
                "shop",
                hash(build),
                hash(100),
                "00000000000000040000000000000003",
                product,
                svn,
                "allow",
                "",
                1,
                "",
                "",
                "");
    }

    private AuditEvent act(String verdict, String what) {
        return Revoker.act(now::get, "uid:0", AuditEvent.Kind.REVOCATION, verdict, what, 1);
    }

    private static String hash(int number) {
        return "%064x".formatted(number);
    }

    private static List<String> words(Recorded recorded) {
        return events(recorded.trace()).stream()
                .map(event -> event.split(" "))
                .map(words -> words[1] + " " + words[3])
                .toList();
    }

    private static void refused(List<String> lines, String message) {
        assertThatThrownBy(() -> read(lines)).isInstanceOf(TraceException.class).hasMessageStartingWith(message);
    }

    @Test
    void theSameExportIsTheSameWorkloadWhereverItLies() throws Exception {
        byte[] export = String.join("\n", export()).getBytes(StandardCharsets.UTF_8);

        assertThat(Recorded.read("/home/ada/host.jsonl", new ByteArrayInputStream(export))
                        .trace()
                        .name())
                .isEqualTo("host.jsonl");
        assertThat(Recorded.read("host.jsonl", new ByteArrayInputStream(export))
                        .trace()
                        .name())
                .isEqualTo("host.jsonl");
    }

    private static Recorded read(List<String> lines) throws IOException, TraceException {
        byte[] bytes = String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
        return Recorded.read("e.jsonl", new ByteArrayInputStream(bytes));
    }

    private static List<String> events(Trace trace) {
        List<String> events = new ArrayList<>();
        for (int i = 0; i < trace.size(); i++) {
            events.add("%d %s %d %d".formatted(trace.micros(i), trace.event(i), trace.subject(i), trace.object(i)));
        }
        return events;
    }

    private static boolean launch(Launcher launcher, EnclaveImage image, String workload) throws Exception {
        Sigstruct sigstruct = SigstructSigner.sign(
                SigstructOptions.of(ImageMeasurement.measure(image).mrEnclave(), 0x20171219), KEY);
        return launcher.launch(
                        image,
                        sigstruct,
                        LaunchOptions.through(InterfaceKind.V5).forWorkload(new Workload(workload)))
                .launched();
    }

    private static byte[] mrEnclave(EnclaveImage image) {
        return HexFormat.of().parseHex(ImageMeasurement.measure(image).mrEnclave());
    }

    private static EnclaveImage image(int seed) {
        return new EnclaveImage(
                EnclaveImage.Format.SGXS,
                4096L * (1L << seed),
                1,
                List.of(new EnclavePage(0, EnclavePage.reg(3), EnclavePage.ALL, EnclavePage.ZEROES)),
                EnclaveImage.UNSIGNED,
                SecsHints.NONE);
    }

    private static Platform platform() throws LaunchException {
        Random random = new Random(7);
        return new Platform(
                CpuFeatures.SGX2,
                Fuses.burn(random),
                CpuSvn.parse("020602ff010100000000000000000000"),
                new OwnerEpoch(new byte[OwnerEpoch.SIZE]),
                LaunchControl.unlocked(KEY.mrSigner()),
                List.of(4L << 20),
                KEY,
                LeProfile.V5);
    }
}
