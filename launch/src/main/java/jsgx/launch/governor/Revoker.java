package jsgx.launch.governor;

import java.nio.file.Path;
import java.time.Instant;
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
    public interface Holder {

        /** What is done with tokens of some identities. */
        @FunctionalInterface
        interface Work {
            long on(Predicate<TokenIdentity> which) throws LaunchException;
        }

        /** Removes every token of these; how many. */
        long purge(Predicate<TokenIdentity> which) throws LaunchException;

        /** How many tokens there are of these. */
        long count(Predicate<TokenIdentity> which) throws LaunchException;

        /** A holder that does this. */
        static Holder of(Work purge, Work count) {
            return new Holder() {
                @Override
                public long purge(Predicate<TokenIdentity> which) throws LaunchException {
                    return purge.on(which);
                }

                @Override
                public long count(Predicate<TokenIdentity> which) throws LaunchException {
                    return count.on(which);
                }
            };
        }
    }

    private final RevocationFile revocations;
    private final AuditTrail audit;
    private final InstantSource clock;
    private final Map<String, Holder> holders;
    private final Fleet fleet;
    private final String who;

    /** One of a host without others, who acts for the user of this process. */
    public Revoker(RevocationFile revocations, AuditTrail audit, InstantSource clock, Map<String, Holder> holders) {
        this(revocations, audit, clock, holders, Fleet.ALONE);
    }

    /**
     * One who acts for the user of this process.
     *
     * @param holders the caches and stores that can be reached, by their names
     * @param fleet the other hosts, which are told
     */
    public Revoker(
            RevocationFile revocations,
            AuditTrail audit,
            InstantSource clock,
            Map<String, Holder> holders,
            Fleet fleet) {
        this(
                revocations,
                audit,
                clock,
                holders,
                fleet,
                Workloads.ofThisProcess().name());
    }

    private Revoker(
            RevocationFile revocations,
            AuditTrail audit,
            InstantSource clock,
            Map<String, Holder> holders,
            Fleet fleet,
            String who) {
        this.revocations = revocations;
        this.audit = audit;
        this.clock = clock;
        this.holders = new LinkedHashMap<>(holders);
        this.fleet = fleet;
        this.who = who;
    }

    /** The same, on behalf of somebody else: {@code uid:1000}. */
    public Revoker by(String actor) {
        return new Revoker(revocations, audit, clock, holders, fleet, actor);
    }

    /** On whose behalf it acts, as the audit trail says. */
    public String who() {
        return who;
    }

    /**
     * Revokes. When this returns, no launch is on its way that was judged without this revocation, in no process that shares the
     * revision; and the other hosts are told.
     *
     * @throws LaunchException where it cannot be kept: then nothing is revoked; where tokens cannot be purged, the act not be recorded or the
     *     other hosts not be told: then it is revoked here, and the tokens launch nothing
     */
    public RevocationReport revoke(Revocation revocation) throws LaunchException {
        Revocations changed = revocations.add(revocation, now());
        List<LaunchException> unreachable = new ArrayList<>();
        try {
            fleet.revoked(revocation);
        } catch (LaunchException e) {
            unreachable.add(e);
        }
        List<LaunchEntry> waitedFor = await(changed.revision(), revocation + " is revoked");
        try {
            Map<String, Long> purged = purge(revocation::mayCover, unreachable);
            List<LaunchEntry> running = running(revocation);
            record("revoke", revocation.toString(), changed.revision());
            if (!unreachable.isEmpty()) {
                throw unreachable.getFirst();
            }
            return new RevocationReport(revocation, changed.revision(), waitedFor, purged, running);
        } catch (LaunchException e) {
            throw new LaunchException(revocation + " is revoked, but: " + e.getMessage(), e);
        }
    }

    /** What a revocation would meet now; without a trace. Nothing is waited for, as launches in flight are over soon. */
    public RevocationReport preview(Revocation revocation) throws LaunchException {
        Map<String, Long> held = new LinkedHashMap<>();
        for (Map.Entry<String, Holder> holder : holders.entrySet()) {
            held.put(holder.getKey(), holder.getValue().count(revocation::mayCover));
        }
        return new RevocationReport(
                revocation, revocations.revisions().revision(), List.of(), held, running(revocation));
    }

    private List<LaunchEntry> running(Revocation revocation) {
        return revocations.revisions().entries().stream()
                .filter(LaunchEntry::running)
                .filter(entry ->
                        revocation.covers(entry.mrEnclave(), entry.mrSigner(), entry.isvProdId(), entry.isvSvn()))
                .toList();
    }

    /**
     * Lets launch again what was revoked.
     *
     * @return the new revision
     * @throws LaunchException where it was not revoked, the act cannot be recorded, or the other hosts not be told: then it stays revoked
     */
    public long reinstate(Revocation revocation) throws LaunchException {
        record("reinstate", revocation.toString(), revocations.revisions().revision());
        fleet.reinstating(revocation);
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
                Workloads.ofThisProcess().name(),
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

    /** What other hosts revoked, as it is in force here. */
    public final class Adopted {
        private final long revision;
        private final List<Revocation> revoked;
        private final List<Revocation> reinstated;
        private final String origin;

        /** How many of them are on record; guarded by this. */
        private int recorded;

        private Adopted(long revision, List<Revocation> revoked, List<Revocation> reinstated, String origin) {
            this.revision = revision;
            this.revoked = List.copyOf(revoked);
            this.reinstated = List.copyOf(reinstated);
            this.origin = origin;
        }

        /** Waits for launches that began before, purges tokens and records what was adopted; may be tried again after a failure. */
        public synchronized void settle() throws LaunchException {
            await(revision, "what other hosts revoked is in force");
            List<LaunchException> unreachable = new ArrayList<>();
            if (!revoked.isEmpty()) {
                purge(identity -> revoked.stream().anyMatch(each -> each.mayCover(identity)), unreachable);
            }
            // Tried again it goes on: what is on record stays there once.
            for (; recorded < revoked.size(); recorded++) {
                record("revoke", revoked.get(recorded) + origin, revision);
            }
            for (; recorded < revoked.size() + reinstated.size(); recorded++) {
                record("reinstate", reinstated.get(recorded - revoked.size()) + origin, revision);
            }
            if (!unreachable.isEmpty()) {
                throw unreachable.getFirst();
            }
        }
    }

    /**
     * Does here what was done on other hosts, in one step, and tells nobody of it. When this returns it holds for every launch that
     * begins; {@link Adopted#settle} does the rest.
     *
     * @param origin where it comes from, for the records: words that go on from what was revoked
     */
    public Adopted adopt(List<Revocation> revoked, List<Revocation> reinstated, String origin) throws LaunchException {
        Revocations changed = revocations.adopt(revoked, reinstated, now());
        return new Adopted(changed.revision(), revoked, reinstated, origin);
    }

    private Map<String, Long> purge(Predicate<TokenIdentity> which, List<LaunchException> unreachable) {
        Map<String, Long> purged = new LinkedHashMap<>();
        for (Map.Entry<String, Holder> holder : holders.entrySet()) {
            try {
                purged.put(holder.getKey(), holder.getValue().purge(which));
            } catch (LaunchException e) {
                unreachable.add(e);
            }
        }
        return purged;
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
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
        audit.record(act(clock, who, AuditEvent.Kind.REVOCATION, verdict, what, revision));
    }

    /** The record of an act of an administrator. */
    public static AuditEvent act(
            InstantSource clock, String who, AuditEvent.Kind kind, String verdict, String what, long revision) {
        return new AuditEvent(
                HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong()),
                clock.instant(),
                kind,
                who,
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
