package jsgx.host.log;

import java.nio.charset.StandardCharsets;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import jsgx.launch.json.Json;
import org.jspecify.annotations.Nullable;

/** Log lines for machines: one JSON object a line, with time, level, service, message and the message's fields. */
final class JsonLines {

    private static final int MOST_CAUSES = 8;

    private JsonLines() {}

    static String of(Entry entry) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("time", entry.time().truncatedTo(ChronoUnit.MILLIS).toString());
        values.put("level", entry.level());
        values.put("service", entry.service());
        values.put("message", entry.message());
        entry.fields().forEach(field -> values.putIfAbsent(field.name(), field.value()));
        if (entry.thrown() != null) {
            values.put("trace", trace(entry.thrown()));
        }
        // Half of a character, as names of files may have, is none in UTF-8.
        values.replaceAll((name, value) -> new String(value.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
        return Json.line(values) + '\n';
    }

    private static String trace(Throwable thrown) {
        StringBuilder text = new StringBuilder();
        @Nullable Throwable each = thrown;
        for (int i = 0; each != null && i < MOST_CAUSES; i++) {
            text.append(i == 0 ? "" : "caused by ").append(each).append('\n');
            for (StackTraceElement frame : each.getStackTrace()) {
                text.append("  at ").append(frame).append('\n');
            }
            each = each.getCause();
        }
        return text.toString();
    }
}
