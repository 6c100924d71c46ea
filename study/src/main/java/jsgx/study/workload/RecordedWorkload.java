package jsgx.study.workload;

import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import jsgx.study.trace.Event;
import jsgx.study.trace.Recorded;
import jsgx.study.trace.Trace;
import jsgx.study.trace.TraceBuilder;
import jsgx.study.trace.TraceFile;

/**
 * A workload that was recorded: always the same; with a scale below 1 its beginning, which is never less than some thousand events.
 *
 * @param recorded the trace, and what could not be taken or checked
 */
public record RecordedWorkload(Recorded recorded) implements Workload {

    /** So many events are quickly run, and fewer say little. */
    static final int LEAST_EVENTS = 5000;

    @Override
    public String name() {
        return recorded.trace().name();
    }

    @Override
    public String question() {
        return "What would have been best for what was recorded here?";
    }

    /** What could not be taken or checked, for people. */
    public List<String> notes() {
        return recorded.notes();
    }

    @Override
    public String sha256() {
        MessageDigest sha256 = Sha256.digest();
        try {
            TraceFile.write(recorded.trace(), new DigestOutputStream(OutputStream.nullOutputStream(), sha256));
        } catch (IOException e) {
            throw new IllegalStateException("nothing is written", e);
        }
        return HexFormat.of().formatHex(sha256.digest());
    }

    @Override
    public Trace trace(long seed, double scale) {
        if (!(scale > 0)) {
            throw new IllegalArgumentException("expected a scale above 0, found " + scale);
        }
        Trace whole = recorded.trace();
        int events = scale >= 1 ? whole.size() : Math.max(LEAST_EVENTS, (int) Math.ceil(whole.size() * scale));
        return events >= whole.size() ? whole : beginning(whole, events);
    }

    private static Trace beginning(Trace whole, int events) {
        TraceBuilder trace = new TraceBuilder(whole.name(), whole.processors());
        for (int i = 0; i < whole.machines().size(); i++) {
            trace.machine(whole.machines().get(i), whole.processor(i));
        }
        for (int i = 0; i < whole.workloads().size(); i++) {
            int workload = trace.workload(whole.workloads().get(i), whole.machine(i));
            if (whole.attacks(i)) {
                trace.attacks(workload);
            }
        }
        for (int i = 0; i < whole.enclaves(); i++) {
            trace.enclave(whole.identity(i));
        }
        for (int i = 0; i < events; i++) {
            Event event = whole.event(i);
            trace.add(whole.micros(i), event, whole.subject(i), whole.object(i));
        }
        return trace.build();
    }
}
