package jsgx.cli;

import java.util.Locale;
import jsgx.study.run.CellResult;
import jsgx.study.run.Study;

/** How far a study's cells are. */
final class StudyProgress implements Study.Progress {

    private final long cells;
    private long finished;
    private long running;
    /** Launches of the cells that run. */
    private long runningLaunches;
    /** Launches that are done with, of cells that have finished and of those that run. */
    private long launches;
    /** Those of them whose cells run. */
    private long runningDone;

    /** None has begun of so many. */
    StudyProgress(long cells) {
        this.cells = cells;
    }

    @Override
    public synchronized void began(long ofCell) {
        running++;
        runningLaunches += ofCell;
    }

    @Override
    public synchronized void launched(long more) {
        launches += more;
        runningDone += more;
    }

    @Override
    public synchronized void finished(CellResult result) {
        long ofCell = result.trace().launches();
        finished++;
        running--;
        runningLaunches -= ofCell;
        runningDone = Math.max(0, runningDone - ofCell);
    }

    /** The line after a time: what is left is judged by the cells that have finished, and the part of those that run. */
    synchronized String line(long nanos) {
        double seconds = nanos / 1e9;
        double part = finished + (runningLaunches == 0 ? 0 : (double) running * runningDone / runningLaunches);
        return "study: %s of %s cells%s, %s gone%s, %s launches a second"
                .formatted(
                        finished,
                        cells,
                        part == 0 ? "" : ", " + StudyTicker.span(seconds / part * (cells - part)) + " left",
                        StudyTicker.span(seconds),
                        running == 0
                                ? ""
                                : ", %s running at %s launches".formatted(running, of(runningDone, runningLaunches)),
                        amount(launches / seconds));
    }

    private static String of(long some, long all) {
        return all >= 1_000_000
                ? String.format(Locale.ROOT, "%.1f of %.1f million", some / 1e6, all / 1e6)
                : all >= 10_000
                        ? String.format(Locale.ROOT, "%.0f of %.0f thousand", some / 1e3, all / 1e3)
                        : some + " of " + all;
    }

    private static String amount(double number) {
        return number >= 1e6
                ? String.format(Locale.ROOT, "%.1f million", number / 1e6)
                : number >= 1e4
                        ? String.format(Locale.ROOT, "%.0f thousand", number / 1e3)
                        : String.format(Locale.ROOT, "%.0f", number);
    }
}
