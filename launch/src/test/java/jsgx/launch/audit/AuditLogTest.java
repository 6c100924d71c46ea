package jsgx.launch.audit;

import static jsgx.launch.audit.TestTrail.KEY;
import static jsgx.launch.audit.TestTrail.event;
import static jsgx.launch.audit.TestTrail.segment;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEntry.Checkpoint;
import jsgx.launch.audit.AuditVerification.Intact;
import jsgx.launch.file.CrashFiles;
import jsgx.launch.file.CrashFiles.Operation;
import jsgx.launch.file.FileLayer;
import jsgx.launch.file.PrivateFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AuditLogTest {

    private final TestTrail trail = new TestTrail();

    @TempDir
    Path folder;

    private static List<String> launches(int count) {
        return IntStream.rangeClosed(1, count).mapToObj(i -> "launch-" + i).toList();
    }

    @Test
    void whatIsRecordedIsReadAndVerifies() throws Exception {
        trail.fill(12);

        List<AuditEntry> entries = trail.entries();
        assertThat(TestTrail.ids(entries)).isEqualTo(launches(12));
        assertThat(entries.get(1))
                .isInstanceOfSatisfying(
                        AuditEntry.Event.class,
                        entry -> assertThat(entry.event()).isEqualTo(event("launch-1")));
        assertThat(entries).extracting(AuditEntry::number).isEqualTo(LongRange.to(entries.size()));
        assertThat(trail.verify(trail.anchor()))
                .isEqualTo(new Intact(1, entries.size(), 4, entries.size(), trail.anchor()));
    }

    /** Numbers from 1. */
    private static final class LongRange {
        static List<Long> to(int last) {
            return IntStream.rangeClosed(1, last).mapToObj(Long::valueOf).toList();
        }
    }

    @Test
    void aTrailIsReadInPagesFromAnyEntryOn() throws Exception {
        Path audit = folder.resolve("audit");
        AuditOptions small = AuditOptions.defaults().withSegmentBytes(4096);
        try (AuditLog log = AuditLog.open(audit, small, InstantSource.fixed(TestTrail.NOON))) {
            for (int i = 0; i < 60; i++) {
                log.record(event("launch-" + i));
            }
        }
        List<AuditEntry> all = paged(audit, 1);
        int last = all.size();
        assertThat(all).extracting(AuditEntry::number).isEqualTo(LongRange.to(last));
        for (int from = 1; from <= last; from++) {
            List<AuditEntry> found = paged(audit, from);
            assertThat(found).endsWith(all.subList(from - 1, last).toArray(AuditEntry[]::new));
            assertThat(found.getFirst().number()).isLessThanOrEqualTo(from);
        }
        assertThat(paged(audit, last).getFirst().number())
                .as("whole files before it are not read")
                .isGreaterThan(last / 2);
    }

    private static List<AuditEntry> paged(Path audit, long from) throws LaunchException {
        List<AuditEntry> all = new ArrayList<>();
        try (AuditReader reader = AuditReader.openAt(audit, from)) {
            for (List<AuditEntry> page = reader.next(7); !page.isEmpty(); page = reader.next(7)) {
                assertThat(page).hasSizeLessThanOrEqualTo(7);
                all.addAll(page);
            }
        }
        return all;
    }

    @Test
    void checkpointsComeByNumberByTimeAndOnClose() throws Exception {
        try (AuditLog log = trail.open()) {
            for (int i = 0; i < 6; i++) {
                log.record(event("by number"));
            }
            trail.now.set(TestTrail.NOON.plus(Duration.ofHours(2)));
            log.record(event("by time"));
            log.record(event("by close"));
        }
        assertThat(trail.entries())
                .extracting(entry -> entry instanceof Checkpoint ? "checkpoint" : "event")
                .containsExactly(
                        "checkpoint",
                        "event",
                        "event",
                        "event",
                        "event",
                        "event",
                        "checkpoint",
                        "event",
                        "event",
                        "checkpoint",
                        "event",
                        "checkpoint");
        trail.open().close();
        assertThat(trail.entries()).as("nothing new, nothing to sign").hasSize(12);
    }

    @Test
    void theTrailGoesOnInFurtherFiles() throws Exception {
        trail.options = trail.options.withSegmentBytes(2000);
        trail.fill(10);
        try (AuditLog log = trail.open();
                AuditLog other = trail.open()) {
            for (int i = 11; i <= 30; i++) {
                (i % 3 == 0 ? log : other).record(event("launch-" + i));
            }
        }
        assertThat(AuditSegments.list(trail.files, TestTrail.FOLDER)).hasSizeGreaterThan(5);
        assertThat(trail.ids()).isEqualTo(launches(30));
        assertThat(trail.verify(trail.anchor())).isInstanceOf(Intact.class);
    }

    @Test
    void oldFilesCanBePutAwayAgainstTheAnchorOfTheirLastEntry() throws Exception {
        trail.options = trail.options.withSegmentBytes(2000);
        trail.fill(30);
        List<byte[]> first = trail.records(1);
        Checkpoint begin = (Checkpoint) trail.entries().get(first.size());
        trail.files.remove(segment(1));

        assertThat(trail.verify()).isInstanceOf(AuditVerification.Broken.class);
        assertThat(trail.verify(new AuditAnchor(begin.number() - 1, begin.chain())))
                .isInstanceOfSatisfying(
                        Intact.class, intact -> assertThat(intact.first()).isEqualTo(begin.number()));
        trail.fill(1);
        assertThat(trail.verify(new AuditAnchor(begin.number() - 1, begin.chain())))
                .isInstanceOf(Intact.class);
    }

    @Test
    void aFollowerSeesWhatComes() throws Exception {
        trail.options = trail.options.withSegmentBytes(2000);
        try (AuditLog log = trail.open()) {
            log.record(event("launch-1"));
            List<AuditEntry> seen = new ArrayList<>();
            try (AuditReader reader = AuditReader.open(trail.files, TestTrail.FOLDER)) {
                for (int i = 2; i <= 20; i++) {
                    reader.read(seen::add);
                    assertThat(TestTrail.ids(seen)).isEqualTo(launches(i - 1));
                    log.record(event("launch-" + i));
                }
            }
        }
    }

    @Test
    void queriesSelect() throws Exception {
        trail.fill(3);
        AuditQuery all = AuditQuery.ALL;
        AuditEvent event = event("launch-2");
        assertThat(all).accepts(event);
        AuditQuery exact = new AuditQuery(
                event.time(),
                event.time(),
                "launch-2",
                "outcome",
                "uid:1000",
                "C5C5",
                "8383",
                "launched",
                "team-a",
                "SGX_SUCCESS");
        assertThat(exact).accepts(event).rejects(event("launch-3"));
        for (AuditQuery other : List.of(
                new AuditQuery(event.time().plusNanos(1), all.until(), "", "", "", "", "", "", "", ""),
                new AuditQuery(all.since(), event.time().minusNanos(1), "", "", "", "", "", "", "", ""),
                new AuditQuery(all.since(), all.until(), "x", "", "", "", "", "", "", ""),
                new AuditQuery(all.since(), all.until(), "", "intent", "", "", "", "", "", ""),
                new AuditQuery(all.since(), all.until(), "", "", "uid:1", "", "", "", "", ""),
                new AuditQuery(all.since(), all.until(), "", "", "", "83", "", "", "", ""),
                new AuditQuery(all.since(), all.until(), "", "", "", "", "c5", "", "", ""),
                new AuditQuery(all.since(), all.until(), "", "", "", "", "", "refused", "", ""),
                new AuditQuery(all.since(), all.until(), "", "", "", "", "", "", "team", ""),
                new AuditQuery(all.since(), all.until(), "", "", "", "", "", "", "", "GP"))) {
            assertThat(other).rejects(event);
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void threadsOfSeveralUsersKeepOneChain(Durability durability) throws Exception {
        trail.options = trail.options.withDurability(durability).withSegmentBytes(20_000);
        int writers = 4;
        int each = 60;
        try (AuditLog one = trail.open();
                AuditLog other = trail.open();
                ExecutorService pool = Executors.newFixedThreadPool(writers)) {
            List<Future<?>> done = new ArrayList<>();
            for (int writer = 0; writer < writers; writer++) {
                int number = writer;
                AuditLog log = writer % 2 == 0 ? one : other;
                done.add(pool.submit(() -> {
                    for (int i = 0; i < each; i++) {
                        log.record(event(number + ":" + i));
                    }
                    return number;
                }));
            }
            for (Future<?> future : done) {
                future.get();
            }
        }
        assertThat(trail.ids()).hasSize(writers * each).doesNotHaveDuplicates();
        assertThat(trail.verify()).isInstanceOf(Intact.class);
    }

    @ParameterizedTest
    @EnumSource(
            value = Durability.class,
            names = {"EACH", "GROUP"})
    void aDiskThatFailsRefusesTheRecord(Durability durability) throws Exception {
        trail.options = trail.options.withDurability(durability);
        AuditLog log = trail.open();
        log.record(event("launch-1"));
        trail.files.failWhere(Operation.Force.class::isInstance);
        assertThatThrownBy(() -> log.record(event("launch-2")))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("Input/output error");
        trail.files.failWhere(operation -> false);
        assertThatThrownBy(() -> log.record(event("launch-3"))).isInstanceOf(LaunchException.class);
        assertThatThrownBy(log::close).isInstanceOf(LaunchException.class);
        trail.fill(1);
        assertThat(trail.verify()).isInstanceOf(Intact.class);
    }

    @Test
    void aFullDiskRefusesTheRecordAndTheNextIsTaken() throws Exception {
        try (AuditLog log = trail.open()) {
            log.record(event("launch-1"));
            trail.files.failWhere(Operation.Write.class::isInstance);
            assertThatThrownBy(() -> log.record(event("lost"))).hasMessageContaining("No space left on device");
            trail.files.failWhere(operation -> false);
            log.record(event("launch-2"));
        }
        assertThat(trail.ids()).isEqualTo(launches(2));
        assertThat(trail.verify()).isInstanceOf(Intact.class);
    }

    @Test
    void anAsynchronousTrailRefusesTheNextRecordAfterASyncThatFailed() throws Exception {
        trail.options = trail.options.withDurability(Durability.ASYNC);
        AuditLog log = trail.open();
        trail.files.failWhere(Operation.Force.class::isInstance);
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 10_000; i++) {
                        log.record(event("launch"));
                        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
                    }
                })
                .hasMessageContaining("Input/output error");
        assertThatThrownBy(log::close).isInstanceOf(LaunchException.class);
    }

    @Test
    void aBatchThatADiskTakesInPartLeavesAWholeTrail() throws Exception {
        trail.options = trail.options.withDurability(Durability.ASYNC);
        AuditLog log = trail.open();
        AtomicInteger writes = new AtomicInteger();
        // A batch of one, and the first write of the next batch, go through.
        trail.files.failWhere(operation -> operation instanceof Operation.Write && writes.incrementAndGet() > 2);
        for (int i = 1; i <= 5000; i++) {
            log.record(event("launch-" + i));
        }
        assertThatThrownBy(log::close).hasMessageContaining("No space left on device");
        trail.files.failWhere(operation -> false);
        // What the failed write left behind the last whole entry, the next that appends cuts off.
        trail.fill(1);
        assertThat(trail.verify()).isInstanceOf(Intact.class);
        List<String> recorded = trail.ids();
        int whole = recorded.size() - 1;
        assertThat(whole).isPositive();
        assertThat(recorded.subList(0, whole)).isEqualTo(launches(whole));
    }

    @Test
    void anAsynchronousTrailThatIsClosedHasAllInOrder() throws Exception {
        trail.options = trail.options.withDurability(Durability.ASYNC).withSegmentBytes(50_000);
        try (AuditLog log = trail.open()) {
            for (int i = 1; i <= 500; i++) {
                log.record(event("launch-" + i));
            }
        }
        assertThat(trail.ids()).isEqualTo(launches(500));
        assertThat(trail.verify()).isInstanceOf(Intact.class);
    }

    @Test
    void anAsynchronousTrailThatIsClosedRefuses() throws Exception {
        trail.options = trail.options.withDurability(Durability.ASYNC);
        AuditLog log = trail.open();
        log.close();
        assertThatThrownBy(() -> log.record(event("late"))).hasMessageContaining("is closed");
    }

    @Test
    void anAsynchronousTrailIsSyncedSoon() throws Exception {
        trail.options = trail.options.withDurability(Durability.ASYNC);
        try (AuditLog log = trail.open()) {
            log.record(event("launch-1"));
            while (trail.files.operations().stream().noneMatch(Operation.SyncFolder.class::isInstance)) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
        }
    }

    @Test
    void aTrailOfAnotherKeyIsNotContinued() throws Exception {
        trail.fill(1);
        AuditKey other = AuditKey.generate(new SecureRandom());
        assertThatThrownBy(() -> AuditLog.open(trail.files, TestTrail.FOLDER, other, trail.options, trail.clock))
                .hasMessageContaining(other.id())
                .hasMessageContaining(KEY.id())
                .hasMessageContaining("put back the key");
    }

    @Test
    void aClosedTrailRefuses() throws Exception {
        AuditLog log = trail.open();
        log.close();
        log.close();
        assertThatThrownBy(() -> log.record(event("late"))).hasMessageContaining("is closed");
    }

    @Test
    void theFilesAreTheirOwnersAlone() throws Exception {
        Path audit = folder.resolve("state/audit");
        try (AuditLog log = AuditLog.open(audit, AuditOptions.defaults(), InstantSource.system())) {
            log.record(event("launch-1"));
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(audit)))
                .isEqualTo("rwx------");
        try (var content = Files.list(audit)) {
            List<Path> names = content.toList();
            assertThat(names).extracting(file -> file.getFileName().toString()).contains("key", "key.pub");
            for (Path file : names) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .isEqualTo("rw-------");
            }
        }
        String key = AuditKey.readPublic(audit.resolve("key.pub"));
        assertThat(AuditReader.verify(audit, key, List.of())).isInstanceOf(Intact.class);
        try (AuditReader reader = AuditReader.open(audit)) {
            assertThat(AuditReader.verify(audit, key, List.of(reader.anchor()))).isInstanceOf(Intact.class);
        }
        try (AuditLog again = AuditLog.open(audit, AuditOptions.defaults(), InstantSource.system())) {
            again.record(event("launch-2"));
        }
        assertThat(TestTrail.ids(TestTrail.entries(FileLayer.REAL, audit))).isEqualTo(launches(2));
        Files.delete(audit.resolve("key"));
        assertThatThrownBy(() -> AuditLog.open(audit, AuditOptions.defaults(), InstantSource.system()))
                .hasMessageContaining("put back the key");
    }

    @Test
    void anExportVerifiesByItself() throws Exception {
        trail.options = trail.options.withSegmentBytes(2000);
        trail.fill(20);
        List<String> lines = trail.entries().stream().map(AuditEntry::json).toList();
        Path export = Files.write(folder.resolve("export"), lines);

        assertThat(AuditReader.verifyExport(export, KEY.id(), List.of(trail.anchor())))
                .isEqualTo(trail.verify());

        Files.write(export, lines.stream().map(line -> line.replace(":", ": ")).toList());
        assertThat(AuditReader.verifyExport(export, KEY.id(), List.of()))
                .as("also where another tool wrote the JSON anew")
                .isInstanceOfAny(Intact.class, AuditVerification.Broken.class);
        List<String> changed = new ArrayList<>(lines);
        changed.set(4, changed.get(4).replace("uid:1000", "uid:1001"));
        Files.write(export, changed);
        assertThat(AuditReader.verifyExport(export, KEY.id(), List.of()))
                .isInstanceOfSatisfying(AuditVerification.Broken.class, broken -> {
                    assertThat(broken.number()).isEqualTo(5);
                    assertThat(broken.where()).isEqualTo("line 5");
                });
        Files.write(export, lines.subList(0, 10));
        assertThat(AuditReader.verifyExport(export, KEY.id(), List.of(trail.anchor())))
                .isInstanceOfSatisfying(
                        AuditVerification.Broken.class,
                        broken -> assertThat(broken.number()).isEqualTo(11));
    }

    @Test
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aFifoInTheFolderIsRefusedAndNotWaitedFor(@TempDir Path folder) throws Exception {
        PrivateFile.ensureFolder(folder);
        for (String name : List.of("key.lock", "key.pub")) {
            int status = new ProcessBuilder("mkfifo", folder.resolve(name).toString())
                    .start()
                    .waitFor();
            assertThat(status).isZero();
        }
        assertThatThrownBy(() -> AuditKey.readPublic(folder.resolve("key.pub")))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("not a regular file");
        assertThatThrownBy(() -> AuditKey.loadOrCreate(folder))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("key.lock: it is not a regular file: remove it");
    }

    @Test
    void aTrailThatIsNotThereIsSaidToBeSo() {
        CrashFiles none = new CrashFiles();
        assertThatThrownBy(() -> AuditReader.open(none, TestTrail.FOLDER)).hasMessageContaining("no audit trail yet");
        assertThatThrownBy(() -> AuditReader.open(folder.resolve("none"))).hasMessageContaining("no audit trail yet");
    }
}
