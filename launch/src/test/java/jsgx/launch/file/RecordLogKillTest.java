package jsgx.launch.file;

import static jsgx.launch.file.RecordLogTest.FORMAT;
import static jsgx.launch.file.RecordLogTest.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import jsgx.launch.LaunchException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that write one log and are killed: 25 in all. */
class RecordLogKillTest {

    private static final int ROUNDS = 5;
    private static final int PROCESSES = 5;

    @TempDir
    Path folder;

    /** Appends for ever, of two threads; rewrites now and then, keeping all. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] args) throws LaunchException {
            RecordLog log = RecordLog.open(FileLayer.REAL, Path.of(args[0]), FORMAT);
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    write(log, args[1] + "/a");
                } catch (LaunchException e) {
                    throw new IllegalStateException(e);
                }
            });
            write(log, args[1] + "/b");
        }

        private static void write(RecordLog log, String name) throws LaunchException {
            for (int i = 0; ; i++) {
                String record = name + ":" + i;
                log.force(log.append(bytes(record)));
                KillHarness.acknowledge(record);
                if (i % 50 == 49) {
                    log.exclusively(() -> {
                        List<byte[]> all = new ArrayList<>();
                        log.read(0, (bytes, end) -> {
                            byte[] copy = new byte[bytes.remaining()];
                            bytes.get(copy);
                            all.add(copy);
                        });
                        log.rewrite(all);
                    });
                }
            }
        }
    }

    @Test
    void nothingAcknowledgedIsLost() throws Exception {
        Path file = folder.resolve("state/log");
        Random random = new Random(23);
        List<String> acknowledged = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            int number = round;
            KillHarness.kill(
                            random,
                            Writer.class,
                            IntStream.range(0, PROCESSES)
                                    .mapToObj(i -> List.of(file.toString(), number + "-" + i))
                                    .toList())
                    .forEach(acknowledged::addAll);
            try (RecordLog log = RecordLog.open(FileLayer.REAL, file, FORMAT)) {
                assertThat(new RecordLogTest.Records().of(log))
                        .doesNotHaveDuplicates()
                        .containsAll(acknowledged);
            }
        }
        assertThat(acknowledged).hasSizeGreaterThan(ROUNDS * PROCESSES);
    }
}
