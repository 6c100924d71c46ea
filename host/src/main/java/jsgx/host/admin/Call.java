package jsgx.host.admin;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** One request to the API: who makes it, and what it says. */
final class Call {

    /** What a body may have unless its operation allows more. */
    static final int SMALL = 64 << 10;

    private static final int CHUNK = 8192;

    /** How much of a body that is too large is read all the same: who still sends does not hear an answer. */
    private static final long DISCARDED = 1 << 20;

    private final ServerRequest request;
    private final ServerResponse response;
    private final String who;
    private final Map<String, String> path;
    private final BooleanSupplier allowed;

    /**
     * @param who acts, as the audit trail says
     * @param path the values that the path has, decoded
     * @param allowed whether that one still may, at any time
     */
    Call(
            ServerRequest request,
            ServerResponse response,
            String who,
            Map<String, String> path,
            BooleanSupplier allowed) {
        this.request = request;
        this.response = response;
        this.who = who;
        this.path = path;
        this.allowed = allowed;
    }

    /** Whether who makes it still may: a session may end while an answer goes on. */
    boolean isStillAllowed() {
        return allowed.getAsBoolean();
    }

    /** Who makes it, as the audit trail names workloads: {@code uid:1000}. */
    String who() {
        return who;
    }

    ServerResponse response() {
        return response;
    }

    /** A value that the path has. */
    String path(String name) {
        String value = path.getOrDefault(name, "");
        if (value.isEmpty() || value.length() > 255 || value.chars().anyMatch(Character::isISOControl)) {
            throw Problem.badRequest("the path names no " + name)
                    .where("path")
                    .expected("1 to 255 characters that can be printed, percent-encoded");
        }
        return value;
    }

    /** A header's value; empty where there is none. */
    String header(String name) {
        return request.headers().value(HeaderNames.create(name)).orElse("");
    }

    /** The parameters of the query; one that is not among these is an error, and each is there once. */
    Map<String, String> query(Set<String> known) {
        Map<String, String> values = new LinkedHashMap<>();
        queries(known).forEach((name, all) -> {
            if (all.size() != 1) {
                throw Problem.badRequest("the parameter \"%s\" is there %d times".formatted(name, all.size()))
                        .where(name)
                        .expected("once");
            }
            values.put(name, all.getFirst());
        });
        return values;
    }

    /** As {@link #query}, where a parameter may be there several times. */
    Map<String, List<String>> queries(Set<String> known) {
        Map<String, List<String>> values = new LinkedHashMap<>();
        for (String name : request.query().names()) {
            if (!known.contains(name)) {
                throw Problem.badRequest("there is no parameter \"%s\"".formatted(name))
                        .where(name)
                        .expected(known.isEmpty() ? "none" : "of these: " + String.join(", ", known));
            }
            values.put(name, request.query().all(name));
        }
        return values;
    }

    /** A whole number of the query. */
    static Optional<Long> number(Map<String, String> query, String name, long least, long most) {
        String text = query.get(name);
        if (text == null) {
            return Optional.empty();
        }
        try {
            long number = Long.parseLong(text);
            if (number >= least && number <= most) {
                return Optional.of(number);
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw Problem.badRequest("the parameter \"%s\" is no such number".formatted(name))
                .where(name)
                .expected("a whole number from %d to %d".formatted(least, most))
                .found(text);
    }

    /** The fields of the body; it may be missing where it is not required. */
    Fields body(boolean required, int most) {
        String text = text(most);
        if (text.isEmpty()) {
            if (required) {
                throw Problem.badRequest("the request has no body")
                        .where("body")
                        .expected("one JSON object");
            }
            return Fields.none();
        }
        String type = request.headers().value(HeaderNames.CONTENT_TYPE).orElse("");
        if (!type.toLowerCase(Locale.ROOT).matches("application/json(\\s*;.*)?")) {
            throw new Problem(415, "Unsupported media type", "the body is of type \"%s\"".formatted(type))
                    .where("Content-Type")
                    .expected("application/json");
        }
        return Fields.parse(text);
    }

    private String text(int most) {
        if (!request.content().hasEntity()) {
            return "";
        }
        if (request.headers().contentLength().orElse(0) > most + DISCARDED) {
            throw tooLarge(most);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] chunk = new byte[CHUNK];
        long total = 0;
        try (InputStream in = request.content().inputStream()) {
            for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                total += read;
                if (total <= most) {
                    bytes.write(chunk, 0, read);
                } else if (total > most + DISCARDED) {
                    break;
                }
            }
            if (total > most) {
                throw tooLarge(most);
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw Problem.badRequest("the body is no UTF-8").where("body");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Problem tooLarge(int most) {
        return new Problem(413, "Too large", "the body has more than %d bytes".formatted(most))
                .where("body")
                .expected("at most %d bytes".formatted(most));
    }
}
