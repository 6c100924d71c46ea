package jsgx.host.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import jsgx.launch.LaunchException;
import jsgx.launch.file.PrivateFile;
import jsgx.launch.governor.Fleet;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.PolicyInstaller;
import jsgx.launch.governor.Revocation;
import jsgx.launch.governor.Revocations;
import jsgx.launch.governor.Revoker;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFolder;

/**
 * What of a fleet is in force on this host. The fleet's revocations and the host's own list are brought together by what was in force at the
 * last look: what only the fleet has since then is revoked here, what only the host has is revoked in the fleet, and what the fleet no
 * longer has launches here again. What the host's list alone lost, by a restored backup for one, is revoked again.
 */
final class FleetRules {

    private final FleetStore store;
    private final Path state;
    private final GovernorOptions host;
    private final Revoker revoker;
    private final FleetTrail self;
    private final PolicyFolder policies;
    private final PolicyInstaller installer;

    /** One at a time looks, or changes something for all; guards what follows. */
    private final ReentrantLock changing = new ReentrantLock();

    private final String fleet;
    private String id;
    private long revision;

    /** What the fleet has revoked, with the revisions from which on it holds, as of {@link #revision}. */
    private Map<Revocation, Long> revoked;

    /** What is being reinstated and may still be in the host's own list. */
    private final Set<Revocation> leaving = new HashSet<>();

    /** The policy's revision that is in force here; -1 where that is not known. */
    private long policy = -1;

    /** The revision of the host's own list at the last look; -1 for none. */
    private long own = -1;

    /** What is in force and not done with: launches that began before, tokens, records, the file. */
    private final List<Revoker.Adopted> unsettled = new ArrayList<>();

    private final Set<Revocation> unpurged = new HashSet<>();
    private boolean unsaved;

    /** One at a time settles: what two do at once is recorded twice. Taken before {@link #changing}. */
    private final ReentrantLock settling = new ReentrantLock();

    /**
     * @param host what the host's governor goes by
     * @param revoker who revokes on this host
     * @param self who the host is
     */
    FleetRules(FleetStore store, String fleet, Path state, GovernorOptions host, Revoker revoker, FleetTrail self)
            throws LaunchException {
        this.store = store;
        this.fleet = fleet;
        this.state = state;
        this.host = host;
        this.revoker = revoker;
        this.self = self;
        this.policies = PolicyFolder.in(state, host.clock());
        this.installer = new PolicyInstaller(policies, revoker, host.audit(), host.clock(), Fleet.ALONE);
        FleetFile known = FleetFile.read(state, fleet);
        this.id = known.id();
        this.revision = known.revision();
        this.revoked = new HashMap<>(known.revoked());
    }

    /** The fleet's revision that is in force here. */
    long revision() {
        changing.lock();
        try {
            return revision;
        } finally {
            changing.unlock();
        }
    }

    /** Has here in force what the fleet has now, for every launch that begins after this returns. */
    void follow() throws LaunchException {
        changing.lock();
        try {
            // Asked under the lock: an answer from before an accepted rollback would bring the former fleet's id back.
            FleetRevision now = sameFleet(store.revision());
            if (now.revision() != revision || own < 0) {
                takeRevocations();
            }
            keepOwnList();
            if (now.policy() != policy) {
                takePolicy(now.policy());
            }
        } finally {
            changing.unlock();
        }
    }

    /** The fleet that this host knows, and no older one. */
    private FleetRevision sameFleet(FleetRevision found) throws LaunchException {
        FleetRevision now = found;
        if (id.isEmpty()) {
            if (now.id().isEmpty()) {
                store.begin();
                now = store.revision();
            }
            id = now.id();
            unsaved = true;
        }
        if (!now.id().equals(id)) {
            throw new LaunchException(
                    "%s is not the fleet that this host knows: its data %s; what was revoked since may be missing from it. Have it bring back the newer data, or accept it, with all that this host has revoked, by  jsgx fleet accept-rollback"
                            .formatted(store.name(), now.id().isEmpty() ? "is gone" : "began anew"));
        }
        if (now.revision() < revision) {
            throw new LaunchException(
                    "%s has older data than this host has seen: expected revision %d or later, found %d; what was revoked since would launch again. Have it bring back the newer data, or accept it, with all that this host has revoked, by  jsgx fleet accept-rollback"
                            .formatted(store.name(), revision, now.revision()));
        }
        return now;
    }

    private void takeRevocations() throws LaunchException {
        FleetRevocations theirs = store.revocations();
        Map<Revocation, Long> next = theirs.entries().stream()
                .collect(Collectors.toMap(
                        FleetRevocations.Entry::revocation, FleetRevocations.Entry::revision, Math::max));
        Set<Revocation> mine = ownList();
        List<Revocation> added = new ArrayList<>(next.keySet());
        added.removeAll(revoked.keySet());
        List<Revocation> removed = new ArrayList<>(revoked.keySet());
        removed.removeIf(each -> next.containsKey(each) || !mine.contains(each) || leaving.contains(each));
        if (!added.isEmpty() || !removed.isEmpty()) {
            unsettled.add(revoker.adopt(added, removed, origin(theirs, added)));
            unpurged.addAll(added);
            added.forEach(leaving::remove);
        }
        revoked = next;
        revision = theirs.revision();
        unsaved = true;
    }

    private String origin(FleetRevocations theirs, List<Revocation> added) {
        Set<Revocation> asked = new HashSet<>(added);
        Set<String> hosts = theirs.entries().stream()
                .filter(entry -> asked.contains(entry.revocation()))
                .map(FleetRevocations.Entry::host)
                .collect(Collectors.toSet());
        return "%s in the fleet %s, revision %d"
                .formatted(hosts.size() == 1 ? ", by host " + hosts.iterator().next() : "", fleet, theirs.revision());
    }

    private Set<Revocation> ownList() throws LaunchException {
        return host.revocations().read().entries().stream()
                .map(Revocations.Entry::revocation)
                .collect(Collectors.toCollection(HashSet::new));
    }

    /** What the fleet has revoked stays in the host's own list, whatever became of that. */
    private void keepOwnList() throws LaunchException {
        if (own == host.revocations().revisions().revision()) {
            return;
        }
        Set<Revocation> mine = ownList();
        List<Revocation> lost = new ArrayList<>(revoked.keySet());
        lost.removeAll(mine);
        if (!lost.isEmpty()) {
            unsettled.add(revoker.adopt(lost, List.of(), ", as the fleet %s still has it".formatted(fleet)));
        }
    }

    /** Tells the fleet what this host alone has revoked. */
    void share() throws LaunchException {
        changing.lock();
        try {
            long now = host.revocations().revisions().revision();
            if (now == own) {
                return;
            }
            Set<Revocation> mine = ownList();
            leaving.retainAll(mine);
            List<Revocation> untold = new ArrayList<>(mine);
            untold.removeAll(revoked.keySet());
            untold.removeAll(leaving);
            if (!untold.isEmpty()) {
                long since = store.revoke(untold, self.host());
                untold.forEach(each -> revoked.put(each, since));
                unpurged.addAll(untold);
                unsaved = true;
            }
            own = now;
        } finally {
            changing.unlock();
        }
    }

    private void takePolicy(long now) throws LaunchException {
        if (now == 0) {
            policy = 0;
            return;
        }
        FleetPolicy found = store.policy()
                .orElseThrow(() ->
                        new LaunchException("%s has lost its policy of revision %d".formatted(store.name(), now)));
        if (!isInForce(found)) {
            try {
                Path candidate = found.writeTo(state.resolve("fleet-policy"));
                long former = policies.wouldInstall(candidate, true).rolledBackFrom();
                // Accepted was to go back from there, and no further.
                installer.install(candidate, former != 0 && former <= found.rolledBackFrom());
            } catch (PolicyException e) {
                throw new LaunchException(
                        "the policy of the fleet %s, revision %d by host %s, cannot be in force here: %s"
                                .formatted(fleet, found.revision(), found.host(), e.getMessage()),
                        e);
            }
        }
        policy = found.revision();
    }

    private boolean isInForce(FleetPolicy found) throws LaunchException {
        try {
            if (!Files.exists(policies.file())
                    || !Arrays.equals(Files.readAllBytes(policies.file()), found.content())) {
                return false;
            }
            for (Map.Entry<String, byte[]> each : found.included().entrySet()) {
                Path file = state.resolve(FleetPolicy.checkedName(each.getKey()));
                if (!Files.exists(file) || !Arrays.equals(Files.readAllBytes(file), each.getValue())) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            throw PrivateFile.failed("cannot read", policies.file(), e);
        }
    }

    /** Revokes for all what is revoked here. */
    void revoke(Revocation revocation) throws LaunchException {
        changing.lock();
        try {
            long since = store.revoke(List.of(revocation), self.host());
            revoked.put(revocation, since);
            leaving.remove(revocation);
            unpurged.add(revocation);
            unsaved = true;
        } finally {
            changing.unlock();
        }
    }

    /** Takes a revocation back for all, before it is taken back here. */
    void reinstate(Revocation revocation) throws LaunchException {
        changing.lock();
        try {
            store.reinstate(revocation, revoked.getOrDefault(revocation, revision));
            revoked.remove(revocation);
            leaving.add(revocation);
            unsaved = true;
        } finally {
            changing.unlock();
        }
    }

    /** Puts a policy in force for all, before it is in force here. */
    void install(PolicyFolder.Installed checked, boolean acceptRollback) throws LaunchException {
        store.install(
                FleetPolicy.of(checked, host.clock().instant().truncatedTo(ChronoUnit.MILLIS), self.host()),
                acceptRollback);
    }

    /** Takes the fleet's older data for the newest, with all that is revoked on this host. */
    void acceptRollback() throws LaunchException {
        changing.lock();
        try {
            if (!id.isEmpty() && store.revision().id().equals(id)) {
                store.renew(id);
            }
            id = "";
            revision = 0;
            revoked = new HashMap<>();
            policy = -1;
            own = -1;
            unsaved = true;
        } finally {
            changing.unlock();
        }
    }

    /** Does what is left to do of what is in force: waits for launches that had begun before, purges tokens, keeps the file. */
    void settle() throws LaunchException {
        settling.lock();
        try {
            settleAlone();
        } finally {
            settling.unlock();
        }
    }

    private void settleAlone() throws LaunchException {
        List<Revoker.Adopted> adopted;
        Set<Revocation> purged;
        FleetFile file;
        boolean changed;
        changing.lock();
        try {
            adopted = List.copyOf(unsettled);
            purged = Set.copyOf(unpurged);
            file = new FleetFile(fleet, id, revision, revoked);
            changed = unsaved;
            unsaved = false;
        } finally {
            changing.unlock();
        }
        boolean done = false;
        try {
            for (Revoker.Adopted each : adopted) {
                each.settle();
                remove(each);
            }
            if (changed) {
                file.write(state);
            }
            done = true;
        } finally {
            if (!done) {
                saveLater();
            }
        }
        if (!purged.isEmpty()) {
            store.purge(self.platform(), token -> purged.stream().anyMatch(each -> each.mayCover(token.identity())));
            purgedAll(purged);
        }
    }

    private void saveLater() {
        changing.lock();
        try {
            unsaved = true;
        } finally {
            changing.unlock();
        }
    }

    private void remove(Revoker.Adopted settled) {
        changing.lock();
        try {
            unsettled.remove(settled);
        } finally {
            changing.unlock();
        }
    }

    private void purgedAll(Set<Revocation> purged) {
        changing.lock();
        try {
            unpurged.removeAll(purged);
        } finally {
            changing.unlock();
        }
    }
}
