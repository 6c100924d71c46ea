package jsgx.host.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jsgx.launch.audit.Durability;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;

/** What values a setting takes: texts, as a file, the environment and a command line all have them. */
public enum Kind {
    FOLDER("an absolute path such as /var/lib/jsgx", Kind::absolute),
    PATH_OR_NONE("an absolute path, or none", orNone(Kind::absolute)),
    COUNT("a number from 1 to 1000000", Kind::count),
    COUNT_OR_NONE("a number from 1 to 1000000, or none", orNone(Kind::count)),
    DURATION("a time from 1ms to 10m, such as 500ms or 5s", Kind::duration),
    LEASE("a time from 100ms to 10m, such as 500ms or 5s", Kind::lease),
    NAMESPACE(
            "1 to 64 lower-case letters, digits and dashes, no dash first",
            text -> Optional.of(text).filter(name -> name.matches("[a-z0-9][a-z0-9-]{0,63}"))),
    SIZE("a size such as 64MiB", Kind::size),
    MEMORY("a size of at least 1MiB, such as 64MiB", Kind::memory),
    NAME_OR_NONE("a name of letters, digits, \"-\", \"_\" and \".\", 64 at most, or none", orNone(Kind::word)),
    LOOPBACK_OR_NONE(
            "a loopback address and a port such as 127.0.0.1:7480, or none",
            orNone(text -> address(text).filter(found -> found.getAddress().isLoopbackAddress()))),
    ENGINE_OR_NONE("an address without a password such as redis://127.0.0.1:6379, or none", orNone(Kind::engine)),
    PLACEMENT(words(Placement.values(), Placement::id)),
    SCHEME(words(Scheme.values(), Scheme::toString)),
    DURABILITY(words(Durability.values(), Durability::id)),
    PARTITION(words(new String[] {"refuse", "continue"}, word -> word)),
    LOG_FORMAT(words(new String[] {"text", "json"}, word -> word)),
    LOG_LEVEL(words(
            new System.Logger.Level[] {
                System.Logger.Level.DEBUG,
                System.Logger.Level.INFO,
                System.Logger.Level.WARNING,
                System.Logger.Level.ERROR
            },
            level -> level.name().toLowerCase(Locale.ROOT)));

    /** The text for nothing, where there may be nothing. */
    static final String NONE = "none";

    private static final long MOST = 1_000_000;
    private static final long LEAST_MEMORY = 1 << 20;
    private static final Duration SHORTEST_LEASE = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofMinutes(10);
    private static final Pattern TIME = Pattern.compile("([1-9][0-9]{0,5})(ms|s|m)");
    private static final Pattern SIZES = Pattern.compile("([1-9][0-9]{0,15})(?: ?(KiB|MiB|GiB|TiB))?");
    private static final Pattern NAMES = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final Pattern ADDRESS = Pattern.compile("(?:\\[([0-9a-fA-F:.]+)\\]|([0-9.]+)):([0-9]{1,5})");
    private static final List<String> UNITS = List.of("KiB", "MiB", "GiB", "TiB");
    private static final int LARGEST_PORT = 65535;

    private final String expected;

    @SuppressWarnings("ImmutableEnumChecker") // it holds words at most, which nobody changes
    private final Reader reader;

    Kind(String expected, Reader reader) {
        this.expected = expected;
        this.reader = reader;
    }

    /** One of some words, each of which stands for a value. */
    Kind(Map<String, ?> words) {
        this("one of " + String.join(", ", words.keySet()), text -> Optional.ofNullable(words.get(text)));
    }

    private interface Reader {
        Optional<?> read(String text);
    }

    /** What is expected, for people. */
    public String expected() {
        return expected;
    }

    /** The value of a text; empty where it is none of this kind. {@link #NONE} stays a text. */
    Optional<?> read(String text) {
        return reader.read(text);
    }

    /** A text that is none of this kind, as it may be told and logged: without what may be a password. */
    String told(String text) {
        return this == ENGINE_OR_NONE ? text.replaceAll("(?s).*@", "…@").replaceAll("(?s)\\?.*", "?…") : text;
    }

    /** Values by their words, in this order. */
    private static <T> Map<String, T> words(T[] values, Function<T, String> word) {
        Map<String, T> words = new LinkedHashMap<>();
        for (T value : values) {
            words.put(word.apply(value), value);
        }
        return words;
    }

    private static Reader orNone(Reader reader) {
        return text -> text.equals(NONE) ? Optional.of(NONE) : reader.read(text);
    }

    private static Optional<Path> absolute(String text) {
        try {
            return Optional.of(Path.of(text)).filter(Path::isAbsolute).map(Path::normalize);
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    private static Optional<Long> count(String text) {
        return Optional.of(text)
                .filter(number -> number.matches("[1-9][0-9]{0,6}"))
                .map(Long::valueOf)
                .filter(number -> number <= MOST);
    }

    private static Optional<Long> memory(String text) {
        return size(text).filter(bytes -> bytes >= LEAST_MEMORY);
    }

    private static Optional<Duration> lease(String text) {
        return duration(text).filter(lease -> lease.compareTo(SHORTEST_LEASE) >= 0);
    }

    private static Optional<Duration> duration(String text) {
        Matcher matcher = TIME.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long number = Long.parseLong(matcher.group(1));
        Duration duration = switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            default -> Duration.ofMinutes(number);
        };
        return Optional.of(duration).filter(found -> found.compareTo(LONGEST) <= 0);
    }

    private static Optional<Long> size(String text) {
        Matcher matcher = SIZES.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int shift = matcher.group(2) == null ? 0 : 10 * (UNITS.indexOf(matcher.group(2)) + 1);
        long number = Long.parseLong(matcher.group(1));
        return number > Long.MAX_VALUE >> shift ? Optional.empty() : Optional.of(number << shift);
    }

    private static Optional<String> word(String text) {
        return Optional.of(text).filter(name -> NAMES.matcher(name).matches());
    }

    private static Optional<InetSocketAddress> address(String text) {
        Matcher matcher = ADDRESS.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int port = Integer.parseInt(matcher.group(3));
        if (port > LARGEST_PORT) {
            return Optional.empty();
        }
        try {
            String literal = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
            return Optional.of(new InetSocketAddress(InetAddress.ofLiteral(literal), port));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<URI> engine(String text) {
        try {
            URI uri = new URI(text);
            boolean good = List.of("redis", "rediss").contains(String.valueOf(uri.getScheme()))
                    && uri.getHost() != null
                    && (uri.getUserInfo() == null || !uri.getUserInfo().contains(":"))
                    && uri.getQuery() == null
                    && uri.getFragment() == null;
            return Optional.of(uri).filter(found -> good);
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }
}
