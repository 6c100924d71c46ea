package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import jsgx.driver.SgxDriver;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.SecsHints;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A daemon that is stopped, and saved, while users launch. */
@Timeout(300)
class DaemonUnderLoadTest {

    private static final String LAUNCH = "launch enclave.sgxs --sigstruct enclave.sigstruct";

    /** 40 MiB that are measured: it takes a while. */
    private static EnclaveImage large() {
        int pages = 10_000;
        MemorySegment content = MemorySegment.ofArray(new byte[EnclavePage.SIZE]);
        content.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 0, (byte) 1);
        List<EnclavePage> all = new ArrayList<>();
        for (int i = 0; i < pages; i++) {
            all.add(new EnclavePage((long) i * EnclavePage.SIZE, EnclavePage.reg(3), EnclavePage.ALL, content));
        }
        return new EnclaveImage(EnclaveImage.Format.RAW, 1L << 26, 1, all, EnclaveImage.UNSIGNED, SecsHints.NONE);
    }

    @Test
    void aLaunchInFlightFinishesBeforeTheEndAndNoneBegins() throws Exception {
        try (Hosted hosted = Hosted.with("")) {
            Jsgx user = hosted.user();
            user.file("large.sgxs", Samples.sgxs(large()));
            assertThat(user.line("sign large.sgxs --key key.pem -o large.sigstruct")
                            .status())
                    .isZero();
            SgxDriver driver = hosted.daemon().host().context().running().driver();
            FutureTask<Jsgx.Run> launch =
                    new FutureTask<>(() -> user.line("launch large.sgxs --sigstruct large.sigstruct --json"));
            Thread.ofPlatform().daemon().start(launch);
            while (driver.freePages() > driver.totalPages() - 100) {
                assertThat(launch.isDone())
                        .as("a launch that is over is not in flight")
                        .isFalse();
                Thread.onSpinWait();
            }

            hosted.daemon().stop(Duration.ofMinutes(2));

            Jsgx.Run run = launch.get();
            assertThat(run.status()).as(run.out() + run.err()).isZero();
            assertThat(run.json()).containsEntry("verdict", "launched");
            assertThat(user.line(LAUNCH).status()).isEqualTo(ExitStatus.WRONG_USAGE);
            Jsgx own = user.with("JSGX_RUN", "none")
                    .with("JSGX_HOME", hosted.folder().resolve("state").toString());
            assertThat(own.line("audit verify").status()).isZero();
            assertThat(own.line("audit query --json --kind outcome").out().lines())
                    .singleElement()
                    .asString()
                    .contains("launched");
        }
    }

    @Test
    void aBackupInAStormOfLaunchesIsWholeEachTime() throws Exception {
        try (Hosted hosted = Hosted.with("")) {
            AtomicBoolean ended = new AtomicBoolean();
            CountDownLatch begun = new CountDownLatch(20);
            List<FutureTask<Integer>> storm = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                FutureTask<Integer> one = new FutureTask<>(() -> {
                    int launches = 0;
                    for (; !ended.get(); launches++) {
                        assertThat(hosted.user().line(LAUNCH).status()).isZero();
                        begun.countDown();
                    }
                    return launches;
                });
                storm.add(one);
                Thread.ofPlatform().daemon().start(one);
            }
            begun.await();
            Jsgx admin = hosted.user()
                    .with("JSGX_RUN", "none")
                    .with("JSGX_HOME", hosted.folder().resolve("state").toString());
            List<String> backups = List.of("one.backup", "two.backup", "three.backup");
            for (String backup : backups) {
                assertThat(admin.line("policy revoke --enclave " + "%064x".formatted(backups.indexOf(backup)))
                                .status())
                        .isZero();
                Jsgx.Run saved = admin.line("host backup " + backup);
                assertThat(saved.status()).as(saved.err()).isZero();
            }
            ended.set(true);
            for (FutureTask<Integer> one : storm) {
                assertThat(one.get()).isPositive();
            }
            for (String backup : backups) {
                Path state = hosted.folder().resolve("state-of-" + backup);
                Jsgx other = admin.with("JSGX_HOME", state.toString());
                Jsgx.Run restored = other.line("host restore " + backup);
                assertThat(restored.status()).as(restored.err()).isZero();
                Jsgx.Run verified = other.line("audit verify");
                assertThat(verified.status()).as(verified.out()).isZero();
                assertThat(other.line("audit query --json --kind outcome").out().lines())
                        .hasSizeGreaterThan(10);
                assertThat(other.line("policy revoke --list").out().lines().filter(line -> line.contains("enclave")))
                        .hasSize(backups.indexOf(backup) + 1);
                assertThat(Files.exists(state.resolve("tokens"))).isTrue();
            }
        }
    }
}
