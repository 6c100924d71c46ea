package jsgx.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.ProcessorPackage;
import jsgx.driver.DriverOptions;
import jsgx.driver.SgxDriver;
import jsgx.machine.event.EventSink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a run under a daemon is beyond one without: the other process may end, and it says no to what only the embedded way can do. */
@Timeout(60)
final class DaemonRunTest {

    @TempDir
    private Path folder;

    private interface Body {
        void with(TestDaemon daemon) throws Exception;
    }

    private static void daemon(Body body) throws Exception {
        try (SharedEpc epc = SharedEpc.allocate(List.of(1L << 20))) {
            Random random = new Random(5);
            ProcessorPackage cpu = new ProcessorPackage(
                    Fuses.burn(random), CpuFeatures.SGX2, CpuSvn.ZERO, new byte[16], epc.epc(), random);
            try (SgxDriver driver = new SgxDriver(cpu, DriverOptions.defaults().withSwapThread(false))) {
                body.with(new TestDaemon(driver, epc));
            }
        }
    }

    @Test
    void aProgramWhoseDaemonIsGoneIsEndedAndItIsSaidWhy() throws Exception {
        daemon(daemon -> {
            Path begun = folder.resolve("begun");
            Thread end = Thread.ofPlatform().start(() -> {
                while (!Files.exists(begun)) {
                    Thread.onSpinWait();
                }
                daemon.end();
            });
            List<String> command =
                    List.of("sh", "-c", "echo $$ > \"$0.part\"; mv \"$0.part\" \"$0\"; sleep 50", begun.toString());
            assertThatExceptionOfType(MachineException.class)
                    .isThrownBy(
                            () -> Machine.run(command, MachineOptions.defaults(), daemon, report -> {}, EventSink.NONE))
                    .withMessageStartingWith("the daemon is gone")
                    .satisfies(e -> assertThat(e.kind().exitStatus()).isEqualTo(125));
            end.join();
            assertThat(Path.of("/proc/" + Files.readString(begun).strip())).doesNotExist();
            assertThat(daemon.ended()).isEqualTo("the connection is closed");
        });
    }

    @Test
    void theFastWayIsNotForADaemon() throws Exception {
        daemon(daemon -> assertThatExceptionOfType(MachineException.class)
                .isThrownBy(() -> Machine.run(
                        List.of("true"),
                        MachineOptions.defaults().withSupervision(Supervision.FAST),
                        daemon,
                        report -> {},
                        EventSink.NONE))
                .withMessageContaining("under a daemon programs are traced"));
    }
}
