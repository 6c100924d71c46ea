package jsgx.host.log;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Log lines for people: time, level, service, message and {@code name=value}. */
final class TextLines {

    private static final int LEVEL_WIDTH = 7;
    private static final int SERVICE_WIDTH = 8;
    private static final int MOST_CAUSES = 8;

    private TextLines() {}

    static String of(Entry entry) {
        StringBuilder line = new StringBuilder();
        Instant time = entry.time().truncatedTo(ChronoUnit.MILLIS);
        line.append("%s %s %s "
                .formatted(time, padded(entry.level(), LEVEL_WIDTH), padded(entry.service(), SERVICE_WIDTH)));
        escape(line, entry.message());
        for (Field field : entry.fields()) {
            line.append(' ').append(field.name()).append('=');
            value(line, field.value());
        }
        trace(line, entry.thrown());
        return line.append('\n').toString();
    }

    private static String padded(String text, int width) {
        StringBuilder padded = new StringBuilder();
        escape(padded, text);
        return padded + " ".repeat(Math.max(0, width - padded.length()));
    }

    /** A value in quotes where it would not be told from what follows. */
    private static void value(StringBuilder line, String value) {
        boolean plain = !value.isEmpty() && value.chars().allMatch(c -> c > ' ' && c != '"' && c != '=' && c < 0x7f);
        if (plain) {
            line.append(value);
            return;
        }
        line.append('"');
        escape(line, value.replace("\\", "\\\\").replace("\"", "\\\""));
        line.append('"');
    }

    /** What would end the line, or move a terminal's cursor, as an escape. */
    private static void escape(StringBuilder line, String text) {
        text.codePoints().forEach(c -> {
            if (Character.isISOControl(c)
                    || Character.getType(c) == Character.FORMAT
                    || Character.getType(c) == Character.LINE_SEPARATOR
                    || Character.getType(c) == Character.PARAGRAPH_SEPARATOR
                    || Character.getType(c) == Character.SURROGATE) {
                line.append("\\u%04x".formatted(c).toLowerCase(Locale.ROOT));
            } else {
                line.appendCodePoint(c);
            }
        });
    }

    private static void trace(StringBuilder line, @Nullable Throwable thrown) {
        @Nullable Throwable each = thrown;
        for (int i = 0; each != null && i < MOST_CAUSES; i++) {
            line.append(i == 0 ? "\n    " : "\n    caused by ");
            escape(line, each.toString());
            for (StackTraceElement frame : each.getStackTrace()) {
                line.append("\n      at ");
                escape(line, frame.toString());
            }
            each = each.getCause();
        }
    }
}
