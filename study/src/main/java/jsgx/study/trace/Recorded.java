package jsgx.study.trace;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.SortedMap;
import jsgx.launch.audit.FlatJson;
import org.jspecify.annotations.Nullable;

/**
 * What was recorded of some hosts: a trace file, or the export of an audit trail.
 *
 * @param trace the whole of it
 * @param notes what could not be taken or checked, for people; empty where there is nothing to say
 */
public record Recorded(Trace trace, List<String> notes) {

    public Recorded {
        notes = List.copyOf(notes);
    }

    /**
     * Reads either of them; the first line says which it is.
     *
     * @param file its name, for messages and for the trace of an export
     * @throws TraceException says what is wrong, and where
     */
    public static Recorded read(String file, InputStream in) throws IOException, TraceException {
        Lines lines = new Lines(file, in);
        @Nullable String first = lines.text();
        if (first == null) {
            throw lines.wrong("expected a trace, or what  jsgx audit export  writes, found an empty file");
        }
        SortedMap<String, FlatJson.Member> members = lines.object(first);
        if (members.containsKey(TraceFile.VERSION_KEY)) {
            return new Recorded(new TraceReader(lines, members).read(), List.of());
        }
        if (members.containsKey("hash")) {
            return new AuditReplay(lines, file).read(first);
        }
        throw lines.wrong(
                1,
                "expected the first line of a trace, {\"%s\":%d,…}, or of what  jsgx audit export  writes, found the members %s"
                        .formatted(TraceFile.VERSION_KEY, TraceFile.VERSION, members.keySet()));
    }
}
