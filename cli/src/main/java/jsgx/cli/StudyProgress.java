package jsgx.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import jsgx.study.run.CellResult;
import jsgx.study.run.Study;

/** How a study comes along, on standard error: one line that changes on a terminal, else a line now and then, ever more seldom. Short studies say nothing. */
final class StudyProgress implements Study.Progress, AutoCloseable {

    private static final long ON_TERMINAL_MILLIS = 1_000;
    private static final long FIRST_MILLIS = 10_000;
    private static final long MOST_MILLIS = 300_000;

    private final PrintStream err;
    private final boolean terminal;
    private final long cells;
    private final long begun = System.nanoTime();
    private final Thread ticker =
            Thread.ofPlatform().daemon().name("study-progress").unstarted(this::tick);
    private long finished;
    private long running;
    /** Launches of the cells that run. */
    private long runningLaunches;
    /** Launches that are done with, of cells that have finished and of those that run. */
    private long launches;
    /** Those of them whose cells run. */
    private long runningDone;

    private boolean shown;

    /**
     * Begins to show it.
     *
     * @param cells how many there are to be run
     */
    StudyProgress(Surroundings surroundings, long cells) {
        this(surroundings.err(), surroundings.terminal() && errorIsTerminal(), cells);
        ticker.start();
    }

    /** One whose line nobody sees. */
    StudyProgress(PrintStream err, boolean terminal, long cells) {
        this.err = err;
        this.terminal = terminal;
        this.cells = cells;
    }

    private static boolean errorIsTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
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

    private void tick() {
        try {
            for (long wait = FIRST_MILLIS; ; wait = Math.min(2 * wait, MOST_MILLIS)) {
                Thread.sleep(terminal ? ON_TERMINAL_MILLIS : wait);
                show();
            }
        } catch (InterruptedException e) {
            // The study has ended.
        }
    }

    private synchronized void show() {
        String line = line(System.nanoTime() - begun);
        if (terminal) {
            err.print("\r" + line + "\u001b[K");
            err.flush();
        } else {
            err.println(line);
        }
        shown = true;
    }

    /** The line after a time: what is left is judged by the cells that have finished, and the part of those that run. */
    synchronized String line(long nanos) {
        double seconds = nanos / 1e9;
        double part = finished + (runningLaunches == 0 ? 0 : (double) running * runningDone / runningLaunches);
        return "study: %s of %s cells%s, %s launches a second, %s gone%s"
                .formatted(
                        finished,
                        cells,
                        running == 0
                                ? ""
                                : ", %s running at %s launches".formatted(running, of(runningDone, runningLaunches)),
                        amount(launches / seconds),
                        span(seconds),
                        part == 0 ? "" : ", " + span(seconds / part * (cells - part)) + " left");
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

    private static String span(double seconds) {
        long whole = Math.round(seconds);
        return whole < 90
                ? whole + " s"
                : whole < 5400
                        ? Math.round(whole / 60.0) + " min"
                        : String.format(Locale.ROOT, "%.1f h", whole / 3600.0);
    }

    @Override
    public void close() {
        ticker.interrupt();
        synchronized (this) {
            if (shown && terminal) {
                err.print("\r\u001b[K");
                err.flush();
            }
        }
    }
}
