package jsgx.host.admin;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import jsgx.host.admin.Operation.Answer;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditAnchor;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditKey;
import jsgx.launch.audit.AuditQuery;
import jsgx.launch.audit.AuditReader;
import jsgx.launch.audit.AuditVerification;
import jsgx.launch.json.Json;

/** The audit trail: a search, all of it, what comes, and whether it is whole. */
final class AuditResource {

    private static final System.Logger LOG = System.getLogger("jsgx.host.admin");

    static final Set<String> FILTERS = Set.of(
            "since", "until", "id", "kind", "workload", "mrenclave", "mrsigner", "verdict", "rule", "code", "text");

    private static final long USUAL = 100;
    private static final long MOST = 1000;

    /** How many may read the whole trail at once. */
    private static final int READERS = 4;

    private final Path folder;
    private final Streams streams;
    private final Semaphore readers = new Semaphore(READERS);

    AuditResource(Path state, Streams streams) {
        this.folder = state.resolve("audit");
        this.streams = streams;
    }

    List<Operation> operations() {
        return List.of(
                new Operation("GET", "/v1/audit", this::search),
                new Operation("GET", "/v1/audit/lines", this::lines),
                new Operation("GET", "/v1/audit/stream", this::stream),
                new Operation("GET", "/v1/audit/verify", this::verify));
    }

    static Predicate<AuditEvent> filter(Map<String, String> query) {
        AuditQuery known = new AuditQuery(
                query.containsKey("since") ? Fields.time("since", query.get("since")) : Instant.MIN,
                query.containsKey("until") ? Fields.time("until", query.get("until")) : Instant.MAX,
                query.getOrDefault("id", ""),
                kind(query.getOrDefault("kind", "")),
                query.getOrDefault("workload", ""),
                hex(query, "mrenclave"),
                hex(query, "mrsigner"),
                query.getOrDefault("verdict", ""),
                query.getOrDefault("rule", ""),
                query.getOrDefault("code", ""));
        String text = query.getOrDefault("text", "").toLowerCase(Locale.ROOT);
        return event -> known.test(event)
                && (text.isEmpty()
                        || has(event.reason(), text)
                        || has(event.rule(), text)
                        || has(event.workload(), text));
    }

    private static String kind(String name) {
        for (AuditEvent.Kind kind : AuditEvent.Kind.values()) {
            if (name.isEmpty() || PolicyJson.word(kind).equals(name)) {
                return name;
            }
        }
        throw Problem.badRequest("there is no kind \"%s\"".formatted(name)).where("kind");
    }

    private static String hex(Map<String, String> query, String name) {
        String text = query.getOrDefault(name, "");
        if (!text.matches("[0-9a-fA-F]{0,64}")) {
            throw Problem.badRequest("\"%s\" is no beginning of a hash".formatted(text))
                    .where(name)
                    .expected("at most 64 hexadecimal digits");
        }
        return text;
    }

    private static boolean has(String value, String text) {
        return value.toLowerCase(Locale.ROOT).contains(text);
    }

    private interface Reading<T> {
        T with(AuditReader reader) throws LaunchException, IOException;
    }

    private <T> T reading(Reading<T> work) throws LaunchException, IOException {
        if (!readers.tryAcquire()) {
            throw new Problem(503, "Too many searches", "%d searches of the audit trail run".formatted(READERS))
                    .advice("try again in a moment");
        }
        try (AuditReader reader = AuditReader.open(folder)) {
            return work.with(reader);
        } finally {
            readers.release();
        }
    }

    private Answer search(Call call) throws LaunchException, IOException {
        Set<String> names = new HashSet<>(FILTERS);
        names.addAll(Set.of("limit", "before"));
        Map<String, String> query = call.query(names);
        long limit = Call.number(query, "limit", 1, MOST).orElse(USUAL);
        long before = Call.number(query, "before", 1, Long.MAX_VALUE).orElse(Long.MAX_VALUE);
        Predicate<AuditEvent> filter = filter(query);
        Deque<AuditEntry.Event> found = new ArrayDeque<>();
        boolean[] more = {false};
        reading(reader -> {
            reader.read(entry -> {
                if (entry instanceof AuditEntry.Event event && event.number() < before && filter.test(event.event())) {
                    found.addLast(event);
                    if (found.size() > limit) {
                        found.removeFirst();
                        more[0] = true;
                    }
                }
            });
            return found;
        });
        List<Json> items = new ArrayList<>();
        found.descendingIterator().forEachRemaining(event -> items.add(json(event)));
        return Answer.of(new Json().put("items", items).put("more", more[0]));
    }

    static Json json(AuditEntry.Event entry) {
        AuditEvent event = entry.event();
        return new Json()
                .put("number", entry.number())
                .put("hash", entry.hash())
                .put("id", event.id())
                .put("time", event.time().toString())
                .put("kind", PolicyJson.word(event.kind()))
                .put("workload", event.workload())
                .put("mrenclave", event.mrEnclave())
                .put("mrsigner", event.mrSigner())
                .put("attributes", event.attributes())
                .put("isvProdId", event.isvProdId())
                .put("isvSvn", event.isvSvn())
                .put("verdict", event.verdict())
                .put("rule", event.rule())
                .put("revision", event.revision())
                .put("tokenSource", event.tokenSource())
                .put("code", event.code())
                .put("reason", event.reason());
    }

    private Answer lines(Call call) throws LaunchException, IOException {
        Predicate<AuditEvent> filter = filter(call.query(FILTERS));
        reading(reader -> {
            call.response().header(HeaderNames.CONTENT_TYPE, "application/x-ndjson");
            // Closed only where all was written: a trail that breaks off must not look like a whole one.
            OutputStream out = new BufferedOutputStream(call.response().outputStream());
            try {
                reader.read(entry -> {
                    if (entry instanceof AuditEntry.Event event && filter.test(event.event())) {
                        try {
                            out.write((event.json() + "\n").getBytes(StandardCharsets.UTF_8));
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                });
                out.close();
            } catch (LaunchException e) {
                LOG.log(System.Logger.Level.ERROR, "the audit trail cannot be sent: {0}", e.getMessage());
                throw new CloseConnectionException("the audit trail cannot be read to its end", e);
            }
            return true;
        });
        return new Answer.Sent();
    }

    private Answer stream(Call call) throws LaunchException {
        long after = LaunchResource.lastSeen(call, -1);
        try (AuditReader reader = after < 0 ? AuditReader.open(folder) : AuditReader.openAt(folder, after)) {
            boolean[] begun = {after >= 0};
            return streams.stream(call, sink -> {
                boolean[] sent = {false};
                reader.read(entry -> {
                    if (begun[0] && entry instanceof AuditEntry.Event event && event.number() > after) {
                        sink.emit(Streams.event("audit", event.number(), event.json()));
                        sent[0] = true;
                    }
                });
                begun[0] = true;
                return sent[0];
            });
        }
    }

    private Answer verify(Call call) throws LaunchException {
        List<AuditAnchor> anchors = new ArrayList<>();
        for (String anchor : call.queries(Set.of("anchor")).getOrDefault("anchor", List.of())) {
            try {
                anchors.add(AuditAnchor.parse(anchor));
            } catch (LaunchException e) {
                throw Problem.badRequest(String.valueOf(e.getMessage())).where("anchor");
            }
        }
        String key = AuditKey.readPublic(folder.resolve("key.pub"));
        return Answer.of(
                switch (AuditReader.verify(folder, key, anchors)) {
                    case AuditVerification.Intact intact ->
                        new Json()
                                .put("valid", true)
                                .put("first", intact.first())
                                .put("entries", intact.entries())
                                .put("checkpoints", intact.checkpoints())
                                .put("signed", intact.signed())
                                .put("key", key)
                                .put("anchors", anchors.size())
                                .put("anchor", intact.head().toString());
                    case AuditVerification.Broken broken ->
                        new Json()
                                .put("valid", false)
                                .put("entry", broken.number())
                                .put("where", broken.where())
                                .put("expected", broken.expected())
                                .put("found", broken.found())
                                .put("meaning", broken.meaning());
                });
    }
}
