package jsgx.host.log;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;

/**
 * One thing that is logged.
 *
 * @param service the part of the host, or the library, that logs it
 * @param thrown what went wrong; null where nothing was thrown
 */
record Entry(
        Instant time,
        String level,
        String service,
        String message,
        List<Field> fields,
        @Nullable Throwable thrown) {

    private static final String OURS = "jsgx.host.";
    private static final Formatter PLAIN = new Formatter() {
        @Override
        public String format(LogRecord entry) {
            return formatMessage(entry);
        }
    };

    static Entry of(LogRecord entry) {
        List<Field> fields = new ArrayList<>();
        Object[] parameters = entry.getParameters();
        for (Object parameter : parameters == null ? new Object[0] : parameters) {
            if (parameter instanceof Field field) {
                fields.add(field);
            }
        }
        return new Entry(
                entry.getInstant(),
                level(entry.getLevel()),
                service(String.valueOf(entry.getLoggerName())),
                // A message with fields is a text of ours: it is no pattern.
                fields.isEmpty() ? PLAIN.format(entry) : String.valueOf(entry.getMessage()),
                fields,
                entry.getThrown());
    }

    private static String level(Level level) {
        if (level.intValue() >= Level.SEVERE.intValue()) {
            return "error";
        }
        if (level.intValue() >= Level.WARNING.intValue()) {
            return "warning";
        }
        return level.intValue() >= Level.INFO.intValue() ? "info" : "debug";
    }

    /** {@code aesm} for a logger of the package jsgx.host.aesm; the last word of a library's. */
    private static String service(String logger) {
        if (logger.startsWith(OURS)) {
            return logger.substring(OURS.length()).split("\\.", 2)[0].toLowerCase(Locale.ROOT);
        }
        return logger.equals("jsgx.host") ? "host" : logger.substring(logger.lastIndexOf('.') + 1);
    }
}
