package jsgx.launch.governor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import jsgx.launch.LaunchException;
import jsgx.launch.file.LockFile;
import jsgx.launch.file.PrivateFile;
import org.jspecify.annotations.Nullable;

/**
 * The revocations of a state folder, in its files {@code revocations} and {@code revision}; or those of one process, in memory. Processes
 * that change them take turns.
 */
public final class RevocationFile implements AutoCloseable {

    private static final int MAX_SIZE = 1 << 26;
    private static final long NONE = -1;

    private final @Nullable Path file;
    private final RevisionFile revisions;
    private final Object memoryLock = new Object();
    private volatile Revocations inMemory = Revocations.NONE;
    private final Set<Runnable> followers = new CopyOnWriteArraySet<>();

    /** The newest revision that was begun in this process and that not all who follow have looked at; {@link #NONE} where they all have. */
    private final AtomicLong beingTaken = new AtomicLong(NONE);

    /** Why it cannot be read, ever; empty where it can. */
    private final String unavailable;

    private RevocationFile(@Nullable Path file, RevisionFile revisions, String unavailable) {
        this.file = file;
        this.revisions = revisions;
        this.unavailable = unavailable;
    }

    /** Those that nobody knows, for this reason: nothing launches. */
    public static RevocationFile unavailable(String reason) {
        return new RevocationFile(null, RevisionFile.inMemory(), reason);
    }

    /** Those of one process, which begin with these. */
    public static RevocationFile inMemory(Revocations first) {
        RevocationFile fresh = new RevocationFile(null, RevisionFile.inMemory(), "");
        fresh.inMemory = first;
        fresh.revisions.raiseFloor(first.revision());
        return fresh;
    }

    /** Those of a state folder; nothing is revoked where there is no file. */
    public static RevocationFile in(Path folder) throws LaunchException {
        RevocationFile opened = unchecked(folder);
        Revocations present = opened.read();
        // A process may have ended between its two writes.
        opened.revisions.raiseFloor(present.revision());
        return opened;
    }

    /** Those of a state folder whose file is an older one than was here before, which is taken for the newest from now on. */
    static RevocationFile rolledBack(Path folder) throws LaunchException {
        RevocationFile opened = unchecked(folder);
        opened.acceptRollback();
        return opened;
    }

    private static RevocationFile unchecked(Path folder) throws LaunchException {
        Path state = folder.toAbsolutePath().normalize();
        return new RevocationFile(state.resolve("revocations"), RevisionFile.open(state.resolve("revision")), "");
    }

    /**
     * The list of a state folder, looked at without a trace.
     *
     * @throws LaunchException as {@link #read} does
     */
    public static Revocations look(Path folder) throws LaunchException {
        Path state = folder.toAbsolutePath().normalize();
        long floor = RevisionFile.floorIn(state.resolve("revision"));
        return notOlder(state.resolve("revocations"), lookAtAny(folder), floor);
    }

    /** The list of a state folder, of whatever revision, looked at without a trace. */
    static Revocations lookAtAny(Path folder) throws LaunchException {
        Path file = folder.toAbsolutePath().normalize().resolve("revocations");
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? parse(file) : Revocations.NONE;
    }

    /** The revision, and what goes on under which. */
    public RevisionFile revisions() {
        return revisions;
    }

    /**
     * What is revoked now.
     *
     * @throws LaunchException where the file cannot be read, is damaged, or is an older one than was here before
     */
    public Revocations read() throws LaunchException {
        if (!unavailable.isEmpty()) {
            throw new LaunchException(unavailable);
        }
        long floor = revisions.floor();
        Revocations present = readAny();
        return file == null ? present : notOlder(file, present, floor);
    }

    private static Revocations notOlder(Path file, Revocations present, long floor) throws LaunchException {
        if (present.revision() < floor) {
            throw new LaunchException(
                    ("%s is of revision %d, expected %d: an older file was put in its place, or it was removed; what was revoked"
                                    + " since would launch again. Bring back the newer one, or accept this one with  jsgx policy"
                                    + " revoke --accept-rollback")
                            .formatted(file, present.revision(), floor));
        }
        return present;
    }

    /** What the file has, of whatever revision. */
    private Revocations readAny() throws LaunchException {
        Path path = file;
        if (path == null) {
            return inMemory;
        }
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS) ? parse(path) : Revocations.NONE;
    }

    /**
     * Has somebody of this process look at the rules whenever {@link #advance} says in this process that they are other ones, before that returns:
     * who asks for something next need not do so first.
     *
     * @param follower throws nothing
     */
    void follow(Runnable follower) {
        followers.add(follower);
    }

    /** Somebody does not follow any more. */
    void leave(Runnable follower) {
        followers.remove(follower);
    }

    /** Whether a revision was begun in this process and those who follow have not all looked yet. */
    boolean isBeingTaken(long revision) {
        return beingTaken.get() == revision;
    }

    /** Adds a revocation; it is on disk, and holds for each launch that begins, when this returns. */
    Revocations add(Revocation revocation, Instant time) throws LaunchException {
        return change(this::read, present -> at -> present.with(revocation, at, time));
    }

    /** Takes one out again. */
    Revocations remove(Revocation revocation) throws LaunchException {
        return change(this::read, present -> {
            if (!present.contains(revocation)) {
                throw new LaunchException("%s is not revoked: see  jsgx policy revoke --list".formatted(revocation));
            }
            return at -> present.without(revocation, at);
        });
    }

    /** Adds and takes out in one step; those that are there already, or are not there, stay as they are. */
    Revocations adopt(List<Revocation> added, List<Revocation> removed, Instant time) throws LaunchException {
        return change(this::read, present -> at -> {
            Revocations next = present.at(at);
            for (Revocation each : added) {
                next = next.with(each, at, time);
            }
            for (Revocation each : removed) {
                next = next.without(each, at);
            }
            return next;
        });
    }

    /** Takes the file that is there for the newest, whatever was here before. */
    Revocations acceptRollback() throws LaunchException {
        return change(this::readAny, present -> at -> present.at(at));
    }

    /**
     * Begins a new revision without a change of the revocations, as the policy is another one: every process looks at it again, this one before
     * this returns.
     */
    public long advance() throws LaunchException {
        long revision = locked(() -> {
            long next = Math.max(revisions.revision(), revisions.floor()) + 1;
            beingTaken.set(next);
            revisions.raise(next);
            return next;
        });
        try {
            followers.forEach(Runnable::run);
        } finally {
            beingTaken.compareAndSet(revision, NONE);
        }
        return revision;
    }

    @Override
    public void close() {
        revisions.close();
    }

    private interface Change {
        LongFunction<Revocations> of(Revocations present) throws LaunchException;
    }

    private interface Reading {
        Revocations read() throws LaunchException;
    }

    private Revocations change(Reading reading, Change change) throws LaunchException {
        return locked(() -> {
            Revocations present = reading.read();
            LongFunction<Revocations> next = change.of(present);
            Revocations changed =
                    next.apply(Math.max(revisions.revision(), Math.max(revisions.floor(), present.revision())) + 1);
            Path path = file;
            if (path == null) {
                inMemory = changed;
            } else {
                PrivateFile.removeLeftovers(path);
                PrivateFile.write(path, changed.format());
            }
            revisions.raiseFloor(changed.revision());
            revisions.force();
            return changed;
        });
    }

    private <T> T locked(LockFile.Work<T> work) throws LaunchException {
        Path path = file;
        if (path != null) {
            return LockFile.locked(path.resolveSibling("revocations.lock"), work);
        }
        synchronized (memoryLock) {
            try {
                return work.run();
            } catch (IOException e) {
                throw new LaunchException(String.valueOf(e.getMessage()), e);
            }
        }
    }

    private static Revocations parse(Path file) throws LaunchException {
        Path folder = file.getParent();
        if (folder != null) {
            PrivateFile.checkFolder(folder);
        }
        return Revocations.parse(file.toString(), PrivateFile.read(file, MAX_SIZE));
    }
}
