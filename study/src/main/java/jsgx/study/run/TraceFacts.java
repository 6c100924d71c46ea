package jsgx.study.run;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import jsgx.study.trace.Event;
import jsgx.study.trace.Trace;

/**
 * What a trace is made of, by which a report knows what questions it can answer.
 *
 * @param sha256 over all that is in it but its name
 * @param launches events of either kind of launch
 * @param lastLaunches those that user space knows to be the last of their enclave
 * @param microcodes changes of CPUSVN, up and down
 */
public record TraceFacts(
        String sha256,
        long workloads,
        long machines,
        long packages,
        long enclaves,
        long launches,
        long lastLaunches,
        long reboots,
        long migrations,
        long rotations,
        long microcodes,
        long revocations) {

    private static final int BLOCK = 1 << 16;
    private static final int EVENT_BYTES = 8 + 1 + 4 + 4;

    /** Those of a trace. */
    static TraceFacts of(Trace trace) {
        long[] counts = new long[Event.values().length];
        MessageDigest sha256 = digest();
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        for (int i = 0; i < trace.size(); i++) {
            Event event = trace.event(i);
            counts[event.ordinal()]++;
            if (block.remaining() < EVENT_BYTES) {
                sha256.update(block.flip());
                block.clear();
            }
            block.putLong(trace.micros(i))
                    .put((byte) event.ordinal())
                    .putInt(trace.subject(i))
                    .putInt(trace.object(i));
        }
        sha256.update(block.flip());
        for (int i = 0; i < trace.workloads().size(); i++) {
            add(sha256, trace.workloads().get(i), trace.machine(i));
            sha256.update((byte) (trace.attacks(i) ? 1 : 0));
        }
        for (int i = 0; i < trace.machines().size(); i++) {
            add(sha256, trace.machines().get(i), trace.processor(i));
        }
        for (int i = 0; i < trace.enclaves(); i++) {
            sha256.update(trace.identity(i).bytes());
        }
        return new TraceFacts(
                HexFormat.of().formatHex(sha256.digest()),
                trace.workloads().size(),
                trace.machines().size(),
                trace.processors(),
                trace.enclaves(),
                count(counts, Event.LAUNCH) + count(counts, Event.LAST_LAUNCH),
                count(counts, Event.LAST_LAUNCH),
                count(counts, Event.REBOOT),
                count(counts, Event.MIGRATE),
                count(counts, Event.ROTATE_LAUNCH_ENCLAVE),
                count(counts, Event.RAISE_CPUSVN) + count(counts, Event.LOWER_CPUSVN),
                count(counts, Event.REVOKE));
    }

    private static long count(long[] counts, Event event) {
        return counts[event.ordinal()];
    }

    private static void add(MessageDigest digest, String name, int where) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(8 + text.length)
                .putInt(text.length)
                .put(text)
                .putInt(where)
                .flip());
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("sha256", sha256);
        json.put("workloads", workloads);
        json.put("machines", machines);
        json.put("packages", packages);
        json.put("enclaves", enclaves);
        json.put("launches", launches);
        json.put("lastLaunches", lastLaunches);
        json.put("reboots", reboots);
        json.put("migrations", migrations);
        json.put("rotations", rotations);
        json.put("microcodes", microcodes);
        json.put("revocations", revocations);
        return json;
    }

    static TraceFacts of(Fields fields) throws StudyException {
        String sha256 = fields.string("sha256");
        if (!sha256.matches("[0-9a-f]{64}")) {
            throw fields.wrong("sha256", "64 lower-case hexadecimal digits");
        }
        return new TraceFacts(
                sha256,
                fields.count("workloads"),
                fields.count("machines"),
                fields.count("packages"),
                fields.count("enclaves"),
                fields.count("launches"),
                fields.count("lastLaunches"),
                fields.count("reboots"),
                fields.count("migrations"),
                fields.count("rotations"),
                fields.count("microcodes"),
                fields.count("revocations"));
    }
}
