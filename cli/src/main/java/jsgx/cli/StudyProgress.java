package jsgx.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import jsgx.study.run.CellResult;
import jsgx.study.run.Study;

/** How a study comes along, on standard error: one line that changes on a terminal, else a line now and then. Short studies say nothing. */
final class StudyProgress implements Study.Progress, AutoCloseable {

    private static final long SECOND = 1_000_000_000L;
    private static final long ON_TERMINAL = SECOND;
    private static final long ELSEWHERE = 10 * SECOND;

    private final PrintStream err;
    private final boolean terminal;
    private final int cells;
    private final long begun = System.nanoTime();
    private final AtomicLong launches = new AtomicLong();
    private final AtomicLong finished = new AtomicLong();
    private final Thread ticker =
            Thread.ofPlatform().daemon().name("study-progress").unstarted(this::tick);
    private boolean shown;

    /**
     * Begins to show it.
     *
     * @param cells how many there are to be run
     */
    StudyProgress(Surroundings surroundings, int cells) {
        this.err = surroundings.err();
        this.terminal = surroundings.terminal() && errorIsTerminal();
        this.cells = cells;
        ticker.start();
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
    public void launched(long more) {
        launches.addAndGet(more);
    }

    @Override
    public void finished(CellResult result) {
        finished.incrementAndGet();
    }

    private void tick() {
        try {
            while (true) {
                Thread.sleep((terminal ? ON_TERMINAL : ELSEWHERE) / 1_000_000);
                show();
            }
        } catch (InterruptedException e) {
            // The study has ended.
        }
    }

    private synchronized void show() {
        long nanos = System.nanoTime() - begun;
        String line = line(finished.get(), cells, launches.get(), nanos);
        if (terminal) {
            err.print("\r" + line + "\u001b[K");
            err.flush();
        } else {
            err.println(line);
        }
        shown = true;
    }

    /** The line: what is left is judged by the cells that have finished. */
    static String line(long finished, long cells, long launches, long nanos) {
        double seconds = nanos / 1e9;
        String left = finished == 0 ? "" : ", " + span(seconds / finished * (cells - finished)) + " left";
        return "study: %s of %s cells, %s launches a second, %s gone%s"
                .formatted(finished, cells, rate(launches / seconds), span(seconds), left);
    }

    private static String rate(double each) {
        return each >= 1e6
                ? String.format(Locale.ROOT, "%.1f million", each / 1e6)
                : each >= 1e4
                        ? String.format(Locale.ROOT, "%.0f thousand", each / 1e3)
                        : String.format(Locale.ROOT, "%.0f", each);
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
