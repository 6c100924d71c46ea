package jsgx.study.trace;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import jsgx.arch.struct.Attributes;
import jsgx.launch.audit.FlatJson.Member;
import jsgx.launch.token.TokenIdentity;
import org.jspecify.annotations.Nullable;

/** Reads the lines of a trace file, one after the other. */
final class TraceReader {

    private static final String ROLE = "role";
    private static final int HASH_DIGITS = 64;
    private static final int ATTRIBUTES_DIGITS = 32;

    /** What an enclave without attributes has. */
    private static final Attributes USUAL = new Attributes(Attributes.MODE64BIT, 3);

    private static final Map<String, Event> EVENTS = events();

    private final Lines lines;
    private final TraceBuilder trace;
    private final Map<String, Integer> machines = new HashMap<>();
    private final Map<String, Integer> workloads = new HashMap<>();
    private final Map<String, Integer> enclaves = new HashMap<>();

    /** The line that is read. */
    private SortedMap<String, Member> members;

    TraceReader(Lines lines, SortedMap<String, Member> header) throws TraceException {
        this.lines = lines;
        this.members = header;
        only(Set.of(TraceFile.VERSION_KEY, "name", "packages"), "the header of a trace");
        long version = number(TraceFile.VERSION_KEY, 0, Long.MAX_VALUE);
        if (version != TraceFile.VERSION) {
            throw lines.wrong(
                    column(TraceFile.VERSION_KEY),
                    "expected version %d of the format, found %d: write it in that version, or read it with a newer jsgx"
                            .formatted(TraceFile.VERSION, version));
        }
        String name = string("name");
        int packages = (int) number("packages", 1, TraceBuilder.MOST_NAMES);
        this.trace = checked(() -> new TraceBuilder(name, packages));
    }

    /** What the builder refuses is wrong with the line. */
    @FunctionalInterface
    private interface Step<T> {
        T take() throws TraceException;
    }

    private <T> T checked(Step<T> step) throws TraceException {
        try {
            return step.take();
        } catch (IllegalArgumentException e) {
            throw lines.wrong(1, String.valueOf(e.getMessage()));
        }
    }

    /** The rest of the file. */
    Trace read() throws IOException, TraceException {
        @Nullable String text = lines.text();
        while (text != null) {
            members = lines.object(text);
            if (members.containsKey("end")) {
                return end();
            }
            if (members.containsKey("event")) {
                event();
            } else {
                declaration();
            }
            text = lines.text();
        }
        throw lines.wrong(
                "expected {\"end\":%d} as the last line, found the end of the file after line %d: it was cut off, or whoever wrote it was stopped"
                        .formatted(trace.size(), lines.number()));
    }

    private Trace end() throws IOException, TraceException {
        only(Set.of("end"), "the end of a trace");
        long count = number("end", 0, Long.MAX_VALUE);
        if (count != trace.size()) {
            throw lines.wrong(
                    column("end"),
                    "expected %d, as many as there are events, found %d: lines are missing, or stand there twice"
                            .formatted(trace.size(), count));
        }
        if (lines.text() != null) {
            throw lines.wrong(1, "expected nothing after the end of the trace, found a line");
        }
        return checked(trace::build);
    }

    private void event() throws TraceException {
        String word = string("event");
        Event event = EVENTS.get(word);
        if (event == null) {
            throw lines.wrong(
                    column("event"),
                    "expected an event: one of %s; found %s"
                            .formatted(String.join(", ", new TreeSet<>(EVENTS.keySet())), Lines.quoted(word)));
        }
        int expected =
                2 + (event.subject() == Event.Kind.NOTHING ? 0 : 1) + (event.object() == Event.Kind.NOTHING ? 0 : 1);
        long micros = number("micros", 0, Long.MAX_VALUE);
        int subject = named(event.subject());
        int object = named(event.object());
        if (members.size() != expected) {
            only(allowed(event), "the event " + event);
        }
        try {
            trace.add(micros, event, subject, object);
        } catch (IllegalArgumentException e) {
            throw lines.wrong(column("micros"), String.valueOf(e.getMessage()));
        }
    }

    private static Set<String> allowed(Event event) {
        Set<String> keys = new TreeSet<>(Set.of("micros", "event"));
        for (Event.Kind kind : new Event.Kind[] {event.subject(), event.object()}) {
            if (kind != Event.Kind.NOTHING) {
                keys.add(kind.toString());
            }
        }
        return keys;
    }

    private int named(Event.Kind kind) throws TraceException {
        return switch (kind) {
            case WORKLOAD -> known(workloads, kind);
            case MACHINE -> known(machines, kind);
            case ENCLAVE -> known(enclaves, kind);
            case PACKAGE -> (int) number(kind.toString(), 0, TraceBuilder.MOST_NAMES);
            case NOTHING -> 0;
        };
    }

    private int known(Map<String, Integer> numbers, Event.Kind kind) throws TraceException {
        String name = string(kind.toString());
        Integer number = numbers.get(name);
        if (number == null) {
            throw lines.wrong(
                    column(kind.toString()),
                    "expected one of the %d %ss that lines before this one name, found %s: a line {\"%s\":%s,…} has to come first"
                            .formatted(numbers.size(), kind, Lines.quoted(name), kind, Lines.quoted(name)));
        }
        return number;
    }

    private void declaration() throws TraceException {
        if (members.containsKey("enclave")) {
            enclave();
        } else if (members.containsKey("workload")) {
            workload();
        } else if (members.containsKey("machine")) {
            only(Set.of("machine", "package"), "a machine");
            String name = string("machine");
            int processor = (int) number("package", 0, TraceBuilder.MOST_NAMES);
            machines.put(name, checked(() -> trace.machine(name, processor)));
        } else {
            throw lines.wrong(
                    1,
                    "expected a machine, a workload, an enclave, an event or the end, found the members "
                            + members.keySet());
        }
    }

    private void workload() throws TraceException {
        only(Set.of("workload", "machine", ROLE), "a workload");
        String name = string("workload");
        int machine = known(machines, Event.Kind.MACHINE);
        boolean attacks = members.containsKey(ROLE);
        if (attacks && !string(ROLE).equals(TraceFile.ATTACKER)) {
            throw lines.wrong(
                    column(ROLE),
                    "expected \"%s\", or no %s, found %s"
                            .formatted(TraceFile.ATTACKER, ROLE, Lines.quoted(string(ROLE))));
        }
        int number = checked(() -> trace.workload(name, machine));
        workloads.put(name, number);
        if (attacks) {
            trace.attacks(number);
        }
    }

    private void enclave() throws TraceException {
        only(Set.of("enclave", "mrenclave", "mrsigner", "attributes"), "an enclave");
        String name = string("enclave");
        if (enclaves.containsKey(name)) {
            throw lines.wrong(
                    column("enclave"), "expected each enclave once, found %s again".formatted(Lines.quoted(name)));
        }
        TokenIdentity identity = members.size() == 1 ? standIn(name) : identity();
        enclaves.put(name, checked(() -> trace.enclave(identity)));
    }

    private TokenIdentity identity() throws TraceException {
        HexFormat hex = HexFormat.of();
        byte[] mrEnclave = hex.parseHex(digits("mrenclave", HASH_DIGITS));
        byte[] mrSigner = hex.parseHex(digits("mrsigner", HASH_DIGITS));
        String attributes = digits("attributes", ATTRIBUTES_DIGITS);
        return TokenIdentity.of(
                mrEnclave,
                mrSigner,
                new Attributes(
                        HexFormat.fromHexDigitsToLong(attributes, 0, 16),
                        HexFormat.fromHexDigitsToLong(attributes, 16, 32)));
    }

    /** An identity that nothing but its name is known of. */
    private static TokenIdentity standIn(String name) {
        return TokenIdentity.of(sha256("enclave " + name), sha256("signer"), USUAL);
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private String digits(String key, int count) throws TraceException {
        String value = string(key);
        if (value.length() != count || !value.chars().allMatch(HexFormat::isHexDigit)) {
            throw lines.wrong(column(key), "expected %d hex digits, found %s".formatted(count, Lines.quoted(value)));
        }
        return value;
    }

    private void only(Set<String> keys, String what) throws TraceException {
        for (Map.Entry<String, Member> member : members.entrySet()) {
            if (!keys.contains(member.getKey())) {
                throw lines.wrong(
                        member.getValue().column(),
                        "expected the members of %s, %s, found %s"
                                .formatted(
                                        what, String.join(", ", new TreeSet<>(keys)), Lines.quoted(member.getKey())));
            }
        }
    }

    private String string(String key) throws TraceException {
        if (member(key, "a string").value() instanceof String value) {
            return value;
        }
        throw lines.wrong(column(key), "expected a string, found a number");
    }

    private long number(String key, long least, long most) throws TraceException {
        String expected = most == Long.MAX_VALUE
                ? "a number from %d on".formatted(least)
                : "a number from %d to %d".formatted(least, most);
        return switch (member(key, expected).value()) {
            case Long value when value >= least && value <= most -> value;
            case Long value -> throw lines.wrong(column(key), "expected %s, found %d".formatted(expected, value));
            default -> throw lines.wrong(column(key), "expected %s, found a string".formatted(expected));
        };
    }

    private Member member(String key, String expected) throws TraceException {
        Member member = members.get(key);
        if (member == null) {
            throw lines.wrong(
                    1, "expected a member \"%s\" with %s, found %s".formatted(key, expected, members.keySet()));
        }
        return member;
    }

    private int column(String key) {
        Member member = members.get(key);
        return member == null ? 1 : member.column();
    }

    private static Map<String, Event> events() {
        Map<String, Event> events = new HashMap<>();
        for (Event event : Event.values()) {
            events.put(event.toString(), event);
        }
        return Map.copyOf(events);
    }
}
