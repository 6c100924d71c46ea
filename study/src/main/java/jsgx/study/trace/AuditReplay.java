package jsgx.study.trace;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.SgxError;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditAnchor;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.audit.AuditEntry.Checkpoint;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditVerification.Broken;
import jsgx.launch.audit.ChainVerifier;
import jsgx.launch.governor.Revocation;
import jsgx.launch.token.TokenIdentity;
import org.jspecify.annotations.Nullable;

/**
 * Makes a trace of what {@code jsgx audit export} wrote of one host.
 *
 * <p>An intent is a launch, at its time. It is none where EINIT refused its token: user space then fetched a fresh one, and the intent that follows is
 * the same launch. What policy refused needs no token. A revocation revokes the enclaves that it covers and that were launched before, and a
 * reinstatement takes it back from those that nothing else revokes. A launch of one that is revoked shows that it no longer is: a host may accept an older
 * list of revocations.
 */
final class AuditReplay {

    private static final Pattern REVOCATION = Pattern.compile(
            "(enclave [0-9a-f]{64}|signer [0-9a-f]{64}(?: product [0-9]+ below-svn [0-9]+)?|launch-enclave [0-9a-f]{64}|launch-enclave below-svn [0-9]+)\\b.*");

    /** What EINIT says to a token that is no good here; user space fetches another one. */
    private static final Set<String> TOKEN_REFUSED =
            Set.of(SgxError.INVALID_EINITTOKEN.sdmName(), SgxError.INVALID_CPUSVN.sdmName());

    private static final Duration LONGEST = Duration.ofDays(100_000);

    /** The most enclaves that all revocations and reinstatements together are looked up for: each may cost an event. */
    private static final int MOST_REVOKED = 1 << 21;

    private final Lines lines;
    private final String file;
    private final int mostRevoked;

    private final Map<String, Integer> workloads = new HashMap<>();
    private final List<Launched> enclaves = new ArrayList<>();
    private final Map<TokenIdentity, Integer> enclaveNumbers = new HashMap<>();
    private final List<Happened> happened = new ArrayList<>();

    /** Enclaves by what a revocation names: an enclave, a signer, or one of its products. */
    private final Map<String, List<Integer>> named = new HashMap<>();

    /** What revokes an enclave now. */
    private final Map<Integer, Set<Revocation>> revokedBy = new HashMap<>();

    /** Places of intents whose outcome is yet to come, by the launch's id. */
    private final Map<String, Integer> open = new HashMap<>();

    private @Nullable ChainVerifier chain;
    private String key = "";
    private long first;
    private long last;
    private long signed;
    private @Nullable Instant begin;
    private long latest;
    private long micros = -1;

    private long refused;
    private long stale;
    private long wentBack;
    private long looked;
    private long unrevoked;
    private long unmapped;
    private long tokens;

    /** An enclave as its launches name it. */
    private record Launched(TokenIdentity identity, String mrEnclave, String mrSigner, int product, int svn) {}

    private static final class Happened {
        private final long micros;
        private final Event event;
        private final int subject;
        private final int object;
        private boolean counts = true;

        Happened(long micros, Event event, int subject, int object) {
            this.micros = micros;
            this.event = event;
            this.subject = subject;
            this.object = object;
        }
    }

    AuditReplay(Lines lines, String file) {
        this(lines, file, MOST_REVOKED);
    }

    AuditReplay(Lines lines, String file, int mostRevoked) {
        this.lines = lines;
        this.file = file;
        this.mostRevoked = mostRevoked;
    }

    /** The trace of all lines, of which the first was read. */
    Recorded read(String firstLine) throws IOException, TraceException {
        for (@Nullable String line = firstLine; line != null; line = lines.text()) {
            AuditEntry entry = entry(line);
            verify(entry);
            if (entry instanceof AuditEntry.Event record) {
                take(record.event());
            }
            last = entry.number();
        }
        return new Recorded(trace(), notes());
    }

    private AuditEntry entry(String line) throws TraceException {
        try {
            return AuditEntry.parse(line);
        } catch (LaunchException e) {
            throw lines.wrong(
                    0,
                    "this is no entry of an audit trail: %s; it was cut off or changed: export it again"
                            .formatted(e.getMessage()));
        }
    }

    private void verify(AuditEntry entry) throws TraceException {
        if (chain == null) {
            chain = begin(entry);
        }
        chain.accept(entry, "line " + lines.number());
        Optional<Broken> broken = chain.broken();
        if (broken.isPresent()) {
            throw lines.wrong(
                    0,
                    "expected %s, found %s: %s"
                            .formatted(
                                    broken.get().expected(),
                                    broken.get().found(),
                                    broken.get().meaning()));
        }
        if (entry instanceof Checkpoint) {
            signed = entry.number();
        }
    }

    private ChainVerifier begin(AuditEntry entry) {
        first = entry.number();
        if (!(entry instanceof Checkpoint checkpoint)) {
            return new ChainVerifier("", List.of());
        }
        key = checkpoint.key();
        return new ChainVerifier(key, first > 1 ? List.of(new AuditAnchor(first - 1, checkpoint.chain())) : List.of());
    }

    private void take(AuditEvent event) throws TraceException {
        switch (event.kind()) {
            case INTENT -> intent(event);
            case OUTCOME -> outcome(event);
            case REVOCATION -> revocation(event);
            case TOKEN -> tokens++;
            case ADMINISTRATION, POLICY -> unmapped++;
        }
    }

    private void intent(AuditEvent event) throws TraceException {
        int enclave = enclave(event);
        if (revokedBy.remove(enclave) != null) {
            add(event, Event.REINSTATE, 0, enclave);
            unrevoked++;
        }
        if (open.putIfAbsent(event.id(), happened.size()) != null) {
            throw lines.wrong(
                    0, "expected one intent of a launch, found a second one of %s".formatted(Lines.quoted(event.id())));
        }
        add(event, Event.LAUNCH, workload(event), enclave);
    }

    private void outcome(AuditEvent event) throws TraceException {
        Integer intent = open.remove(event.id());
        if (intent != null) {
            if (event.verdict().equals("refused") && TOKEN_REFUSED.contains(event.code())) {
                happened.get(intent).counts = false;
                stale++;
            }
        } else if (event.verdict().equals("refused") || first > 1) {
            refused++;
        } else {
            throw lines.wrong(
                    0,
                    "expected the intent of launch %s before its outcome, found none"
                            .formatted(Lines.quoted(event.id())));
        }
    }

    private void revocation(AuditEvent event) throws TraceException {
        Matcher words = REVOCATION.matcher(event.reason());
        if (!words.matches()) {
            unmapped++;
            return;
        }
        Revocation revocation;
        try {
            revocation = Revocation.parse(words.group(1));
        } catch (IllegalArgumentException e) {
            throw lines.wrong(0, "expected a revocation: " + e.getMessage());
        }
        boolean any = false;
        for (int i : named.getOrDefault(nameOf(revocation), List.of())) {
            if (++looked > mostRevoked) {
                throw lines.wrong(
                        0,
                        "expected revocations that together concern at most %d launched enclaves, found one more"
                                .formatted(mostRevoked));
            }
            Launched enclave = enclaves.get(i);
            if (revocation.covers(enclave.mrEnclave(), enclave.mrSigner(), enclave.product(), enclave.svn())) {
                any = true;
                if (event.verdict().equals("revoke")) {
                    revoke(event, revocation, i);
                } else {
                    reinstate(event, revocation, i);
                }
            }
        }
        if (!any) {
            unmapped++;
        }
    }

    private void revoke(AuditEvent event, Revocation revocation, int enclave) throws TraceException {
        Set<Revocation> by = revokedBy.computeIfAbsent(enclave, none -> new HashSet<>());
        if (by.isEmpty()) {
            add(event, Event.REVOKE, 0, enclave);
        }
        by.add(revocation);
    }

    private void reinstate(AuditEvent event, Revocation revocation, int enclave) throws TraceException {
        Set<Revocation> by = revokedBy.get(enclave);
        if (by != null && by.remove(revocation) && by.isEmpty()) {
            revokedBy.remove(enclave);
            add(event, Event.REINSTATE, 0, enclave);
        }
    }

    private static String nameOf(Revocation revocation) {
        return switch (revocation) {
            case Revocation.Enclave enclave -> enclave.mrEnclave();
            case Revocation.Signer signer -> signer.mrSigner();
            case Revocation.Product product -> product(product.mrSigner(), product.isvProdId());
            case Revocation.LaunchEnclave _, Revocation.LaunchEnclaveSvn _ -> "";
        };
    }

    private static String product(String mrSigner, int product) {
        return mrSigner + " " + product;
    }

    private void add(AuditEvent event, Event what, int subject, int object) throws TraceException {
        happened.add(new Happened(micros(event.time()), what, subject, object));
    }

    /** Records of launches that run at the same time are not in the order of their times, and clocks are set. */
    private long micros(Instant time) throws TraceException {
        Instant from = begin == null ? time : begin;
        begin = from;
        long since;
        try {
            Duration passed = Duration.between(from, time);
            if (passed.compareTo(LONGEST) > 0) {
                throw lines.wrong(
                        0,
                        "expected a time within %d days of the first one, %s, found %s"
                                .formatted(LONGEST.toDays(), from, time));
            }
            since = passed.isNegative() ? -1 : passed.toNanos() / 1000;
        } catch (ArithmeticException | DateTimeException e) {
            since = -1;
        }
        if (since < latest) {
            wentBack++;
        }
        latest = Math.max(since, latest);
        micros = Math.max(since, micros + 1);
        return micros;
    }

    private int workload(AuditEvent event) {
        return workloads.computeIfAbsent(event.workload(), name -> workloads.size());
    }

    private int enclave(AuditEvent event) throws TraceException {
        try {
            HexFormat hex = HexFormat.of();
            String attributes = event.attributes();
            TokenIdentity identity = TokenIdentity.of(
                    hex.parseHex(event.mrEnclave()),
                    hex.parseHex(event.mrSigner()),
                    new Attributes(
                            HexFormat.fromHexDigitsToLong(attributes, 0, 16),
                            HexFormat.fromHexDigitsToLong(attributes, 16, 32)));
            Integer known = enclaveNumbers.putIfAbsent(identity, enclaves.size());
            if (known != null) {
                return known;
            }
            int number = enclaves.size();
            enclaves.add(
                    new Launched(identity, event.mrEnclave(), event.mrSigner(), event.isvProdId(), event.isvSvn()));
            for (String name :
                    List.of(event.mrEnclave(), event.mrSigner(), product(event.mrSigner(), event.isvProdId()))) {
                named.computeIfAbsent(name, none -> new ArrayList<>()).add(number);
            }
            return number;
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw lines.wrong(
                    0,
                    "expected MRENCLAVE and MRSIGNER of 64 hex digits and ATTRIBUTES of 32, found %s, %s and %s"
                            .formatted(
                                    Lines.quoted(event.mrEnclave()),
                                    Lines.quoted(event.mrSigner()),
                                    Lines.quoted(event.attributes())));
        }
    }

    private Trace trace() throws TraceException {
        if (happened.stream().noneMatch(each -> each.event == Event.LAUNCH && each.counts)) {
            throw lines.wrong("expected launches, found none in %d lines".formatted(lines.number()));
        }
        try {
            // Without its folders: the same file is the same workload wherever it lies.
            TraceBuilder trace = new TraceBuilder(file.substring(file.lastIndexOf('/') + 1), 1);
            int host = trace.machine("host", 0);
            workloads.entrySet().stream()
                    .sorted(Map.Entry.comparingByValue())
                    .forEach(workload -> trace.workload(workload.getKey(), host));
            enclaves.forEach(enclave -> trace.enclave(enclave.identity()));
            happened.stream()
                    .filter(each -> each.counts)
                    .forEach(each -> trace.add(each.micros, each.event, each.subject, each.object));
            return trace.build();
        } catch (IllegalArgumentException e) {
            throw lines.wrong(String.valueOf(e.getMessage()));
        }
    }

    private List<String> notes() {
        List<String> notes = new ArrayList<>();
        notes.add(
                "entries %d to %d follow from one another, signed up to entry %d by the key %s: compare it with the host's own"
                        .formatted(first, last, signed, key));
        if (first > 1) {
            notes.add("entries 1 to %d are not here: nothing shows what they were".formatted(first - 1));
        }
        if (signed < last) {
            notes.add("entries %d to %d have no signature yet".formatted(signed + 1, last));
        }
        notes.add("whether more followed entry %d does not show here:  jsgx audit verify --anchor  says so"
                .formatted(last));
        note(notes, open.size(), "launches have no outcome, and are taken as launches");
        note(notes, stale, "tries with a token that EINIT refused are part of the launch that follows them");
        note(notes, refused, "launches were refused before EINIT or began before this export, and are left out");
        note(notes, tokens, "requests for a token alone are left out: the launch that uses it is there");
        note(
                notes,
                wentBack,
                "records bear a time before that of an earlier record, and are taken as a microsecond after it");
        note(notes, unrevoked, "launches are of enclaves that were revoked before, and are taken as reinstated");
        note(
                notes,
                unmapped,
                "records of policy, administration and revocations concern no launched enclave, and are left out");
        return notes;
    }

    private static void note(List<String> notes, long count, String what) {
        if (count > 0) {
            notes.add(count + " " + what);
        }
    }
}
