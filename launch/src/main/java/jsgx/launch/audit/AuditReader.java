package jsgx.launch.audit;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEntry.Checkpoint;
import jsgx.launch.file.FileLayer;
import jsgx.launch.file.PrivateFile;
import jsgx.launch.file.RecordLog;
import org.jspecify.annotations.Nullable;

/** Reads an audit trail, also while it is being written; changes nothing. Each call of {@link #read} goes on where the last one ended. */
public final class AuditReader implements AutoCloseable {

    private static final long BEING_WRITTEN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final FileLayer files;
    private final Path folder;

    private int index;
    private @Nullable RecordLog segment;
    private long position;

    /** Whether the last entry says that the trail goes on in the next file. */
    private boolean continued;

    private AuditReader(FileLayer files, Path folder) {
        this.files = files;
        this.folder = folder;
    }

    /** Reads the trail in a folder. */
    public static AuditReader open(Path folder) throws LaunchException {
        return open(FileLayer.REAL, folder);
    }

    static AuditReader open(FileLayer files, Path folder) throws LaunchException {
        AuditReader reader = new AuditReader(files, folder);
        if (!reader.next()) {
            throw none(folder);
        }
        return reader;
    }

    private static LaunchException none(Path folder) {
        return new LaunchException("no audit trail yet in %s: launches under a policy make one".formatted(folder));
    }

    /**
     * Reads the trail in a folder from about an entry on: from the beginning of the file that has it, where that is known without a look at
     * the others.
     */
    public static AuditReader openAt(Path folder, long number) throws LaunchException {
        FileLayer files = FileLayer.REAL;
        for (int there : AuditSegments.list(files, folder).reversed()) {
            AuditReader reader = new AuditReader(files, folder);
            boolean found = false;
            try {
                reader.open(there);
                List<AuditEntry> first = reader.next(1);
                found = !first.isEmpty() && first.getFirst().number() <= number;
                reader.position = 0;
            } finally {
                if (!found) {
                    reader.close();
                }
            }
            if (found) {
                return reader;
            }
        }
        return open(files, folder);
    }

    /** Takes an entry, and the place where it stands. */
    private interface Taker {
        void take(AuditEntry entry, String where);
    }

    /**
     * Shows the entries that were not shown yet, in their order.
     *
     * @throws LaunchException where one cannot be read; those before it were shown
     */
    public void read(Consumer<AuditEntry> consumer) throws LaunchException {
        each((entry, where) -> consumer.accept(entry));
    }

    /** So many entries are enough. */
    private static final class Enough extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Enough() {
            super(null, null, false, false);
        }
    }

    /** The next entries that were not shown yet, at most so many; they are durable when this returns. Empty where there are none. */
    public List<AuditEntry> next(int most) throws LaunchException {
        List<AuditEntry> next = new ArrayList<>();
        try {
            each((entry, where) -> {
                next.add(entry);
                if (next.size() == most) {
                    throw new Enough();
                }
            });
        } catch (Enough enough) {
            // The rest is for the next call.
        }
        if (!next.isEmpty()) {
            // The files before this one were made durable before it was begun.
            Path file = folder.resolve(AuditSegments.name(index));
            try (FileLayer.OpenFile present = files.open(file, false)) {
                present.force();
            } catch (IOException e) {
                throw PrivateFile.failed("cannot sync", file, e);
            }
        }
        return next;
    }

    private void each(Taker taker) throws LaunchException {
        while (segment != null) {
            // Where there is a next file, nothing is appended to this one any more.
            boolean last = following() == 0;
            each(segment, taker);
            if (last) {
                return;
            }
            // After the checkpoint that names the next file nothing counts.
            if (segment.torn() > 0 && !continued) {
                throw new LaunchException("%s: expected whole records up to the end, found %d bytes that are none"
                        .formatted(folder.resolve(AuditSegments.name(index)), segment.torn()));
            }
            next();
        }
    }

    private void each(RecordLog log, Taker taker) throws LaunchException {
        position = log.read(position, (record, end) -> {
            String where = "%s, offset %d".formatted(AuditSegments.name(index), log.offset(end - record.remaining()));
            AuditEntry entry;
            try {
                entry = AuditFormat.entry(record);
            } catch (LaunchException e) {
                throw new LaunchException("%s, %s: %s".formatted(folder, where, e.getMessage()), e);
            }
            continued =
                    entry instanceof Checkpoint checkpoint && !checkpoint.next().isEmpty();
            position = end;
            taker.take(entry, where);
        });
    }

    private long torn() {
        return segment == null || continued ? 0 : segment.torn();
    }

    /** The index of the next file, 0 where there is none. */
    private int following() throws LaunchException {
        return AuditSegments.list(files, folder).stream()
                .filter(there -> there > index)
                .findFirst()
                .orElse(0);
    }

    private boolean next() throws LaunchException {
        int following = following();
        if (following == 0) {
            return false;
        }
        open(following);
        return true;
    }

    private void open(int which) throws LaunchException {
        RecordLog fresh = RecordLog.openForReading(files, folder.resolve(AuditSegments.name(which)), AuditFormat.FILE);
        close();
        segment = fresh;
        index = which;
        position = 0;
        continued = false;
    }

    /** How far the trail goes: the last entry, which is durable when this returns. */
    public AuditAnchor anchor() throws LaunchException {
        AuditAnchor[] last = new AuditAnchor[1];
        try (AuditReader all = open(files, folder)) {
            all.each((entry, where) -> last[0] = new AuditAnchor(entry.number(), entry.hash()));
            if (all.segment != null && last[0] != null) {
                all.segment.force(all.position);
                return last[0];
            }
        }
        throw none(folder);
    }

    /**
     * Checks a whole trail.
     *
     * @param key the public key that must have signed it, as {@link AuditKey#readPublic} tells it
     * @param anchors what was kept elsewhere; the one before the first entry stands for what was put away
     */
    public static AuditVerification verify(Path folder, String key, List<AuditAnchor> anchors) throws LaunchException {
        return verify(FileLayer.REAL, folder, key, anchors);
    }

    static AuditVerification verify(FileLayer files, Path folder, String key, List<AuditAnchor> anchors)
            throws LaunchException {
        ChainVerifier verifier = new ChainVerifier(key, anchors);
        try (AuditReader reader = new AuditReader(files, folder)) {
            if (!reader.next() && anchors.isEmpty()) {
                throw none(folder);
            }
            try {
                reader.each(verifier::accept);
                if (reader.torn() > 0) {
                    // A record may just have been being written.
                    LockSupport.parkNanos(BEING_WRITTEN_NANOS);
                    reader.each(verifier::accept);
                }
            } catch (LaunchException e) {
                verifier.refuse(
                        AuditSegments.name(reader.index),
                        "an entry that can be read",
                        String.valueOf(e.getMessage()),
                        "it was changed, or the disk is damaged");
            }
            long torn = reader.torn();
            if (torn > 0) {
                verifier.refuse(
                        "%s, the last %d bytes".formatted(AuditSegments.name(reader.index), torn),
                        "whole records up to the end",
                        "%d bytes that are none".formatted(torn),
                        "a crash while it was written, which the next launch cuts off; or the last entry was changed");
            }
            return verifier.end(AuditSegments.name(reader.index));
        }
    }

    /** Checks an export, as {@link #verify} a trail. */
    public static AuditVerification verifyExport(Path file, String key, List<AuditAnchor> anchors)
            throws LaunchException {
        ChainVerifier verifier = new ChainVerifier(key, anchors);
        int number = 0;
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                try {
                    verifier.accept(AuditFormat.entry(line), "line " + number);
                } catch (LaunchException e) {
                    verifier.refuse(
                            "line " + number, "an entry", String.valueOf(e.getMessage()), "this line was changed");
                }
            }
            return verifier.end("after line " + number);
        } catch (IOException e) {
            throw PrivateFile.failed("cannot read", file, e);
        }
    }

    @Override
    public void close() {
        if (segment != null) {
            segment.close();
        }
    }
}
