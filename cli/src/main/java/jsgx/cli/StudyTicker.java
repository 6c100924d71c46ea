package jsgx.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.LongFunction;

/** What goes on, on standard error: one line that changes on a terminal, else a line now and then, ever more seldom. Short work says nothing. */
final class StudyTicker implements AutoCloseable {

    private static final long ON_TERMINAL_MILLIS = 1_000;
    private static final long FIRST_MILLIS = 10_000;
    private static final long MOST_MILLIS = 300_000;

    /** A terminal that is too narrow for the line shows its beginning. */
    private static final String NO_WRAP = "\u001b[?7l";

    private static final String WRAP = "\u001b[?7h";

    private final PrintStream err;
    private final boolean terminal;
    private final LongFunction<String> line;
    private final long begun = System.nanoTime();
    private final Thread thread;
    private boolean shown;

    /**
     * Begins to show it.
     *
     * @param line what to show after so many nanoseconds; asked from a thread of its own
     */
    StudyTicker(Surroundings surroundings, LongFunction<String> line) {
        this.err = surroundings.err();
        this.terminal = surroundings.terminal() && errorIsTerminal();
        this.line = line;
        this.thread = Thread.ofPlatform().daemon().name("study-progress").start(this::tick);
    }

    private static boolean errorIsTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    private void tick() {
        try {
            for (long wait = FIRST_MILLIS; ; wait = Math.min(2 * wait, MOST_MILLIS)) {
                Thread.sleep(terminal ? ON_TERMINAL_MILLIS : wait);
                show();
            }
        } catch (InterruptedException e) {
            // The work has ended.
        }
    }

    private synchronized void show() {
        String now = Text.printable(line.apply(System.nanoTime() - begun));
        if (terminal) {
            err.print("\r" + NO_WRAP + now + "\u001b[K" + WRAP);
            err.flush();
        } else {
            err.println(now);
        }
        shown = true;
    }

    /** A time in the unit that suits it. */
    static String span(double seconds) {
        long whole = Math.round(seconds);
        return whole < 90
                ? whole + " s"
                : whole < 5400
                        ? Math.round(whole / 60.0) + " min"
                        : String.format(Locale.ROOT, "%.1f h", whole / 3600.0);
    }

    @Override
    public void close() {
        thread.interrupt();
        synchronized (this) {
            if (shown && terminal) {
                err.print("\r\u001b[K");
                err.flush();
            }
        }
    }
}
