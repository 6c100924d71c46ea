package jsgx.launch.governor;

import java.nio.file.Path;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditTrail;
import jsgx.launch.token.TokenIdentity;

/** Revokes, and takes it back. Each act is recorded. */
public final class Revoker {

    /** A cache or a store that a revocation reaches. */
    @FunctionalInterface
    public interface Holder {

        /** Removes every token of these; how many. */
        long purge(Predicate<TokenIdentity> which) throws LaunchException;
    }

    private final RevocationFile revocations;
    private final AuditTrail audit;
    private final InstantSource clock;
    private final Map<String, Holder> holders;

    /**
     * @param holders the caches and stores that can be reached, by their names
     */
    public Revoker(RevocationFile revocations, AuditTrail audit, InstantSource clock, Map<String, Holder> holders) {
        this.revocations = revocations;
        this.audit = audit;
        this.clock = clock;
        this.holders = new LinkedHashMap<>(holders);
    }

    /**
     * Revokes. When this returns, no launch is on its way that was judged without this revocation, in no process that shares the
     * revision.
     *
     * @throws LaunchException where it cannot be kept: then nothing is revoked; where tokens cannot be purged or the act not be recorded:
     *     then it is revoked, and the tokens launch nothing
     */
    public RevocationReport revoke(Revocation revocation) throws LaunchException {
        Revocations changed = revocations.add(revocation, clock.instant().truncatedTo(ChronoUnit.MILLIS));
        List<LaunchEntry> waitedFor = await(changed.revision(), revocation + " is revoked");
        try {
            Map<String, Long> purged = new LinkedHashMap<>();
            List<LaunchException> unreachable = new ArrayList<>();
            for (Map.Entry<String, Holder> holder : holders.entrySet()) {
                try {
                    purged.put(holder.getKey(), holder.getValue().purge(revocation::mayCover));
                } catch (LaunchException e) {
                    unreachable.add(e);
                }
            }
            List<LaunchEntry> running = revocations.revisions().entries().stream()
                    .filter(LaunchEntry::running)
                    .filter(entry ->
                            revocation.covers(entry.mrEnclave(), entry.mrSigner(), entry.isvProdId(), entry.isvSvn()))
                    .toList();
            record("revoke", revocation.toString(), changed.revision());
            if (!unreachable.isEmpty()) {
                throw unreachable.getFirst();
            }
            return new RevocationReport(revocation, changed.revision(), waitedFor, purged, running);
        } catch (LaunchException e) {
            throw new LaunchException(revocation + " is revoked, but: " + e.getMessage(), e);
        }
    }

    /**
     * Lets launch again what was revoked.
     *
     * @return the new revision
     * @throws LaunchException where it was not revoked, or the act cannot be recorded: then it stays revoked
     */
    public long reinstate(Revocation revocation) throws LaunchException {
        record("reinstate", revocation.toString(), revocations.revisions().revision());
        return revocations.remove(revocation).revision();
    }

    /**
     * Takes a list of revocations for the newest that is older than one that was here before.
     *
     * @throws LaunchException where it cannot be read, or the act cannot be recorded: then it stays refused
     */
    public static RevocationFile acceptRollback(Path folder, AuditTrail audit, InstantSource clock)
            throws LaunchException {
        Revocations older = RevocationFile.lookAtAny(folder);
        audit.record(act(
                clock,
                AuditEvent.Kind.REVOCATION,
                "accept-rollback",
                "the list of revision %d with %d revocations"
                        .formatted(older.revision(), older.entries().size()),
                older.revision()));
        return RevocationFile.rolledBack(folder);
    }

    /** Has every process look at policy and revocations again; when this returns, no launch is on its way under what was before. */
    public long reload() throws LaunchException {
        long next = revocations.advance();
        await(next, "revision " + next + " is in force");
        return next;
    }

    private List<LaunchEntry> await(long revision, String done) throws LaunchException {
        try {
            return revocations.revisions().awaitOlder(revision);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LaunchException(done + ", but the wait for launches that had begun before was interrupted", e);
        }
    }

    private void record(String verdict, String what, long revision) throws LaunchException {
        audit.record(act(clock, AuditEvent.Kind.REVOCATION, verdict, what, revision));
    }

    /** The record of an act. */
    static AuditEvent act(InstantSource clock, AuditEvent.Kind kind, String verdict, String what, long revision) {
        return new AuditEvent(
                HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong()),
                clock.instant(),
                kind,
                Workloads.ofThisProcess().name(),
                "",
                "",
                "",
                0,
                0,
                verdict,
                "",
                revision,
                "",
                "",
                what);
    }
}
