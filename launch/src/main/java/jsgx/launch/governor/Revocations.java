package jsgx.launch.governor;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;
import jsgx.launch.LaunchException;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;

/** All that is revoked at one revision. Immutable; a look costs two hash lookups. */
public final class Revocations {

    /** Nothing is revoked. */
    public static final Revocations NONE = new Revocations(0, List.of());

    private static final String FIRST_LINE = "jsgx revocations 1";
    private static final String CHECKSUM = "crc32c ";

    /**
     * One entry of the list.
     *
     * @param revision the revision from which on it holds
     * @param time when it was made
     */
    public record Entry(long revision, Instant time, Revocation revocation) {}

    private final long revision;
    private final List<Entry> entries;
    private final Map<String, Entry> enclaves = new HashMap<>();
    private final Map<String, List<Entry>> signers = new HashMap<>();
    private final List<Entry> launchEnclaves = new ArrayList<>();

    private Revocations(long revision, List<Entry> entries) {
        this.revision = revision;
        this.entries = List.copyOf(entries);
        for (Entry entry : entries) {
            switch (entry.revocation()) {
                case Revocation.Enclave enclave -> enclaves.put(enclave.mrEnclave(), entry);
                case Revocation.Signer signer -> ofSigner(signer.mrSigner()).add(entry);
                case Revocation.Product product -> ofSigner(product.mrSigner()).add(entry);
                case Revocation.LaunchEnclave le -> launchEnclaves.add(entry);
                case Revocation.LaunchEnclaveSvn le -> launchEnclaves.add(entry);
            }
        }
    }

    /** The revision at which the list was last changed. */
    public long revision() {
        return revision;
    }

    /** The list, the oldest first. */
    public List<Entry> entries() {
        return entries;
    }

    /** What revokes this enclave; empty where nothing does. */
    public Optional<Entry> of(PolicySubject subject) {
        if (entries.isEmpty()) {
            return Optional.empty();
        }
        String mrEnclave = HexFormat.of().formatHex(subject.mrEnclave());
        Entry enclave = enclaves.get(mrEnclave);
        if (enclave != null) {
            return Optional.of(enclave);
        }
        String mrSigner = HexFormat.of().formatHex(subject.mrSigner());
        return signers.getOrDefault(mrSigner, List.of()).stream()
                .filter(entry -> entry.revocation().covers(mrEnclave, mrSigner, subject.isvProdId(), subject.isvSvn()))
                .findFirst();
    }

    /** What revokes this enclave whatever its product and version are; empty where nothing does. */
    Optional<PolicyVerdict> tokenVerdict(PolicySubject subject, long at) {
        if (entries.isEmpty()) {
            return Optional.empty();
        }
        String mrEnclave = HexFormat.of().formatHex(subject.mrEnclave());
        String mrSigner = HexFormat.of().formatHex(subject.mrSigner());
        Optional<Entry> enclave = Optional.ofNullable(enclaves.get(mrEnclave));
        return enclave.or(() -> signers.getOrDefault(mrSigner, List.of()).stream()
                        .filter(entry -> entry.revocation() instanceof Revocation.Signer)
                        .findFirst())
                .map(entry -> verdict(entry, at));
    }

    /** What revokes this enclave as a verdict; empty where nothing does. */
    Optional<PolicyVerdict> verdict(PolicySubject subject, long at) {
        return of(subject).map(entry -> verdict(entry, at));
    }

    /** What a revocation says to a launch. */
    static PolicyVerdict verdict(Entry entry, long at) {
        return new PolicyVerdict(
                PolicyVerdict.Effect.REVOKED,
                "revocation",
                "revocations",
                "%s was revoked at %s, revision %d".formatted(entry.revocation(), entry.time(), entry.revision()),
                at);
    }

    /** What revokes the tokens of a launch enclave; empty where nothing does. */
    public Optional<Entry> ofToken(String leMrSigner, int leSvn) {
        return launchEnclaves.stream()
                .filter(entry -> entry.revocation().coversToken(leMrSigner, leSvn))
                .findFirst();
    }

    /** Whether this very revocation is in the list. */
    public boolean contains(Revocation revocation) {
        return entries.stream().anyMatch(entry -> entry.revocation().equals(revocation));
    }

    /** With one more, or the same where it is in the list. */
    Revocations with(Revocation revocation, long at, Instant time) {
        List<Entry> more = new ArrayList<>(entries);
        if (!contains(revocation)) {
            more.add(new Entry(at, time, revocation));
        }
        return new Revocations(at, more);
    }

    /** The same list at a later revision. */
    Revocations at(long later) {
        return new Revocations(later, entries);
    }

    /** Without one. */
    Revocations without(Revocation revocation, long at) {
        return new Revocations(
                at,
                entries.stream()
                        .filter(entry -> !entry.revocation().equals(revocation))
                        .toList());
    }

    /** The file's content. */
    byte[] format() {
        StringBuilder text = new StringBuilder(FIRST_LINE)
                .append("\nrevision ")
                .append(revision)
                .append('\n');
        for (Entry entry : entries) {
            text.append("%d %s %s\n".formatted(entry.revision(), entry.time(), entry.revocation()));
        }
        String body = text.toString();
        return (body + CHECKSUM + checksum(body) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Reads a file's content.
     *
     * @param where the file's name, for the message
     */
    static Revocations parse(String where, byte[] content) throws LaunchException {
        String text = new String(content, StandardCharsets.UTF_8);
        int last = text.lastIndexOf("\n" + CHECKSUM) + 1;
        String body = text.substring(0, last);
        if (!text.substring(last).equals(CHECKSUM + checksum(body) + "\n")) {
            throw damaged(where, "its last line is not the checksum of the others");
        }
        String[] lines = body.split("\n", -1);
        if (lines.length < 3 || !lines[0].equals(FIRST_LINE) || !lines[1].startsWith("revision ")) {
            throw damaged(where, "it does not begin with \"" + FIRST_LINE + "\" and a revision");
        }
        int line = 1;
        try {
            long revision = number(lines[1].substring("revision ".length()));
            List<Entry> entries = new ArrayList<>();
            for (line = 2; line < lines.length - 1; line++) {
                String[] parts = lines[line].split(" ", 3);
                if (parts.length < 3) {
                    throw new IllegalArgumentException("expected revision, time and what is revoked");
                }
                entries.add(new Entry(number(parts[0]), Instant.parse(parts[1]), Revocation.parse(parts[2])));
            }
            return new Revocations(revision, entries);
        } catch (IllegalArgumentException | DateTimeException e) {
            throw damaged(where, "line %d: %s".formatted(line + 1, e.getMessage()));
        }
    }

    private List<Entry> ofSigner(String mrSigner) {
        return signers.computeIfAbsent(mrSigner, key -> new ArrayList<>());
    }

    private static long number(String text) {
        if (!text.matches("[0-9]{1,18}")) {
            throw new IllegalArgumentException("expected a revision, found \"" + text + "\"");
        }
        return Long.parseLong(text);
    }

    private static String checksum(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return "%08x".formatted(crc.getValue());
    }

    private static LaunchException damaged(String where, String how) {
        return new LaunchException(
                "%s is damaged: %s; nothing launches until it is put right: bring back a copy and accept it with  jsgx"
                                .formatted(where, how)
                        + " policy revoke --accept-rollback");
    }
}
