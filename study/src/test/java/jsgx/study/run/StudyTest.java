package jsgx.study.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A study's cells: whatever runs them, in whatever order and parts, they come to the same. */
@Timeout(120)
class StudyTest {

    private static final Plan PLAN = Studies.plan(List.of("one", "two"), 3);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void theShardsOfAnyNumberMergeToTheBytesOfTheWhole(int number) throws Exception {
        Path whole = folder.resolve("whole");
        assertThat(Studies.run(PLAN, whole, Shard.WHOLE, 1)).isTrue();
        List<Path> shards = new ArrayList<>();
        for (int i = 1; i <= number; i++) {
            shards.add(folder.resolve("shard-" + i));
            Studies.run(PLAN, shards.getLast(), new Shard(i, number), 3);
        }

        Cells merged = Merge.merge(shards.reversed(), folder.resolve("merged"));

        assertThat(Studies.content(folder.resolve("merged"))).isEqualTo(Studies.content(whole));
        assertThat(merged.results()).hasSize(PLAN.size());
    }

    @Test
    void shardsMayShareAFolder() throws Exception {
        Studies.run(PLAN, folder.resolve("whole"), Shard.WHOLE, 2);
        Studies.run(PLAN, folder.resolve("both"), new Shard(2, 2), 2);
        Studies.run(PLAN, folder.resolve("both"), new Shard(1, 2), 2);

        assertThat(Studies.content(folder.resolve("both"))).isEqualTo(Studies.content(folder.resolve("whole")));
    }

    @Test
    void aStudyThatWasStoppedGoesOnWithWhatIsMissing() throws Exception {
        Studies.run(PLAN, folder.resolve("whole"), Shard.WHOLE, 2);
        Path stopped = folder.resolve("stopped");
        CountDownLatch some = new CountDownLatch(5);
        try (Cells cells = Cells.in(stopped, PLAN)) {
            Study study = new Study(PLAN, Studies.traces(PLAN, 3), (trace, design, costs, seed, launched) -> {
                if (some.getCount() == 0) {
                    // A cell that would take for ever.
                    awaitInterrupt();
                }
                some.countDown();
                return Studies.madeUp(trace, design, costs, seed, launched);
            });
            Thread stopper = Thread.ofVirtual().start(() -> {
                try {
                    some.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                study.stop();
            });
            assertThat(study.run(cells, Shard.WHOLE, 2, Studies.SILENT)).isFalse();
            stopper.join();
        }
        int before = Cells.read(stopped).results().size();
        assertThat(before).isLessThan(PLAN.size());

        AtomicInteger again = new AtomicInteger();
        try (Cells cells = Cells.in(stopped, PLAN)) {
            new Study(PLAN, Studies.traces(PLAN, 3), (trace, design, costs, seed, launched) -> {
                        again.incrementAndGet();
                        return Studies.madeUp(trace, design, costs, seed, launched);
                    })
                    .run(cells, Shard.WHOLE, 2, Studies.SILENT);
        }

        assertThat(again).hasValue(PLAN.size() - before);
        assertThat(Studies.content(stopped)).isEqualTo(Studies.content(folder.resolve("whole")));
    }

    private static void awaitInterrupt() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void halfALineOfARunThatWasKilledIsDropped() throws Exception {
        Path whole = folder.resolve("whole");
        Studies.run(PLAN, whole, Shard.WHOLE, 2);
        String content = Studies.content(whole);
        Path file = whole.resolve(Cells.FILE);
        for (int length : new int[] {10, content.indexOf('\n'), content.length() / 2, content.length() - 1}) {
            Files.writeString(file, content.substring(0, length));
            assertThatThrownBy(() -> Cells.read(whole))
                    .isInstanceOf(StudyException.class)
                    .hasMessageContaining("ends within line")
                    .hasMessageContaining("run the same study");

            Studies.run(PLAN, whole, Shard.WHOLE, 2);

            assertThat(Studies.content(whole)).isEqualTo(content);
        }
    }

    @Test
    void aRunThatIsKilledAgainHasLeftNothingOfTheFirstHalfLine() throws Exception {
        Path stopped = folder.resolve("stopped");
        Studies.run(PLAN, stopped, new Shard(1, 2), 1);
        String content = Studies.content(stopped);
        Files.writeString(stopped.resolve(Cells.FILE), content.substring(0, content.length() - 40));
        CellResult last = Cells.read(folder.resolve(whole())).results().getLast();

        try (Cells cells = Cells.in(stopped, PLAN)) {
            cells.add(last);
        }

        assertThat(Cells.read(stopped).results()).hasSize((PLAN.size() + 1) / 2).contains(last);
    }

    private String whole() throws Exception {
        Studies.run(PLAN, folder.resolve("whole"), Shard.WHOLE, 2);
        return "whole";
    }

    @Test
    void aFullDiskLeavesWholeLinesFromWhichTheStudyGoesOn() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        assumeTrue(
                ran("mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", disk.toString()),
                "only root can mount a small disk");
        try {
            assertThatThrownBy(() -> Studies.run(PLAN, disk, Shard.WHOLE, 3))
                    .isInstanceOf(StudyException.class)
                    .hasMessageContaining("not written: No space left on device; what was finished before is kept");
            assertThat(Cells.read(disk).results()).isNotEmpty();
            assertThat(ran("mount", "-o", "remount,size=8m", disk.toString())).isTrue();

            Studies.run(PLAN, disk, Shard.WHOLE, 3);

            assertThat(Studies.content(disk)).isEqualTo(Studies.content(folder.resolve(whole())));
        } finally {
            assertThat(ran("umount", disk.toString())).isTrue();
        }
    }

    private static boolean ran(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().transferTo(OutputStream.nullOutputStream());
        return process.waitFor() == 0;
    }

    @Test
    void aFolderBelongsToOneStudyAndOneRun() throws Exception {
        Studies.run(PLAN, folder, new Shard(1, 7), 1);
        String before = Studies.content(folder);

        assertThatThrownBy(() -> Cells.in(folder, Studies.plan(List.of("one", "two"), 4)))
                .isInstanceOf(StudyException.class)
                .hasMessageContaining("other seeds: [1, 2, 3, 4], and [1, 2, 3]")
                .hasMessageContaining("choose another folder");
        try (Cells cells = Cells.in(folder, PLAN)) {
            assertThat(cells.results()).isNotEmpty();
            assertThatThrownBy(() -> Cells.in(folder, PLAN))
                    .isInstanceOf(StudyException.class)
                    .hasMessageContaining("another run");
        }
        assertThat(Studies.content(folder)).isEqualTo(before);
    }

    @Test
    void aCellThatFailsFailsTheStudyAndNotTheCellsBefore() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        try (Cells cells = Cells.in(folder, PLAN)) {
            Study study = new Study(PLAN, Studies.traces(PLAN, 3), (trace, design, costs, seed, launched) -> {
                if (runs.incrementAndGet() > 3) {
                    throw new IllegalStateException("no such cell");
                }
                return Studies.madeUp(trace, design, costs, seed, launched);
            });
            assertThatThrownBy(() -> study.run(cells, Shard.WHOLE, 1, Studies.SILENT))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("no such cell");
        }
        assertThat(Cells.read(folder).results()).hasSize(3);
    }

    @Test
    void aTraceIsMadeOnceForAllDesigns() throws Exception {
        AtomicInteger made = new AtomicInteger();
        Cells cells = Cells.inMemory(PLAN);
        new Study(
                        PLAN,
                        List.of(
                                seed -> {
                                    made.incrementAndGet();
                                    return Studies.trace("one", 3, seed);
                                },
                                seed -> {
                                    made.incrementAndGet();
                                    return Studies.trace("two", 3, seed);
                                }),
                        Studies::madeUp)
                .run(cells, Shard.WHOLE, 3, Studies.SILENT);

        assertThat(cells.complete()).isTrue();
        assertThat(made).hasValue(6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0/2", "3/2", "1", "1/", "/2", "1/2/3", "a/b", "-1/2", "1/9999999999"})
    void whatIsNoShardIsSaid(String text) {
        assertThatThrownBy(() -> Shard.parse(text))
                .isInstanceOf(StudyException.class)
                .hasMessageContaining("is no shard: expected I/N");
    }
}
