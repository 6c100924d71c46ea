package jsgx.host.log;

import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The log of this process: what the host and the libraries under it log goes to one stream, in one format, until this is closed. It is made once
 * in a process that is a host's.
 */
public final class Logging implements AutoCloseable {

    /** Libraries that tell more than an operator wants to know. */
    private static final List<String> TALKATIVE = List.of("io.helidon", "redis.clients.jedis");

    private final Logger root = LogManager.getLogManager().getLogger("");
    private final Handler[] former = root.getHandlers();

    /** Kept, as the log manager forgets loggers that nobody has. */
    private final List<Logger> talkative =
            TALKATIVE.stream().map(Logger::getLogger).toList();

    private final Lines lines;

    private Logging(Lines lines) {
        this.lines = lines;
    }

    /**
     * Sends what is logged to a stream.
     *
     * @param json whether as JSON; else as text
     * @param level the least level that is logged
     */
    public static Logging to(OutputStream stream, boolean json, Level level) {
        Logging logging = new Logging(new Lines(new PrintStream(stream, false, StandardCharsets.UTF_8), json));
        Arrays.stream(logging.former).forEach(logging.root::removeHandler);
        logging.root.addHandler(logging.lines);
        logging.set(json, level);
        return logging;
    }

    /** Logs in another format, or other levels, from now on. */
    public void set(boolean json, Level level) {
        lines.json = json;
        java.util.logging.Level least = switch (level) {
            case ALL, TRACE, DEBUG -> java.util.logging.Level.FINE;
            case INFO -> java.util.logging.Level.INFO;
            case WARNING -> java.util.logging.Level.WARNING;
            case ERROR, OFF -> java.util.logging.Level.SEVERE;
        };
        root.setLevel(least);
        for (Logger library : talkative) {
            library.setLevel(
                    least.intValue() < java.util.logging.Level.INFO.intValue()
                            ? java.util.logging.Level.INFO
                            : least.intValue() > java.util.logging.Level.WARNING.intValue()
                                    ? least
                                    : java.util.logging.Level.WARNING);
        }
    }

    @Override
    public void close() {
        root.removeHandler(lines);
        Arrays.stream(former).forEach(root::addHandler);
    }

    /** Writes each entry whole and at once. */
    private static final class Lines extends Handler {

        private final PrintStream stream;
        private volatile boolean json;

        Lines(PrintStream stream, boolean json) {
            this.stream = stream;
            this.json = json;
        }

        @Override
        public void publish(LogRecord logged) {
            if (isLoggable(logged)) {
                Entry entry = Entry.of(logged);
                byte[] line = (json ? JsonLines.of(entry) : TextLines.of(entry)).getBytes(StandardCharsets.UTF_8);
                synchronized (this) {
                    // A stream that nobody reads any more does not end the host.
                    stream.write(line, 0, line.length);
                    stream.flush();
                }
            }
        }

        @Override
        public void flush() {
            stream.flush();
        }

        @Override
        public void close() {
            stream.flush();
        }
    }
}
