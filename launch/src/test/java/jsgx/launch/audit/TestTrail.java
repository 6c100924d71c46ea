package jsgx.launch.audit;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import jsgx.launch.LaunchException;
import jsgx.launch.file.CrashFiles;
import jsgx.launch.file.FileLayer;
import jsgx.launch.file.RecordLog;

/** An audit trail in memory, and the hands of somebody who changes it. */
final class TestTrail {

    static final Path FOLDER = Path.of("/state/audit");
    static final AuditKey KEY = AuditKey.generate(new SecureRandom());
    static final Instant NOON = Instant.parse("2026-03-04T12:00:00Z");

    final CrashFiles files;
    final AtomicReference<Instant> now = new AtomicReference<>(NOON);
    final InstantSource clock = now::get;
    AuditOptions options = AuditOptions.defaults().withCheckpoints(5, Duration.ofHours(1));

    TestTrail() {
        this(new CrashFiles());
    }

    TestTrail(CrashFiles files) {
        this.files = files;
    }

    static AuditEvent event(String id) {
        return new AuditEvent(
                id,
                NOON,
                AuditEvent.Kind.OUTCOME,
                "uid:1000",
                "c5".repeat(32),
                "83".repeat(32),
                "0x4/0x3",
                7,
                3,
                "launched",
                "team-a",
                12,
                "launch-enclave",
                "SGX_SUCCESS",
                "why: \"it\" \\ may\n\t\u0001 \u00e9\u4e16\ud83d\ude00");
    }

    AuditLog open() throws LaunchException {
        return AuditLog.open(files, FOLDER, KEY, options, clock);
    }

    /** Records some launches. */
    void fill(int count) throws LaunchException {
        try (AuditLog log = open()) {
            for (int i = 1; i <= count; i++) {
                log.record(event("launch-" + i));
            }
        }
    }

    List<AuditEntry> entries() throws LaunchException {
        return entries(files, FOLDER);
    }

    static List<AuditEntry> entries(FileLayer files, Path folder) throws LaunchException {
        List<AuditEntry> all = new ArrayList<>();
        try (AuditReader reader = AuditReader.open(files, folder)) {
            reader.read(all::add);
        }
        return all;
    }

    List<String> ids() throws LaunchException {
        return ids(entries());
    }

    static List<String> ids(List<AuditEntry> entries) {
        List<String> ids = new ArrayList<>();
        for (AuditEntry entry : entries) {
            if (entry instanceof AuditEntry.Event event) {
                ids.add(event.event().id());
            }
        }
        return ids;
    }

    AuditAnchor anchor() throws LaunchException {
        AuditEntry last = entries().getLast();
        return new AuditAnchor(last.number(), last.hash());
    }

    AuditVerification verify(AuditAnchor... anchors) throws LaunchException {
        return AuditReader.verify(files, FOLDER, KEY.id(), List.of(anchors));
    }

    static Path segment(int index) {
        return FOLDER.resolve(AuditSegments.name(index));
    }

    /** The records of a file, as they lie there. */
    List<byte[]> records(int index) throws LaunchException {
        List<byte[]> all = new ArrayList<>();
        try (RecordLog log = RecordLog.openForReading(files, segment(index), AuditFormat.FILE)) {
            log.read(0, (record, end) -> all.add(bytes(record)));
        }
        return all;
    }

    /** Puts a file with these records in the place of another, with all checksums as they should be. */
    void replace(int index, List<byte[]> records) throws LaunchException {
        CrashFiles forge = new CrashFiles();
        try (RecordLog log = RecordLog.open(forge, segment(index), AuditFormat.FILE)) {
            for (byte[] record : records) {
                log.append(record);
            }
        }
        files.put(segment(index), forge.content(segment(index)));
    }

    private static byte[] bytes(ByteBuffer record) {
        byte[] bytes = new byte[record.remaining()];
        record.get(bytes);
        return bytes;
    }
}
