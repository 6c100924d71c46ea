package jsgx.host.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jsgx.launch.audit.Durability;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;

/** What values a setting takes: texts, as a file, the environment and a command line all have them. */
public enum Kind {
    FOLDER("an absolute path such as /var/lib/jsgx") {
        @Override
        Optional<?> read(String text) {
            return absolute(text);
        }
    },
    PATH_OR_NONE("an absolute path, or none") {
        @Override
        Optional<?> read(String text) {
            return orNone(text, Kind::absolute);
        }
    },
    COUNT("a number from 1 to 1000000") {
        @Override
        Optional<?> read(String text) {
            return count(text);
        }
    },
    COUNT_OR_NONE("a number from 1 to 1000000, or none") {
        @Override
        Optional<?> read(String text) {
            return orNone(text, Kind::count);
        }
    },
    DURATION("a time from 1ms to 10m, such as 500ms or 5s") {
        @Override
        Optional<?> read(String text) {
            return duration(text);
        }
    },
    LEASE("a time from 100ms to 10m, such as 500ms or 5s") {
        @Override
        Optional<?> read(String text) {
            return duration(text).filter(lease -> lease.compareTo(SHORTEST_LEASE) >= 0);
        }
    },
    NAMESPACE("1 to 64 lower-case letters, digits and dashes, no dash first") {
        @Override
        Optional<?> read(String text) {
            return Optional.of(text).filter(name -> name.matches("[a-z0-9][a-z0-9-]{0,63}"));
        }
    },
    SIZE("a size such as 64MiB") {
        @Override
        Optional<?> read(String text) {
            return size(text);
        }
    },
    MEMORY("a size of at least 1MiB, such as 64MiB") {
        @Override
        Optional<?> read(String text) {
            return size(text).filter(bytes -> bytes >= LEAST_MEMORY);
        }
    },
    NAME_OR_NONE("a name of letters, digits, \"-\", \"_\" and \".\", 64 at most, or none") {
        @Override
        Optional<?> read(String text) {
            return orNone(text, Kind::word);
        }
    },
    LOOPBACK_OR_NONE("a loopback address and a port such as 127.0.0.1:7480, or none") {
        @Override
        Optional<?> read(String text) {
            return orNone(
                    text,
                    address ->
                            address(address).filter(found -> found.getAddress().isLoopbackAddress()));
        }
    },
    ENGINE_OR_NONE("an address without a password such as redis://127.0.0.1:6379, or none") {
        @Override
        Optional<?> read(String text) {
            return orNone(text, Kind::engine);
        }
    },
    PLACEMENT(oneOf(Arrays.stream(Placement.values()).map(Placement::id))) {
        @Override
        Optional<?> read(String text) {
            return Placement.of(text);
        }
    },
    SCHEME(oneOf(Arrays.stream(Scheme.values()).map(Scheme::toString))) {
        @Override
        Optional<?> read(String text) {
            return Arrays.stream(Scheme.values())
                    .filter(scheme -> scheme.toString().equals(text))
                    .findFirst();
        }
    },
    DURABILITY(oneOf(Arrays.stream(Durability.values()).map(Durability::id))) {
        @Override
        Optional<?> read(String text) {
            return Arrays.stream(Durability.values())
                    .filter(durability -> durability.id().equals(text))
                    .findFirst();
        }
    },
    PARTITION(oneOf(Stream.of("refuse", "continue"))) {
        @Override
        Optional<?> read(String text) {
            return among(text, "refuse", "continue");
        }
    },
    LOG_FORMAT(oneOf(Stream.of("text", "json"))) {
        @Override
        Optional<?> read(String text) {
            return among(text, "text", "json");
        }
    },
    LOG_LEVEL(oneOf(Stream.of("debug", "info", "warning", "error"))) {
        @Override
        Optional<?> read(String text) {
            return among(text, "debug", "info", "warning", "error")
                    .map(level -> System.Logger.Level.valueOf(level.toUpperCase(Locale.ROOT)));
        }
    };

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

    Kind(String expected) {
        this.expected = expected;
    }

    private interface Reader {
        Optional<?> read(String text);
    }

    /** What is expected, for people. */
    public String expected() {
        return expected;
    }

    /** The value of a text; empty where it is none of this kind. {@link #NONE} stays a text. */
    abstract Optional<?> read(String text);

    /** A text that is none of this kind, as it may be told and logged: without what may be a password. */
    String told(String text) {
        return this == ENGINE_OR_NONE ? text.replaceAll("(?s).*@", "…@").replaceAll("(?s)\\?.*", "?…") : text;
    }

    private static String oneOf(Stream<String> words) {
        return "one of " + String.join(", ", words.toList());
    }

    private static Optional<?> orNone(String text, Reader reader) {
        return text.equals(NONE) ? Optional.of(NONE) : reader.read(text);
    }

    private static Optional<String> among(String text, String... words) {
        return Arrays.stream(words).filter(text::equals).findFirst();
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
