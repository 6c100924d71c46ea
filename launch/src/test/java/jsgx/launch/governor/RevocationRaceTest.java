package jsgx.launch.governor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageMeasurement;
import jsgx.launch.LaunchOptions;
import jsgx.launch.LaunchResult;
import jsgx.launch.Launcher;
import jsgx.launch.TestEnclaves;
import jsgx.launch.TestPlatforms;
import jsgx.launch.audit.AuditEvent.Kind;
import jsgx.launch.audit.AuditTrail;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Launches against revocations: once a revocation has returned, EINIT of what it names succeeds no more, in no process. */
class RevocationRaceTest {

    private static final int ROUNDS = 60;

    private final EnclaveImage image = LaunchingProcess.image();
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);
    private final Revocation revocation =
            new Revocation.Enclave(ImageMeasurement.measure(image).mrEnclave());

    @TempDir
    private Path folder;

    @Test
    void noThreadInitialisesWhatIsRevoked() throws Exception {
        AtomicBoolean revoked = new AtomicBoolean();
        AtomicInteger launched = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        List<String> violations = new CopyOnWriteArrayList<>();
        AuditTrail watching = event -> {
            if (event.kind() == Kind.OUTCOME) {
                boolean success = event.verdict().equals("launched");
                (success ? launched : refused).incrementAndGet();
                if (success && revoked.get()) {
                    violations.add(event.toString());
                }
            }
        };
        GovernorOptions options = GovernorOptions.defaults().withAudit(watching).withPlacement(Placement.KERNEL);
        AtomicBoolean stop = new AtomicBoolean();
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options);
                ExecutorService executor = Executors.newFixedThreadPool(3)) {
            Revoker revoker = launcher.running().governor().revoker();
            List<Future<?>> launching = new ArrayList<>();
            for (InterfaceKind kind : InterfaceKind.values()) {
                launching.add(executor.submit(() -> {
                    while (!stop.get()) {
                        LaunchResult result = launcher.launch(image, sigstruct, LaunchOptions.through(kind));
                        assertThat(result.code()).isIn("SGX_SUCCESS", "POLICY_REVOKED");
                    }
                    return null;
                }));
            }
            for (int round = 0; round < ROUNDS; round++) {
                revoker.revoke(revocation);
                revoked.set(true);
                int before = refused.get();
                while (refused.get() == before && stillRunning(launching)) {
                    Thread.onSpinWait();
                }
                revoked.set(false);
                revoker.reinstate(revocation);
                before = launched.get();
                while (launched.get() == before && stillRunning(launching)) {
                    Thread.onSpinWait();
                }
            }
            stop.set(true);
            for (Future<?> each : launching) {
                each.get();
            }
        }
        assertThat(violations).isEmpty();
        assertThat(launched.get()).isGreaterThanOrEqualTo(ROUNDS);
        assertThat(refused.get()).isGreaterThanOrEqualTo(ROUNDS);
    }

    @Test
    void noOtherProcessInitialisesWhatIsRevoked() throws Exception {
        Process process = LaunchingProcess.start(folder, LaunchingProcess.FOR_EVER);
        try (RevocationFile revocations = RevocationFile.in(folder);
                BufferedReader told = new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
            Revoker revoker = new Revoker(revocations, AuditTrail.NONE, InstantSource.system(), Map.of());
            for (int round = 0; round < 20; round++) {
                await(told, "launched", 0);
                revoker.revoke(revocation);
                long from = System.nanoTime();
                await(told, "refused", from);
                revoker.reinstate(revocation);
            }
        } finally {
            process.toHandle().destroyForcibly();
            process.waitFor();
        }
    }

    @Test
    void aProcessThatIsKilledInFlightHoldsNoRevocationUp() throws Exception {
        Process process = LaunchingProcess.start(folder, LaunchingProcess.STUCK);
        try (RevocationFile revocations = RevocationFile.in(folder);
                BufferedReader told =
                        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
                ExecutorService executor = Executors.newSingleThreadExecutor()) {
            await(told, "launched", 0);
            assertThat(revocations.revisions().entries())
                    .singleElement()
                    .matches(entry -> !entry.running() && entry.pid() == process.pid());

            Revoker revoker = new Revoker(revocations, AuditTrail.NONE, InstantSource.system(), Map.of());
            Future<RevocationReport> revoking = executor.submit(() -> revoker.revoke(revocation));
            assertThatThrownBy(() -> revoking.get(200, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            process.toHandle().destroyForcibly();

            RevocationReport report = revoking.get(1, TimeUnit.MINUTES);
            assertThat(report.waitedFor())
                    .singleElement()
                    .matches(entry -> entry.pid() == process.pid()
                            && entry.mrEnclave().equals(((Revocation.Enclave) revocation).mrEnclave()));
            assertThat(revocations.revisions().entries()).isEmpty();
        } finally {
            process.toHandle().destroyForcibly();
            process.waitFor();
        }
    }

    /** Reads until this outcome is told; none that is told on the way may be a launch from this time on. */
    private static void await(BufferedReader told, String outcome, long noLaunchFrom) throws Exception {
        while (true) {
            String line = told.readLine();
            assertThat(line).as("the process ended by itself").isNotNull();
            String[] words = line.split(" ", -1);
            if (noLaunchFrom != 0 && words[0].equals("launched")) {
                assertThat(Long.parseLong(words[1]))
                        .as("launched after the revocation")
                        .isLessThan(noLaunchFrom);
            }
            if (words[0].equals(outcome)) {
                return;
            }
        }
    }

    private static boolean stillRunning(List<Future<?>> launching) {
        return launching.stream().noneMatch(Future::isDone);
    }
}
