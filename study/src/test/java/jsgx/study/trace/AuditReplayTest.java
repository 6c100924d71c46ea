package jsgx.study.trace;

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
import jsgx.launch.audit.AuditReader;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.Revocation;
import jsgx.launch.le.LeProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Exports of audit trails that a real launcher wrote, and what somebody did to them. */
@Timeout(120)
class AuditReplayTest {

    private static final SigningKey KEY = SigningKey.generate(new SecureRandom());

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-03-04T12:00:00Z"));

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

    private static void refused(List<String> lines, String message) {
        assertThatThrownBy(() -> read(lines)).isInstanceOf(TraceException.class).hasMessageStartingWith(message);
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
