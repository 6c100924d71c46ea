package jsgx.host.fleet;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditAnchor;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.audit.AuditReader;
import org.jspecify.annotations.Nullable;

/**
 * Streams a host's audit trail into the fleet's. Where it is lies with the stream: a record and the trail's new cursor are one step of the
 * engine, so that a host which was away, or ended in the middle, goes on where the stream ends. Only what is durable in the host's own
 * trail is streamed.
 */
final class FleetStreamer implements AutoCloseable {

    private static final int BATCH = 500;

    private final FleetStore store;
    private final Path folder;
    private final FleetTrail trail;
    private final InstantSource clock;

    private @Nullable AuditReader reader;

    /** The trail's last record in the stream. */
    private volatile AuditAnchor cursor = new AuditAnchor(0, "");

    /** When the first record was made that is not in the stream; null where all are. */
    private volatile @Nullable Instant oldest;

    /** Records that were read and are not in the stream. */
    private List<AuditEntry> pending = List.of();

    /** The last record that was read. */
    private long read;

    FleetStreamer(FleetStore store, Path folder, FleetTrail trail, InstantSource clock) {
        this.store = store;
        this.folder = folder;
        this.trail = trail;
        this.clock = clock;
    }

    /** The number of the last record in the stream. */
    long number() {
        return cursor.number();
    }

    /** How old the first record is that is not in the stream; 0 where all are. */
    long lagMillis() {
        Instant first = oldest;
        return first == null
                ? 0
                : Math.max(0, Duration.between(first, clock.instant()).toMillis());
    }

    /** Streams what is not streamed yet; one thread at a time, as a batch belongs to the cursor that it was read after. */
    synchronized void stream() throws LaunchException {
        boolean done = false;
        try {
            AuditReader from = reader == null ? begin() : reader;
            for (List<AuditEntry> next = next(from); !next.isEmpty(); next = next(from)) {
                append(next);
            }
            done = true;
        } finally {
            if (!done) {
                // Where the stream is may be another place than it was; asked again next time.
                close();
            }
        }
    }

    private AuditReader begin() throws LaunchException {
        AuditAnchor at = store.cursor(trail);
        AuditReader fresh = AuditReader.openAt(folder, Math.max(1, at.number()));
        cursor = at;
        read = 0;
        pending = List.of();
        reader = fresh;
        return fresh;
    }

    /** What comes after the cursor; checks that the trail goes on from it. */
    private List<AuditEntry> next(AuditReader from) throws LaunchException {
        if (!pending.isEmpty()) {
            return pending;
        }
        AuditAnchor at = cursor;
        while (true) {
            List<AuditEntry> page = from.next(BATCH);
            if (page.isEmpty()) {
                if (read < at.number()) {
                    throw fork("ends at record %d".formatted(read));
                }
                oldest = null;
                return pending;
            }
            read = page.getLast().number();
            List<AuditEntry> after = new ArrayList<>(page.size());
            for (AuditEntry entry : page) {
                if (entry.number() == at.number() && !entry.hash().equals(at.hash())) {
                    throw fork("has another record %d".formatted(entry.number()));
                }
                if (entry.number() > at.number()) {
                    after.add(entry);
                }
            }
            if (!after.isEmpty()) {
                pending = after;
                oldest = after.getFirst().time();
                return pending;
            }
        }
    }

    private LaunchException fork(String how) {
        return new LaunchException(
                "this host's audit trail %s, the fleet's stream has it up to record %d: an older trail was put in its place, or another host has the same platform; nothing more is streamed. Verify the trail with  jsgx audit verify ; to begin another put the folder %s away"
                        .formatted(how, cursor.number(), folder));
    }

    private void append(List<AuditEntry> entries) throws LaunchException {
        AuditEntry last = entries.getLast();
        AuditAnchor now = store.append(trail, cursor, entries);
        boolean appended = now.number() == last.number() && now.hash().equals(last.hash());
        pending = List.of();
        if (appended) {
            cursor = now;
        } else {
            // The stream was elsewhere: it came back without its last records, or an answer was lost on its way.
            throw new LaunchException(
                    "the fleet's stream has this host's trail up to record %d, expected %d: looking again"
                            .formatted(now.number(), cursor.number()));
        }
    }

    @Override
    public synchronized void close() {
        AuditReader open = reader;
        reader = null;
        if (open != null) {
            open.close();
        }
    }
}
