package jsgx.study.trace;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import jsgx.arch.struct.Attributes;
import jsgx.launch.audit.FlatJson;
import jsgx.launch.token.TokenIdentity;

/**
 * A trace as a file that any program can write: JSON Lines in UTF-8, each line one flat object of strings and integers, members in any order.
 *
 * <pre>
 * {"jsgxTrace":1,"name":"two guests","packages":2}
 * {"machine":"guest-1","package":0}
 * {"workload":"shop","machine":"guest-1"}
 * {"enclave":"cards","mrenclave":"…64 hex digits…","mrsigner":"…","attributes":"00000000000000040000000000000003"}
 * {"micros":1000,"event":"launch","workload":"shop","enclave":"cards"}
 * {"micros":2500,"event":"reboot","machine":"guest-1"}
 * {"end":2}
 * </pre>
 *
 * <p>The first line is the header, the last one says how many events there are, so that a file that was cut off shows. A machine, a workload or an
 * enclave stands before the first line that names it. A workload that is there to harm the others has {@code "role":"attacker"}. {@code mrenclave}, {@code mrsigner} and {@code attributes} (FLAGS and XFRM) may be left out, all
 * three: then the name stands for an identity of its own. Times are microseconds since the trace began and never go back; the same event does
 * not happen twice in a microsecond. Events are named as {@link Event} says; {@code migrate} has {@code machine} and {@code package}, {@code revoke} and
 * {@code reinstate} have {@code enclave}.
 */
public final class TraceFile {

    static final String VERSION_KEY = "jsgxTrace";
    static final long VERSION = 1;
    static final String ATTACKER = "attacker";

    private TraceFile() {}

    /**
     * Reads a trace; all of it or nothing.
     *
     * @param file its name, for messages
     * @throws TraceException says what is wrong, and where
     */
    public static Trace read(String file, InputStream in) throws IOException, TraceException {
        Lines lines = new Lines(file, in);
        String first = lines.text();
        if (first == null) {
            throw lines.wrong("expected a trace, found an empty file");
        }
        return new TraceReader(lines, lines.object(first)).read();
    }

    /** Writes a trace; the stream stays open. */
    public static void write(Trace trace, OutputStream out) throws IOException {
        BufferedOutputStream buffered = new BufferedOutputStream(out, 1 << 16);
        StringBuilder line = new StringBuilder();
        line.append("{\"jsgxTrace\":").append(VERSION).append(",\"name\":");
        string(line, trace.name()).append(",\"packages\":").append(trace.processors());
        end(line, buffered);
        for (int i = 0; i < trace.machines().size(); i++) {
            line.append("{\"machine\":");
            string(line, trace.machines().get(i)).append(",\"package\":").append(trace.processor(i));
            end(line, buffered);
        }
        for (int i = 0; i < trace.workloads().size(); i++) {
            line.append("{\"workload\":");
            string(line, trace.workloads().get(i)).append(",\"machine\":");
            string(line, trace.machines().get(trace.machine(i)));
            if (trace.attacks(i)) {
                line.append(",\"role\":\"").append(ATTACKER).append('"');
            }
            end(line, buffered);
        }
        HexFormat hex = HexFormat.of();
        for (int i = 0; i < trace.enclaves(); i++) {
            TokenIdentity identity = trace.identity(i);
            line.append("{\"enclave\":\"").append(i).append("\",\"mrenclave\":\"");
            line.append(hex.formatHex(identity.mrEnclave())).append("\",\"mrsigner\":\"");
            line.append(hex.formatHex(identity.mrSigner())).append("\",\"attributes\":\"");
            Attributes attributes = identity.attributes();
            line.append(hex.toHexDigits(attributes.flags()))
                    .append(hex.toHexDigits(attributes.xfrm()))
                    .append('"');
            end(line, buffered);
        }
        for (int i = 0; i < trace.size(); i++) {
            Event event = trace.event(i);
            line.append("{\"micros\":").append(trace.micros(i)).append(",\"event\":\"");
            line.append(event).append('"');
            named(line, trace, event.subject(), trace.subject(i));
            named(line, trace, event.object(), trace.object(i));
            end(line, buffered);
        }
        line.append("{\"end\":").append(trace.size());
        end(line, buffered);
        buffered.flush();
    }

    private static void named(StringBuilder line, Trace trace, Event.Kind kind, int number) {
        switch (kind) {
            case WORKLOAD ->
                string(line.append(",\"workload\":"), trace.workloads().get(number));
            case MACHINE ->
                string(line.append(",\"machine\":"), trace.machines().get(number));
            case PACKAGE -> line.append(",\"package\":").append(number);
            case ENCLAVE -> line.append(",\"enclave\":\"").append(number).append('"');
            case NOTHING -> {}
        }
    }

    private static StringBuilder string(StringBuilder line, String value) {
        return FlatJson.quote(line, value);
    }

    private static void end(StringBuilder line, OutputStream out) throws IOException {
        out.write(line.append("}\n").toString().getBytes(StandardCharsets.UTF_8));
        line.setLength(0);
    }
}
