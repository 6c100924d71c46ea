package jsgx.host.fleet;

import static jsgx.host.fleet.RedisKeys.bytes;
import static jsgx.host.fleet.RedisKeys.text;

import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditAnchor;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.governor.Revocation;
import jsgx.launch.store.StoredToken;
import jsgx.launch.store.TokenOrigin;
import redis.clients.jedis.BinaryJedisPubSub;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.resps.StreamEntry;

/**
 * What hosts share in a Redis or Valkey server, standalone. All keys begin with {@code jsgx:} and the fleet's name:
 *
 * <pre>
 *   schema           the number of this layout
 *   id               random, made with the schema
 *   revision         how many changes to revocations and policy there were
 *   policy-revision  the revision of the policy, 0 for none
 *   revocations      hash: a revocation → revision, time, host
 *   policy           hash: sequence, from, revision, content, time, host, file:NAME for each that it includes
 *   tokens:PLATFORM  hash: launch enclave's signer and label → record; beside it the order in which they came, and its clock
 *   audit            stream: platform, host, entry
 *   audit-cursors    hash: a trail → the last record of it in the stream
 *   hosts            hash: a platform → what that host last told of itself
 *   changes          channel: something is said with each new revision
 * </pre>
 */
public final class RedisFleetStore implements FleetStore {

    /** The number of the layout. */
    static final String SCHEMA = "1";

    /** How many tokens are kept of one platform. */
    static final int TOKENS_OF_A_PLATFORM = 10_000;

    private static final int RECORD_MAX = 1 << 17;

    private final RedisEngine engine;
    private final RedisKeys keys;
    private final RedisTokens tokens;
    private final String name;
    private final long records;
    private final InstantSource clock;

    /**
     * One that is not connected yet.
     *
     * @param fleet the fleet's name: 1 to 64 lower-case letters, digits and dashes
     * @param records how many records the stream keeps, give or take some; the oldest go
     */
    RedisFleetStore(RedisEngine engine, String fleet, long records, InstantSource clock) throws LaunchException {
        if (!fleet.matches("[a-z0-9][a-z0-9-]{0,63}")) {
            throw new LaunchException(
                    "fleet.namespace is \"%s\": expected 1 to 64 lower-case letters, digits and dashes"
                            .formatted(Printable.of(fleet)));
        }
        this.engine = engine;
        this.keys = new RedisKeys(engine, "jsgx:" + fleet + ":");
        this.tokens = new RedisTokens(keys);
        this.name = fleet;
        this.records = records;
        this.clock = clock;
    }

    @Override
    public String name() {
        return "fleet %s at %s".formatted(name, engine.name());
    }

    @Override
    public void begin() throws LaunchException {
        keys.run(RedisScript.BEGIN, List.of("schema", "id", "revision", "policy-revision"), randomId());
    }

    private static String randomId() {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    @Override
    public FleetRevision revision() throws LaunchException {
        List<byte[]> found = engine.call(jedis ->
                jedis.mget(keys.key("schema"), keys.key("id"), keys.key("revision"), keys.key("policy-revision")));
        byte[] schema = found.get(0);
        byte[] id = found.get(1);
        if (schema == null && id == null) {
            return new FleetRevision("", 0, 0);
        }
        if (schema == null || !text(schema).equals(SCHEMA)) {
            throw new LaunchException(
                    "the fleet's engine at %s has a fleet of schema \"%s\", this jsgx knows schema %s: use one version of jsgx on all hosts, or another  fleet.namespace"
                            .formatted(engine.name(), schema == null ? "" : Printable.of(text(schema)), SCHEMA));
        }
        if (id == null || !text(id).matches("[0-9a-f]{32}")) {
            throw keys.garbage("id", id == null ? "nothing, or something of another type" : text(id));
        }
        return new FleetRevision(
                text(id), keys.number("revision", found.get(2)), keys.number("policy-revision", found.get(3)));
    }

    @Override
    public FleetRevocations revocations() throws LaunchException {
        Object answer = keys.run(
                RedisScript.REVOCATIONS,
                List.of("schema", "revision", "revocations"),
                Integer.toString(FleetRevocations.MOST));
        if (!(answer instanceof List<?> both) || both.size() != 2) {
            throw keys.garbage("revocations", String.valueOf(answer));
        }
        long revision = keys.number("revision", both.get(0));
        List<FleetRevocations.Entry> entries = new ArrayList<>();
        for (Map.Entry<String, byte[]> each :
                keys.hash("revocations", both.get(1)).entrySet()) {
            String[] parts = text(each.getValue()).split(" ", 3);
            try {
                if (parts.length < 3) {
                    throw new IllegalArgumentException("expected revision, time and host");
                }
                entries.add(new FleetRevocations.Entry(
                        Revocation.parse(each.getKey()),
                        keys.number("revocations", bytes(parts[0])),
                        Instant.parse(parts[1]),
                        Printable.of(parts[2])));
            } catch (IllegalArgumentException | DateTimeException e) {
                throw keys.garbage("revocations", each.getKey() + " " + text(each.getValue()));
            }
        }
        return new FleetRevocations(revision, entries);
    }

    @Override
    public long revoke(List<Revocation> revocations, String host) throws LaunchException {
        List<String> arguments = new ArrayList<>(List.of(
                keys.name("changes"),
                Integer.toString(FleetRevocations.MOST),
                clock.instant().truncatedTo(ChronoUnit.MILLIS) + " " + host));
        revocations.forEach(each -> arguments.add(each.toString()));
        return keys.number(
                "revision",
                keys.run(
                        RedisScript.REVOKE,
                        List.of("schema", "revision", "revocations"),
                        arguments.toArray(String[]::new)));
    }

    @Override
    public long reinstate(Revocation revocation, long seen) throws LaunchException {
        return keys.number(
                "revision",
                keys.run(
                        RedisScript.REINSTATE,
                        List.of("schema", "revision", "revocations"),
                        keys.name("changes"),
                        Long.toString(seen),
                        revocation.toString()));
    }

    @Override
    public void renew(String former) throws LaunchException {
        keys.run(RedisScript.RENEW, List.of("schema", "id"), former, randomId());
    }

    @Override
    public Optional<FleetPolicy> policy() throws LaunchException {
        Map<String, byte[]> fields = keys.hash(
                "policy",
                keys.run(RedisScript.POLICY, List.of("schema", "policy"), Integer.toString(FleetPolicy.MAX_SIZE)));
        if (fields.isEmpty()) {
            return Optional.empty();
        }
        Map<String, byte[]> included = new HashMap<>();
        fields.forEach((field, value) -> {
            if (field.startsWith("file:")) {
                included.put(field.substring("file:".length()), value);
            }
        });
        byte[] content = fields.get("content");
        if (content == null) {
            throw keys.garbage("policy", "no content");
        }
        try {
            return Optional.of(new FleetPolicy(
                    keys.number("policy", fields.getOrDefault("revision", new byte[0])),
                    sequence(fields.getOrDefault("sequence", new byte[0])),
                    sequence(fields.getOrDefault("from", new byte[0])),
                    content,
                    included,
                    Instant.parse(text(fields.getOrDefault("time", new byte[0]))),
                    Printable.of(text(fields.getOrDefault("host", new byte[0])))));
        } catch (DateTimeException e) {
            throw keys.garbage("policy", "time " + text(fields.getOrDefault("time", new byte[0])));
        }
    }

    @Override
    public long install(FleetPolicy policy, boolean acceptRollback) throws LaunchException {
        int size = policy.content().length
                + policy.included().values().stream()
                        .mapToInt(each -> each.length)
                        .sum();
        if (size > FleetPolicy.MAX_SIZE / 2) {
            throw new LaunchException("the policy has %d bytes with what it includes: a fleet takes at most %d"
                    .formatted(size, FleetPolicy.MAX_SIZE / 2));
        }
        List<byte[]> arguments = new ArrayList<>(List.of(
                bytes(keys.name("changes")),
                bytes(acceptRollback ? "1" : "0"),
                bytes("%019d".formatted(policy.sequence())),
                bytes("content"),
                policy.content(),
                bytes("time"),
                bytes(policy.time().toString()),
                bytes("host"),
                bytes(policy.host())));
        policy.included().forEach((file, content) -> {
            arguments.add(bytes("file:" + file));
            arguments.add(content);
        });
        try {
            return keys.number(
                    "revision",
                    keys.run(
                            RedisScript.INSTALL,
                            List.of("schema", "revision", "policy-revision", "policy"),
                            arguments));
        } catch (LaunchException e) {
            String said = String.valueOf(e.getMessage());
            int at = said.indexOf("ROLLBACK ");
            if (at < 0) {
                throw e;
            }
            throw new LaunchException(
                    ("an earlier policy than the fleet's: expected a sequence number of %s or more, found %d; to go back"
                                    + " nevertheless, on all hosts:  jsgx policy reload --accept-rollback")
                            .formatted(
                                    said.substring(at + "ROLLBACK ".length()).replaceFirst("^0+", ""),
                                    policy.sequence()),
                    e);
        }
    }

    @Override
    public Optional<StoredToken> token(TokenOrigin origin, String label) throws LaunchException {
        return tokens.token(origin, label);
    }

    @Override
    public boolean keep(StoredToken token, long revision) throws LaunchException {
        return tokens.keep(token, revision);
    }

    @Override
    public long purge(String platform, Predicate<StoredToken> which) throws LaunchException {
        return tokens.purge(platform, which);
    }

    @Override
    public AuditAnchor cursor(FleetTrail trail) throws LaunchException {
        byte[] found = engine.call(jedis -> jedis.hget(keys.key("audit-cursors"), bytes(trail.id())));
        return anchor(found == null ? "0" : text(found));
    }

    @Override
    public AuditAnchor append(FleetTrail trail, AuditAnchor after, List<AuditEntry> entries) throws LaunchException {
        AuditEntry last = entries.getLast();
        List<byte[]> arguments = new ArrayList<>(List.of(
                bytes(trail.id()),
                bytes(cursor(after)),
                bytes(cursor(new AuditAnchor(last.number(), last.hash()))),
                bytes(Long.toString(records)),
                bytes(trail.platform()),
                bytes(trail.host())));
        entries.forEach(entry -> arguments.add(bytes(entry.json())));
        Object now = keys.run(RedisScript.APPEND, List.of("schema", "audit", "audit-cursors"), arguments);
        return anchor(text((byte[]) now));
    }

    @Override
    public List<FleetRecord> read(String after, int most) throws LaunchException {
        if (!after.matches("|[0-9]{1,20}-[0-9]{1,20}")) {
            throw new LaunchException(
                    "\"%s\" is no position in the fleet's stream: expected one that an earlier answer gave"
                            .formatted(Printable.of(after)));
        }
        List<StreamEntry> page =
                engine.call(jedis -> jedis.xrange(keys.name("audit"), after.isEmpty() ? "-" : "(" + after, "+", most));
        List<FleetRecord> found = new ArrayList<>(page.size());
        for (StreamEntry each : page) {
            Map<String, String> fields = each.getFields();
            String entry = fields.getOrDefault("entry", "");
            if (entry.length() > RECORD_MAX) {
                throw keys.garbage("audit", "a record of %d characters at %s".formatted(entry.length(), each.getID()));
            }
            try {
                found.add(new FleetRecord(
                        each.getID().toString(),
                        Printable.of(fields.getOrDefault("platform", "")),
                        Printable.of(fields.getOrDefault("host", "")),
                        AuditEntry.parse(entry)));
            } catch (LaunchException e) {
                throw keys.garbage("audit", "at %s: %s".formatted(each.getID(), e.getMessage()));
            }
        }
        return found;
    }

    @Override
    public void tell(FleetHost host) throws LaunchException {
        keys.run(
                RedisScript.TELL,
                List.of("schema", "hosts"),
                Integer.toString(FleetHost.MOST),
                host.platform(),
                String.join(
                        "\t",
                        host.name(),
                        Long.toString(host.revision()),
                        Long.toString(host.auditNumber()),
                        Long.toString(host.auditLagMillis()),
                        Printable.of(host.state())));
    }

    @Override
    public List<FleetHost> hosts() throws LaunchException {
        List<FleetHost> hosts = new ArrayList<>();
        Object answer = keys.run(RedisScript.HOSTS, List.of("schema", "hosts"), Integer.toString(FleetHost.MOST));
        for (Map.Entry<String, byte[]> each : keys.hash("hosts", answer).entrySet()) {
            String[] told = text(each.getValue()).split("\t", -1);
            if (told.length != 6) {
                throw keys.garbage("hosts", text(each.getValue()));
            }
            hosts.add(new FleetHost(
                    Printable.of(each.getKey()),
                    Printable.of(told[1]),
                    keys.number("hosts", bytes(told[2])),
                    keys.number("hosts", bytes(told[3])),
                    keys.number("hosts", bytes(told[4])),
                    Printable.of(told[5]),
                    Instant.ofEpochMilli(keys.number("hosts", bytes(told[0])))));
        }
        return hosts;
    }

    @Override
    public void listen(Runnable changed) throws LaunchException {
        engine.callOnOwn((Jedis jedis) -> jedis.subscribe(
                new BinaryJedisPubSub() {
                    @Override
                    public void onSubscribe(byte[] channel, int channels) {
                        // Something may have been said before.
                        changed.run();
                    }

                    @Override
                    public void onMessage(byte[] channel, byte[] message) {
                        changed.run();
                    }
                },
                keys.key("changes")));
    }

    @Override
    public void close() {
        engine.close();
    }

    private static String cursor(AuditAnchor anchor) {
        return anchor.number() == 0 ? "0" : anchor.toString();
    }

    private AuditAnchor anchor(String text) throws LaunchException {
        if (text.equals("0")) {
            return new AuditAnchor(0, "");
        }
        try {
            return AuditAnchor.parse(text);
        } catch (LaunchException e) {
            throw keys.garbage("audit-cursors", text);
        }
    }

    private long sequence(byte[] found) throws LaunchException {
        String text = text(found);
        if (text.matches("[0-9]{19}")) {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException e) {
                // Said below.
            }
        }
        throw keys.garbage("policy", text);
    }
}
