package jsgx.launch.audit;

import static jsgx.launch.audit.TestTrail.event;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditVerification.Intact;
import jsgx.launch.file.CrashFiles;
import jsgx.launch.file.CrashStates;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a crash leaves of a trail: it goes on, it verifies, and what was acknowledged is there. */
class AuditCrashTest {

    private static final int RECORDS = 100;

    private final Random random = new Random(37);

    private List<String> recovered(CrashFiles after) throws LaunchException {
        TestTrail trail = new TestTrail(after);
        trail.options = trail.options.withCheckpoints(1000, Duration.ofHours(1)).withSegmentBytes(16_000);
        trail.fill(1);
        // Signatures take far longer than all the rest.
        if (random.nextInt(8) == 0) {
            assertThat(trail.verify()).isInstanceOf(Intact.class);
        }
        List<String> ids = trail.ids();
        assertThat(ids.getLast()).isEqualTo("launch-1");
        return ids.subList(0, ids.size() - 1);
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void nothingAcknowledgedIsLost(Durability durability) throws Exception {
        TestTrail trail = new TestTrail();
        trail.options = trail.options
                .withDurability(durability)
                .withCheckpoints(1000, Duration.ofHours(1))
                .withSegmentBytes(16_000);
        List<String> written =
                IntStream.range(0, RECORDS).mapToObj(i -> "record-" + i).toList();
        List<String> later = new ArrayList<>(written.subList(RECORDS / 2, RECORDS));
        try (AuditLog log = trail.open()) {
            for (String id : written.subList(0, RECORDS / 2)) {
                log.record(event(id));
                trail.files.mark(id);
            }
        }
        trail.files.mark("closed");
        try (AuditLog log = trail.open()) {
            for (String id : later) {
                log.record(event(id));
                trail.files.mark(id);
            }
        }

        CrashStates.Count count = CrashStates.check(trail.files, 29, 3, (after, marks) -> {
            List<String> found = recovered(after);
            assertThat(found).isEqualTo(written.subList(0, found.size()));
            long acknowledged =
                    marks.stream().filter(mark -> !mark.equals("closed")).count();
            if (durability != Durability.ASYNC) {
                assertThat(found).hasSizeGreaterThanOrEqualTo((int) acknowledged);
            } else if (marks.contains("closed")) {
                assertThat(found).as("what was closed is durable").hasSizeGreaterThanOrEqualTo(RECORDS / 2);
            }
        });
        assertThat(count.points()).isGreaterThan(RECORDS);
    }
}
