package jsgx.launch.file;

import static jsgx.launch.file.RecordLogTest.FORMAT;
import static jsgx.launch.file.RecordLogTest.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jsgx.launch.LaunchException;
import org.junit.jupiter.api.Test;

/** Whatever a crash leaves of a log: it is readable, and what was acknowledged is there. */
class RecordLogCrashTest {

    private static final Path FILE = Path.of("/state/log");

    private final CrashFiles files = new CrashFiles();

    private static List<String> recovered(CrashFiles after) throws LaunchException {
        List<String> found;
        try (RecordLog log = RecordLog.open(after, FILE, FORMAT)) {
            found = List.copyOf(new RecordLogTest.Records().of(log));
            log.force(log.append(bytes("after the crash")));
        }
        try (RecordLog log = RecordLog.open(after, FILE, FORMAT)) {
            List<String> again = new RecordLogTest.Records().of(log);
            assertThat(again).isEqualTo(concat(found, "after the crash"));
        }
        return found;
    }

    /** What was appended is there as far as it was acknowledged, in its order and with nothing else. */
    private static void isPrefix(List<String> found, List<String> written, int acknowledged) {
        assertThat(found).hasSizeBetween(acknowledged, written.size());
        assertThat(found).isEqualTo(written.subList(0, found.size()));
    }

    @Test
    void nothingAcknowledgedIsLostAtAThousandKillPoints() throws Exception {
        Random random = new Random(3);
        List<String> written = new ArrayList<>();
        RecordLog log = RecordLog.open(files, FILE, FORMAT);
        for (int i = 0; i < 620; i++) {
            String record = i + "/" + "x".repeat(random.nextInt(i % 50 == 0 ? 3000 : 60));
            written.add(record);
            long position = log.append(bytes(record));
            if (random.nextInt(3) == 0) {
                log.force(position);
                files.mark(written.size());
            }
            if (random.nextInt(40) == 0) {
                log.close();
                log = RecordLog.open(files, FILE, FORMAT);
            }
        }
        log.close();

        CrashStates.Count count = CrashStates.check(
                files,
                7,
                10,
                (after, marks) -> isPrefix(recovered(after), written, marks.isEmpty() ? 0 : (int) marks.getLast()));

        assertThat(count.points()).isGreaterThan(1000);
        assertThat(count.states()).isGreaterThan(5000);
    }

    @Test
    void aRewriteLeavesTheOldOrTheNew() throws Exception {
        List<String> old = List.of("one", "two", "three");
        List<String> replaced = List.of("un", "deux");
        try (RecordLog log = RecordLog.open(files, FILE, FORMAT)) {
            for (String record : old) {
                log.force(log.append(bytes(record)));
            }
            files.mark("old");
            log.rewrite(replaced.stream().map(RecordLogTest::bytes).toList());
            files.mark("new");
            log.force(log.append(bytes("trois")));
            files.mark("more");
        }
        CrashStates.Count count = CrashStates.check(files, 11, 200, (after, marks) -> {
            List<String> found = recovered(after);
            if (marks.contains("more")) {
                assertThat(found).containsExactly("un", "deux", "trois");
            } else if (marks.contains("new")) {
                assertThat(found).startsWith("un", "deux").hasSizeLessThan(4);
            } else if (marks.contains("old")) {
                assertThat(found.equals(old) || found.subList(0, 2).equals(List.of("un", "deux")))
                        .as("%s", found)
                        .isTrue();
            } else {
                isPrefix(found, old, 0);
            }
        });
        assertThat(count.states()).isGreaterThan(200);
    }

    @Test
    void aCrashOfTheRecoveryLosesNothingEither() throws Exception {
        try (RecordLog log = RecordLog.open(files, FILE, FORMAT)) {
            for (int i = 0; i < 8; i++) {
                log.append(bytes("record " + i));
            }
            log.force(log.end());
            for (int i = 8; i < 12; i++) {
                log.append(bytes("record " + i));
            }
        }
        CrashStates.check(files, 13, 40, (after, marks) -> {
            List<String> first = recovered(after);
            CrashStates.check(after, 17, 6, (twice, none) -> {
                List<String> found;
                try (RecordLog log = RecordLog.open(twice, FILE, FORMAT)) {
                    found = List.copyOf(new RecordLogTest.Records().of(log));
                }
                isPrefix(found, concat(first, "after the crash"), Math.min(first.size(), 8));
            });
        });
    }

    private static List<String> concat(List<String> some, String last) {
        List<String> all = new ArrayList<>(some);
        all.add(last);
        return all;
    }

    @Test
    void threadsOfTwoProcessesLoseNothingAcknowledged() throws Exception {
        try (RecordLog one = RecordLog.open(files, FILE, FORMAT);
                RecordLog other = RecordLog.open(files, FILE, FORMAT);
                ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<?>> done = new ArrayList<>();
            for (int writer = 0; writer < 4; writer++) {
                int number = writer;
                RecordLog log = writer % 2 == 0 ? one : other;
                done.add(pool.submit(() -> {
                    for (int i = 0; i < 20; i++) {
                        String record = number + ":" + i;
                        log.force(log.append(bytes(record)));
                        files.mark(record);
                    }
                    return number;
                }));
            }
            for (Future<?> future : done) {
                future.get();
            }
        }
        CrashStates.check(
                files,
                19,
                10,
                (after, marks) -> assertThat(recovered(after))
                        .containsAll(marks.stream().map(String.class::cast).toList()));
    }
}
