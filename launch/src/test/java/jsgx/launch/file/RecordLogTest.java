package jsgx.launch.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import jsgx.launch.LaunchException;
import jsgx.launch.file.CrashFiles.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordLogTest {

    static final RecordLog.Format FORMAT = new RecordLog.Format("JSGXTEST", 1, 4096, "restore it from a copy");

    private static final Path FILE = Path.of("/state/log");

    private final CrashFiles files = new CrashFiles();

    @TempDir
    Path folder;

    /** What a log has in it, as text. */
    static final class Records implements RecordLog.Visitor {
        final List<String> all = new ArrayList<>();
        int replaced;
        private long position;

        @Override
        public void replaced() {
            all.clear();
            replaced++;
        }

        @Override
        public void record(ByteBuffer record, long end) {
            byte[] bytes = new byte[record.remaining()];
            record.get(bytes);
            all.add(new String(bytes, StandardCharsets.US_ASCII));
        }

        List<String> of(RecordLog log) throws LaunchException {
            position = log.read(position, this);
            return all;
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static List<String> records(RecordLog log) throws LaunchException {
        return new Records().of(log);
    }

    private RecordLog open() throws LaunchException {
        return RecordLog.open(files, FILE, FORMAT);
    }

    private void fill(String... records) throws LaunchException {
        try (RecordLog log = open()) {
            for (String record : records) {
                log.force(log.append(bytes(record)));
            }
        }
    }

    @Test
    void whatIsAppendedIsReadInItsOrder() throws Exception {
        try (RecordLog log = open()) {
            assertThat(records(log)).isEmpty();
            Records records = new Records();
            long first = log.append(bytes("one"));
            assertThat(records.of(log)).containsExactly("one");
            assertThat(records.position).isEqualTo(first);
            assertThat(log.append(bytes("two"))).isGreaterThan(first);
            assertThat(records.of(log)).containsExactly("one", "two");
        }
        try (RecordLog log = open()) {
            assertThat(records(log)).containsExactly("one", "two");
        }
    }

    @Test
    void recordsOfAllSizesComeBackAcrossChunks() throws Exception {
        Random random = new Random(5);
        List<String> written = new ArrayList<>();
        try (RecordLog log = open()) {
            for (int i = 0; i < 1500; i++) {
                int size = i % 10 == 0 ? FORMAT.maxRecord() : 1 + random.nextInt(FORMAT.maxRecord());
                String record = String.valueOf((char) ('a' + i % 26)).repeat(size);
                log.append(bytes(record));
                written.add(record);
            }
            assertThat(records(log)).isEqualTo(written);
        }
        try (RecordLog log = open()) {
            assertThat(records(log)).isEqualTo(written);
        }
    }

    @Test
    void recordsOfNoSizeOrTooGreatAreRefused() throws Exception {
        try (RecordLog log = open()) {
            assertThatThrownBy(() -> log.append(new byte[0])).isInstanceOf(LaunchException.class);
            assertThatThrownBy(() -> log.append(new byte[FORMAT.maxRecord() + 1]))
                    .hasMessageContaining("1 to 4096 bytes, this one has 4097");
            assertThat(records(log)).isEmpty();
        }
    }

    @Test
    void theFileIsItsOwnersAlone() throws Exception {
        Path file = folder.resolve("state/log");
        try (RecordLog log = RecordLog.open(FileLayer.REAL, file, FORMAT)) {
            log.force(log.append(bytes("one")));
            log.rewrite(List.of(bytes("two")));
        }
        try (var content = Files.list(file.resolveSibling("."))) {
            for (Path each : content.toList()) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
                        .isEqualTo("rw-------");
            }
        }
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> RecordLog.open(FileLayer.REAL, file, FORMAT)).hasMessageContaining("chmod 600");
        Path other = folder.resolve("state/other");
        Files.createSymbolicLink(other, file);
        assertThatThrownBy(() -> RecordLog.open(FileLayer.REAL, other, FORMAT)).hasMessageContaining("symbolic link");
    }

    @Test
    void eachOfSeveralUsersSeesWhatTheOthersAppend() throws Exception {
        try (RecordLog a = open();
                RecordLog b = open();
                RecordLog reader = RecordLog.openForReading(files, FILE, FORMAT)) {
            Records seen = new Records();
            a.append(bytes("one"));
            assertThat(records(b)).containsExactly("one");
            b.append(bytes("two"));
            b.append(bytes("three"));
            a.append(bytes("four"));
            assertThat(seen.of(reader)).containsExactly("one", "two", "three", "four");
            a.force(a.end());
            assertThat(records(b)).containsExactly("one", "two", "three", "four");
        }
    }

    @Test
    void aRewriteIsSeenByAllAndPositionsStayGood() throws Exception {
        try (RecordLog a = open();
                RecordLog b = open();
                RecordLog reader = RecordLog.openForReading(files, FILE, FORMAT)) {
            Records seen = new Records();
            Records read = new Records();
            long position = b.append(bytes("one"));
            assertThat(seen.of(b)).containsExactly("one");
            assertThat(read.of(reader)).containsExactly("one");
            a.exclusively(() -> {
                assertThat(records(a)).containsExactly("one");
                a.rewrite(List.of(bytes("un"), bytes("deux")));
            });
            b.force(position);
            assertThat(seen.of(b)).containsExactly("un", "deux");
            assertThat(seen.replaced).isEqualTo(1);
            assertThat(read.of(reader)).containsExactly("un", "deux");
            b.append(bytes("trois"));
            a.append(bytes("quatre"));
            assertThat(seen.of(b)).containsExactly("un", "deux", "trois", "quatre");
            assertThat(seen.replaced).isEqualTo(1);
        }
        try (RecordLog log = open()) {
            assertThat(records(log)).containsExactly("un", "deux", "trois", "quatre");
        }
    }

    @Test
    void aRewriteToNothingIsSeenByWhoHadReadNothing() throws Exception {
        try (RecordLog a = open();
                RecordLog b = open()) {
            Records seen = new Records();
            assertThat(seen.of(b)).isEmpty();
            a.append(bytes("gone"));
            a.rewrite(List.of());
            assertThat(seen.of(b)).isEmpty();
            a.append(bytes("there"));
            assertThat(seen.of(b)).containsExactly("there");
        }
    }

    @Test
    void threadsAndProcessesLoseNothing() throws Exception {
        int writers = 6;
        int each = 200;
        Path file = folder.resolve("state/log");
        try (RecordLog one = RecordLog.open(FileLayer.REAL, file, FORMAT);
                RecordLog other = RecordLog.open(FileLayer.REAL, file, FORMAT);
                ExecutorService pool = Executors.newFixedThreadPool(writers)) {
            List<Future<?>> done = new ArrayList<>();
            for (int writer = 0; writer < writers; writer++) {
                int number = writer;
                RecordLog log = writer % 2 == 0 ? one : other;
                done.add(pool.submit(() -> {
                    for (int i = 0; i < each; i++) {
                        long position = log.append(bytes(number + ":" + i));
                        if (i % 20 == 0) {
                            log.force(position);
                        }
                    }
                    return number;
                }));
            }
            for (Future<?> future : done) {
                future.get();
            }
            List<String> all = records(one);
            assertThat(all).hasSize(writers * each).doesNotHaveDuplicates();
            for (int writer = 0; writer < writers; writer++) {
                int number = writer;
                assertThat(all.stream().filter(record -> record.startsWith(number + ":")))
                        .containsExactlyElementsOf(IntStream.range(0, each)
                                .mapToObj(i -> number + ":" + i)
                                .toList());
            }
        }
    }

    @Test
    void callersAtOnceShareASync() throws Exception {
        AtomicInteger waiting = new AtomicInteger();
        try (RecordLog log = open();
                ExecutorService pool = Executors.newFixedThreadPool(8)) {
            log.force(log.append(bytes("first")));
            long before = syncs();
            List<Long> positions = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                positions.add(log.append(bytes("record")));
            }
            List<Future<?>> done = new ArrayList<>();
            for (long position : positions) {
                done.add(pool.submit(() -> {
                    waiting.incrementAndGet();
                    log.force(position);
                    return position;
                }));
            }
            for (Future<?> future : done) {
                future.get();
            }
            assertThat(waiting).hasValue(8);
            assertThat(syncs() - before).isEqualTo(1);
        }
    }

    private long syncs() {
        return files.operations().stream()
                .filter(Operation.Force.class::isInstance)
                .count();
    }

    @Test
    void afterAFailedSyncNothingIsAcknowledged() throws Exception {
        RecordLog log = open();
        long position = log.append(bytes("one"));
        files.failWhere(Operation.Force.class::isInstance);
        assertThatThrownBy(() -> log.force(position))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("Input/output error")
                .hasMessageContaining("look at the disk");
        files.failWhere(operation -> false);
        assertThatThrownBy(() -> log.force(position)).hasMessageContaining("until it is opened anew");
        assertThatThrownBy(() -> log.append(bytes("two"))).hasMessageContaining("until it is opened anew");
        assertThatThrownBy(() -> log.rewrite(List.of())).hasMessageContaining("until it is opened anew");
        log.close();
        try (RecordLog again = open()) {
            again.force(again.append(bytes("three")));
            assertThat(records(again)).containsExactly("one", "three");
        }
    }

    @Test
    void aFailedSyncOfTheNameIsAFailedSync() throws Exception {
        try (RecordLog log = open()) {
            long position = log.append(bytes("one"));
            files.failWhere(Operation.SyncFolder.class::isInstance);
            assertThatThrownBy(() -> log.force(position)).hasMessageContaining("Input/output error");
            assertThatThrownBy(() -> log.append(bytes("two"))).isInstanceOf(LaunchException.class);
        }
    }

    @Test
    void whenTheDiskIsFullTheRecordIsRefusedAndTheNextGoesOn() throws Exception {
        try (RecordLog log = open()) {
            log.force(log.append(bytes("one")));
            files.failWhere(operation -> operation instanceof Operation.Write);
            assertThatThrownBy(() -> log.append(bytes("two"))).hasMessageContaining("No space left on device");
            assertThat(records(log)).containsExactly("one");
            assertThat(log.torn()).isPositive();
            files.failWhere(operation -> false);
            log.force(log.append(bytes("three")));
            assertThat(records(log)).containsExactly("one", "three");
            assertThat(log.torn()).isZero();
        }
    }

    @Test
    void aRewriteThatFailsLeavesTheOldRecords() throws Exception {
        fill("one", "two");
        for (Class<?> kind :
                List.of(Operation.Create.class, Operation.Write.class, Operation.Force.class, Operation.Rename.class)) {
            try (RecordLog log = open()) {
                files.failWhere(kind::isInstance);
                assertThatThrownBy(() -> log.rewrite(List.of(bytes("new")))).isInstanceOf(LaunchException.class);
                files.failWhere(operation -> false);
                log.force(log.end());
                assertThat(records(log)).containsExactly("one", "two");
            }
            assertThat(files.list(FILE.resolveSibling(""))).doesNotContain("log.new");
        }
        RecordLog log = open();
        files.failWhere(Operation.SyncFolder.class::isInstance);
        assertThatThrownBy(() -> log.rewrite(List.of(bytes("new")))).isInstanceOf(LaunchException.class);
        files.failWhere(operation -> false);
        assertThatThrownBy(() -> log.append(bytes("more"))).hasMessageContaining("until it is opened anew");
        log.close();
        try (RecordLog again = open()) {
            assertThat(records(again)).containsExactly("new");
        }
    }

    @Test
    void everyTornTailIsCutOffByWhoAppendsAndOverlookedByWhoReads() throws Exception {
        fill("one", "two");
        byte[] whole = files.content(FILE);
        try (RecordLog log = open()) {
            log.append(bytes("the last"));
        }
        byte[] longer = files.content(FILE);
        for (int size = whole.length; size < longer.length; size++) {
            for (boolean zeroes : new boolean[] {false, true}) {
                byte[] torn = Arrays.copyOf(Arrays.copyOf(longer, size), zeroes ? longer.length + 100 : size);
                files.put(FILE, torn);
                try (RecordLog reader = RecordLog.openForReading(files, FILE, FORMAT)) {
                    assertThat(records(reader)).containsExactly("one", "two");
                    assertThat(reader.torn()).isEqualTo(torn.length - whole.length);
                }
                assertThat(files.content(FILE)).isEqualTo(torn);
                try (RecordLog log = open()) {
                    assertThat(records(log)).containsExactly("one", "two");
                    assertThat(files.content(FILE)).isEqualTo(whole);
                    log.append(bytes("three"));
                    assertThat(records(log)).containsExactly("one", "two", "three");
                }
            }
        }
    }

    @Test
    void anyChangedBitOfADurableRecordIsRefusedAtItsOffset() throws Exception {
        fill("one", "two", "three");
        byte[] good = files.content(FILE);
        int first = RecordFile.HEADER;
        int second = first + RecordFile.FRAME + 3;
        int third = second + RecordFile.FRAME + 3;
        int end = third + RecordFile.FRAME + 5;
        for (int bit = 0; bit < end * 8; bit++) {
            byte[] bad = good.clone();
            bad[bit / 8] ^= (byte) (1 << bit % 8);
            files.put(FILE, bad);
            int offset = bit / 8;
            int frame = offset < first ? 0 : offset < second ? first : offset < third ? second : third;
            assertThatThrownBy(() -> open().close())
                    .as("bit %d", bit)
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining(FILE.toString())
                    .hasMessageContaining("expected")
                    .hasMessageContaining("found")
                    .hasMessageContaining("restore it from a copy");
            if (offset >= first) {
                assertThatThrownBy(() -> open().close()).hasMessageContaining("damaged at offset " + frame + ":");
                assertThatThrownBy(() -> records(RecordLog.openForReading(files, FILE, FORMAT)))
                        .hasMessageContaining("damaged at offset " + frame + ":");
            }
            assertThat(files.content(FILE)).as("nothing is changed").isEqualTo(bad);
        }
    }

    @Test
    void aRecordThatWasTakenOutOrMovedIsDamage() throws Exception {
        fill("one", "two", "six");
        byte[] good = files.content(FILE);
        int frame = RecordFile.FRAME + 3;
        byte[] swapped = good.clone();
        System.arraycopy(good, RecordFile.HEADER, swapped, RecordFile.HEADER + frame, frame);
        System.arraycopy(good, RecordFile.HEADER + frame, swapped, RecordFile.HEADER, frame);
        files.put(FILE, swapped);
        assertThatThrownBy(() -> open().close()).hasMessageContaining("damaged at offset " + RecordFile.HEADER);
    }

    @Test
    void anotherReleasesFileIsNotTouched() throws Exception {
        RecordLog.Format next = new RecordLog.Format("JSGXTEST", 2, 4096, "restore it");
        RecordLog.open(files, FILE, next).close();
        byte[] content = files.content(FILE);
        assertThatThrownBy(() -> open().close()).hasMessageContaining("expected version 1, found 2");
        assertThat(files.content(FILE)).isEqualTo(content);
        files.put(FILE, new byte[0]);
        assertThatThrownBy(() -> open().close())
                .hasMessageContaining("expected a header of 24 bytes that begins with JSGXTEST, found 0");
    }

    @Test
    void aFileThatIsCutRemovedOrPutBackWhileInUseIsRefused() throws Exception {
        try (RecordLog log = open()) {
            log.force(log.append(bytes("one")));
            byte[] backup = files.content(FILE);
            log.force(log.append(bytes("two")));
            files.change(FILE, backup);
            assertThatThrownBy(() -> log.append(bytes("three"))).hasMessageContaining("cut while it was in use");
            assertThatThrownBy(() -> records(log)).hasMessageContaining("cut while it was in use");
            files.put(FILE, backup);
            assertThatThrownBy(() -> log.append(bytes("three"))).hasMessageContaining("another file was put");
            files.remove(FILE);
            assertThatThrownBy(() -> log.append(bytes("three"))).hasMessageContaining("is gone");
        }
    }

    @Test
    void aLogForReadingCannotBeAppendedTo() throws Exception {
        assertThatThrownBy(() -> RecordLog.openForReading(files, FILE, FORMAT)).hasMessageContaining("no such file");
        fill("one");
        try (RecordLog log = RecordLog.openForReading(files, FILE, FORMAT)) {
            assertThatThrownBy(() -> log.append(bytes("two"))).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void anInterruptedThreadStillAppends() throws Exception {
        Path file = folder.resolve("state/log");
        try (RecordLog log = RecordLog.open(FileLayer.REAL, file, FORMAT)) {
            Thread.currentThread().interrupt();
            log.force(log.append(bytes("one")));
            log.rewrite(List.of(bytes("two")));
            assertThat(Thread.interrupted()).isTrue();
            log.force(log.append(bytes("three")));
            assertThat(records(log)).containsExactly("two", "three");
        }
    }

    @Test
    void aClosedLogIsClosed() throws Exception {
        RecordLog log = open();
        log.close();
        log.close();
        assertThatThrownBy(() -> log.append(bytes("one"))).hasMessageContaining("is closed");
    }
}
