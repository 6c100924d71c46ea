package jsgx.launch.audit;

import static jsgx.launch.audit.TestTrail.event;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditVerification.Intact;
import jsgx.launch.file.FileLayer;
import jsgx.launch.file.KillHarness;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two processes at a time record into one trail until they are killed. */
class AuditProcessTest {

    @TempDir
    Path folder;

    /** Records for ever. */
    static final class Recorder {
        private Recorder() {}

        public static void main(String[] args) throws LaunchException {
            AuditOptions options = AuditOptions.defaults()
                    .withCheckpoints(20, Duration.ofHours(1))
                    .withSegmentBytes(20_000);
            AuditLog log = AuditLog.open(Path.of(args[0]), options, InstantSource.system());
            for (int i = 0; ; i++) {
                String id = args[1] + ":" + i;
                log.record(event(id));
                KillHarness.acknowledge(id);
            }
        }
    }

    @Test
    void theChainIsOneAndWholeAndHasAllThatWasAcknowledged() throws Exception {
        Path audit = folder.resolve("state/audit");
        Random random = new Random(31);
        List<String> acknowledged = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            KillHarness.kill(
                            random,
                            Recorder.class,
                            List.of(List.of(audit.toString(), round + "a"), List.of(audit.toString(), round + "b")))
                    .forEach(acknowledged::addAll);
            AuditLog.open(audit, AuditOptions.defaults(), InstantSource.system())
                    .close();
            assertThat(AuditReader.verify(audit, AuditKey.readPublic(AuditKey.publicFile(audit)), List.of()))
                    .isInstanceOf(Intact.class);
            assertThat(TestTrail.ids(TestTrail.entries(FileLayer.REAL, audit)))
                    .doesNotHaveDuplicates()
                    .containsAll(acknowledged);
        }
        assertThat(acknowledged.stream().map(id -> id.substring(1, 2)).distinct())
                .containsExactlyInAnyOrder("a", "b");
    }
}
