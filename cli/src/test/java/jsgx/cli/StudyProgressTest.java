package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import jsgx.study.design.Design;
import jsgx.study.run.Cell;
import jsgx.study.run.CellResult;
import jsgx.study.run.TraceFacts;
import jsgx.study.simulation.Measured;
import jsgx.study.simulation.Measured.Latency;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StudyProgressTest {

    private static final long SECOND = 1_000_000_000L;
    private static final long LAUNCHES = 10_000_000;

    private final StudyProgress progress = new StudyProgress(4);

    private static CellResult result(long launches) {
        return new CellResult(
                new Cell(0, 0, Design.NONE, 1),
                "w",
                new TraceFacts("0".repeat(64), 1, 1, 1, 1, launches, 0, 0, 0, 0, 0, 0),
                new Measured(launches, 0, 0, 0, 0, 0, 0, new Latency(0, 0, 0, 0, 0, 0), List.of(), 0, 0, 0, 0, 0, 0));
    }

    @Test
    void aStudyOfOneCellSaysHowFarItIs() {
        StudyProgress one = new StudyProgress(1);
        assertThat(one.line(SECOND)).isEqualTo("study: 0 of 1 cells, 1 s gone, 0 launches a second");

        one.began(LAUNCHES);
        one.launched(LAUNCHES / 4);

        assertThat(one.line(30 * SECOND))
                .isEqualTo(
                        "study: 0 of 1 cells, 2 min left, 30 s gone, 1 running at 2.5 of 10.0 million launches, 83 thousand launches a second");
    }

    @Test
    void cellsThatHaveFinishedAndThoseThatRunCount() {
        progress.began(1000);
        progress.launched(1000);
        progress.finished(result(1000));
        progress.began(1000);
        progress.began(1000);
        progress.launched(500);

        assertThat(progress.line(30 * SECOND))
                .isEqualTo(
                        "study: 1 of 4 cells, 50 s left, 30 s gone, 2 running at 500 of 2000 launches, 50 launches a second");
        progress.launched(1500);
        progress.finished(result(1000));
        progress.finished(result(1000));
        assertThat(progress.line(60 * SECOND))
                .isEqualTo("study: 3 of 4 cells, 20 s left, 60 s gone, 50 launches a second");
    }
}
