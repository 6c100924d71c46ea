package jsgx.host.fleet;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditAnchor;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.governor.Revocation;
import jsgx.launch.store.StoredToken;
import jsgx.launch.store.TokenOrigin;

/**
 * Where hosts keep what they share. Each call either does all of it or nothing, and may be made again after a failure: nothing is done
 * twice. All of them throw {@link LaunchException} where the store cannot be reached, or has something in it that is none of a fleet's.
 */
public interface FleetStore extends AutoCloseable {

    /** Where it is, for people. */
    String name();

    /** Where the fleet is now: an answer that was given after it was asked for. */
    FleetRevision revision() throws LaunchException;

    /** What is revoked. */
    FleetRevocations revocations() throws LaunchException;

    /**
     * Revokes; what is revoked already stays as it is.
     *
     * @param host the name of the host that does
     * @return the revision from which on all of these hold
     */
    long revoke(List<Revocation> revocations, String host) throws LaunchException;

    /**
     * Takes a revocation back, if there is one.
     *
     * @param seen the revision that whoever takes it back has seen: a revocation that was made since stays
     * @return the revision from which on it no longer holds
     */
    long reinstate(Revocation revocation, long seen) throws LaunchException;

    /** Makes the fleet where nobody did yet. */
    void begin() throws LaunchException;

    /**
     * Gives the fleet another id, as it has older data than hosts have seen: each host takes note of that.
     *
     * @param former the id that it has; nothing is done where it has another
     */
    void renew(String former) throws LaunchException;

    /** The policy; empty where nobody put one in force for all. */
    Optional<FleetPolicy> policy() throws LaunchException;

    /**
     * Puts a policy in force for all.
     *
     * @param acceptRollback whether it may have a lower sequence number than the present one
     * @return the revision since which it is in force
     */
    long install(FleetPolicy policy, boolean acceptRollback) throws LaunchException;

    /** The token that was made there for a label. */
    Optional<StoredToken> token(TokenOrigin origin, String label) throws LaunchException;

    /**
     * Keeps a token, in place of what its origin and label had. The oldest of the platform makes room for it.
     *
     * @param revision under which it is known not to be revoked
     * @return whether it was kept: not where the fleet's revision is another one by now
     */
    boolean keep(StoredToken token, long revision) throws LaunchException;

    /** Forgets tokens of a platform; how many. */
    long purge(String platform, Predicate<StoredToken> which) throws LaunchException;

    /** The last record of a trail that is in the stream; number 0 where none is. */
    AuditAnchor cursor(FleetTrail trail) throws LaunchException;

    /**
     * Appends records to the stream, if the trail's last one there is the one before them; nothing else is done otherwise.
     *
     * @param after the record before them
     * @return the trail's last record in the stream now
     */
    AuditAnchor append(FleetTrail trail, AuditAnchor after, List<AuditEntry> entries) throws LaunchException;

    /**
     * Records of the stream, in the order in which they came.
     *
     * @param after the position of the record before them; empty for the beginning
     */
    List<FleetRecord> read(String after, int most) throws LaunchException;

    /** Tells the others of a host. */
    void tell(FleetHost host) throws LaunchException;

    /** All hosts that ever told of themselves. */
    List<FleetHost> hosts() throws LaunchException;

    /**
     * Waits for a change of the revision, and says so, as long as the connection lasts; it may miss some.
     *
     * @param changed what is done on each
     */
    void listen(Runnable changed) throws LaunchException;

    /** Ends its use; whoever listens returns. */
    @Override
    void close();
}
