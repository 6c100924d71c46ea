package jsgx.launch.audit;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEntry.Checkpoint;
import jsgx.launch.file.FileLayer;
import jsgx.launch.file.RecordLog;
import jsgx.launch.pace.Pace;
import org.jspecify.annotations.Nullable;

/**
 * The audit trail of a platform, in a folder of files. Each entry carries the hash of all before it, and from time to time a checkpoint
 * carries a signature. Several threads and processes may record into one trail: each takes the trail's head under the lock of the file.
 *
 * <p>A file begins with a checkpoint; one that is full ends with a checkpoint that names the next.
 */
public final class AuditLog implements AuditTrail, AutoCloseable {

    /** How many bytes one write takes at most, give or take an entry. */
    private static final int WRITE_BYTES = 1 << 18;

    /** What the trail's next entry goes on from. */
    private record Head(
            long position, long number, byte[] hash, long signed, Instant signedAt, boolean begun, boolean continued) {}

    private final FileLayer files;
    private final Path folder;
    private final AuditKey key;
    private final AuditOptions options;
    private final InstantSource clock;

    private final ReentrantLock appending = new ReentrantLock();

    /** What an asynchronous trail has not written yet; the others have none. */
    private final @Nullable AuditQueue queue;

    /** How its writer makes entries. */
    private final Pace pace = Pace.yielding();

    // All of these are guarded by appending; what is on the disk by the lock of the file.

    private RecordLog segment;
    private int index;

    /** Up to where the present file was read. */
    private long position;

    /** The number of the last entry. */
    private long number;

    /** Its hash. */
    private byte[] head = AuditFormat.zeroes();

    /** The number of the last checkpoint, and its time. */
    private long signed;

    private Instant signedAt = Instant.EPOCH;

    /** Whether the present file has entries, and whether the last says that the trail goes on in the next. */
    private boolean begun;

    private boolean continued;

    private boolean closed;

    /** Entries that are made and not written yet, each a record, and how many bytes they have: one write takes many. */
    private final List<byte[]> unwritten = new ArrayList<>();

    private long unwrittenBytes;

    private AuditLog(FileLayer files, Path folder, AuditKey key, AuditOptions options, InstantSource clock, int index)
            throws LaunchException {
        this.files = files;
        this.folder = folder;
        this.key = key;
        this.options = options;
        this.clock = clock;
        this.index = index;
        this.segment = RecordLog.open(files, folder.resolve(AuditSegments.name(index)), AuditFormat.FILE);
        this.queue = options.durability() == Durability.ASYNC ? new AuditQueue(this::writeAndForce) : null;
    }

    /** Opens the trail in a folder, or begins one. */
    public static AuditLog open(Path folder, AuditOptions options, InstantSource clock) throws LaunchException {
        return open(FileLayer.REAL, folder, AuditKey.loadOrCreate(folder), options, clock);
    }

    static AuditLog open(FileLayer files, Path folder, AuditKey key, AuditOptions options, InstantSource clock)
            throws LaunchException {
        List<Integer> there = AuditSegments.list(files, folder);
        int last = there.isEmpty() ? 1 : there.getLast();
        AuditLog log = new AuditLog(files, folder, key, options, clock, last);
        boolean done = false;
        try {
            log.resume();
            done = true;
        } finally {
            if (!done) {
                log.segment.close();
            }
        }
        if (log.queue != null) {
            log.queue.start();
        }
        return log;
    }

    /** Takes the head from the present file, or from the one before where a crash came before its first entry. */
    private void resume() throws LaunchException {
        if (index > 1 && segment.end() == segment.start()) {
            try (RecordLog before =
                    RecordLog.openForReading(files, folder.resolve(AuditSegments.name(index - 1)), AuditFormat.FILE)) {
                follow(before, 0);
            }
            begun = false;
            continued = false;
        }
        appending.lock();
        try {
            exclusively(() -> {
                if (!begun) {
                    checkpoint("");
                }
            });
        } finally {
            appending.unlock();
        }
    }

    /** Makes entries with nobody else appending, and writes those that are left at the end; after a failure those that were written are read again. */
    private void exclusively(RecordLog.Work work) throws LaunchException {
        segment.exclusively(() -> {
            catchUp();
            Head before = new Head(position, number, head, signed, signedAt, begun, continued);
            boolean done = false;
            try {
                work.run();
                flush();
                done = true;
            } finally {
                if (!done) {
                    unwritten.clear();
                    unwrittenBytes = 0;
                    restore(before);
                }
            }
        });
    }

    private void flush() throws LaunchException {
        if (!unwritten.isEmpty()) {
            position = segment.append(unwritten);
            unwritten.clear();
            unwrittenBytes = 0;
        }
    }

    private void restore(Head before) {
        position = before.position();
        number = before.number();
        head = before.hash();
        signed = before.signed();
        signedAt = before.signedAt();
        begun = before.begun();
        continued = before.continued();
    }

    @Override
    public void record(AuditEvent event) throws LaunchException {
        if (queue != null) {
            queue.add(event);
        } else if (options.durability() == Durability.GROUP) {
            writeAndForce(List.of(event));
        } else {
            write(List.of(event));
        }
    }

    @Override
    public Lag lag() {
        return queue == null ? Lag.NONE : queue.lag();
    }

    private void writeAndForce(List<AuditEvent> events) throws LaunchException {
        RecordLog written;
        long upTo;
        appending.lock();
        try {
            write(events);
            written = segment;
            upTo = position;
        } finally {
            appending.unlock();
        }
        written.force(upTo);
    }

    private void write(List<AuditEvent> events) throws LaunchException {
        appending.lock();
        try {
            if (closed) {
                throw new LaunchException("the audit trail in " + folder + " is closed");
            }
            int done = append(events);
            while (done < events.size()) {
                next();
                done += append(events.subList(done, events.size()));
            }
        } finally {
            appending.unlock();
        }
    }

    /** Appends to the present file; how many, fewer than all where the trail goes on in the next. */
    private int append(List<AuditEvent> events) throws LaunchException {
        int[] done = {0};
        pace.begin();
        exclusively(() -> {
            while (done[0] < events.size() && hasRoom()) {
                append(events.get(done[0]));
                done[0]++;
                if (queue != null && pace.isDue() && queue.hasTime()) {
                    pace.giveWay();
                }
            }
            if (options.durability() == Durability.EACH && done[0] > 0) {
                flush();
                segment.force(position);
            }
        });
        return done[0];
    }

    /** Whether the present file takes one more; ends it where it is full. */
    private boolean hasRoom() throws LaunchException {
        if (!continued && segment.end() - segment.start() + unwrittenBytes >= options.segmentBytes()) {
            checkpoint(AuditSegments.name(index + 1));
            flush();
            // What comes after must not outlive what comes before.
            segment.force(position);
        }
        return !continued;
    }

    private void append(AuditEvent event) throws LaunchException {
        if (!begun) {
            checkpoint("");
        }
        write(new AuditEntry.Event(number + 1, "", event));
        if (number - signed >= options.checkpointRecords()
                || Duration.between(signedAt, clock.instant()).compareTo(options.checkpointInterval()) >= 0) {
            checkpoint("");
        }
    }

    /** Goes on in the next file. */
    private void next() throws LaunchException {
        RecordLog fresh = RecordLog.open(files, folder.resolve(AuditSegments.name(index + 1)), AuditFormat.FILE);
        // Other threads may still be waiting for what they recorded in it.
        segment.force(position);
        segment.close();
        segment = fresh;
        index++;
        position = 0;
        begun = false;
        continued = false;
    }

    private void catchUp() throws LaunchException {
        position = follow(segment, position);
    }

    /** Follows what others appended: the last entry and the last checkpoint tell all. */
    private long follow(RecordLog log, long from) throws LaunchException {
        @Nullable ByteBuffer[] last = new @Nullable ByteBuffer[2];
        long read = log.read(from, (record, end) -> {
            last[0] = kept(last[0], record);
            if (AuditFormat.isCheckpoint(record)) {
                last[1] = kept(last[1], record);
            }
        });
        if (last[1] != null && AuditFormat.entry(last[1]) instanceof Checkpoint found) {
            if (!found.key().equals(key.id())) {
                throw new LaunchException(
                        "the audit trail in %s: expected checkpoints of the key %s in the file key, found one of %s at entry %d; put back the key that signed this trail"
                                .formatted(folder, key.id(), found.key(), found.number()));
            }
            signed = found.number();
            signedAt = found.time();
            continued = !found.next().isEmpty();
        }
        if (last[0] != null) {
            AuditEntry entry = AuditFormat.entry(last[0]);
            number = entry.number();
            head = HexFormat.of().parseHex(entry.hash());
            begun = true;
        }
        return read;
    }

    /** A copy of a record, in a buffer that was used before where it fits. */
    private static ByteBuffer kept(@Nullable ByteBuffer before, ByteBuffer record) {
        ByteBuffer kept = before != null && before.capacity() >= record.remaining()
                ? before.clear()
                : ByteBuffer.allocate(2 * record.remaining());
        return kept.put(record.duplicate()).flip();
    }

    private void checkpoint(String next) throws LaunchException {
        String chain = AuditFormat.hex(head);
        Instant now = clock.instant();
        write(new Checkpoint(
                number + 1, "", now, chain, key.id(), key.sign(AuditFormat.signed(number + 1, chain)), next));
        signed = number;
        signedAt = now;
        continued = !next.isEmpty();
    }

    private void write(AuditEntry entry) throws LaunchException {
        byte[] json = AuditFormat.json(entry);
        byte[] hash = AuditFormat.hash(head, json);
        byte[] record = new byte[AuditFormat.HASH + json.length];
        System.arraycopy(hash, 0, record, 0, AuditFormat.HASH);
        System.arraycopy(json, 0, record, AuditFormat.HASH, json.length);
        unwritten.add(record);
        unwrittenBytes += record.length;
        if (unwrittenBytes >= WRITE_BYTES) {
            flush();
        }
        number = entry.number();
        head = hash;
        begun = true;
    }

    /**
     * Signs what is not signed yet, and ends the trail's use here.
     *
     * @throws LaunchException where what was recorded may not be durable
     */
    @Override
    public void close() throws LaunchException {
        try {
            if (queue != null) {
                queue.close();
            }
        } finally {
            end();
        }
    }

    private void end() throws LaunchException {
        appending.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            exclusively(() -> {
                if (number > signed && !continued) {
                    checkpoint("");
                }
            });
            segment.force(position);
        } finally {
            segment.close();
            appending.unlock();
        }
    }
}
