package jsgx.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import jsgx.host.client.AdminClient;
import jsgx.host.client.HostFolder;
import jsgx.host.service.HostException;
import jsgx.launch.json.Json;
import jsgx.launch.json.MalformedJson;

/** The daemon of this machine, as an administrator's commands ask it over its admin socket. */
final class Remote {

    private static final String EVENTS = "text/event-stream";

    private final AdminClient client;

    private Remote(HostFolder folder) {
        this.client = new AdminClient(folder.adminSocket());
    }

    /** What a daemon refuses, in its own words: its problem document. */
    static final class Problem extends IOException {

        private static final long serialVersionUID = 1L;

        private final int status;
        private final transient Map<String, ?> document;

        Problem(int status, Map<String, ?> document) {
            super(message(document));
            this.status = status;
            this.document = document;
        }

        /** The status of HTTP. */
        int status() {
            return status;
        }

        /** The document, as the daemon sent it. */
        Map<String, ?> document() {
            return document;
        }

        private static String message(Map<String, ?> document) {
            String where = Documents.string(document, "where");
            StringBuilder message = new StringBuilder(where.isEmpty() ? "" : where + ": ")
                    .append(Documents.string(document, document.containsKey("detail") ? "detail" : "title"));
            add(message, ": expected ", Documents.string(document, "expected"));
            add(message, ", found ", Documents.string(document, "found"));
            add(message, "; ", Documents.string(document, "advice"));
            return message.toString();
        }

        private static void add(StringBuilder message, String before, String text) {
            if (!text.isEmpty()) {
                message.append(before).append(text);
            }
        }
    }

    /** The daemon that the environment leads to; empty where there is none, or the user wants none. */
    static Optional<Remote> find(Surroundings surroundings) {
        return HostFolder.find(surroundings.environment()).map(Remote::new);
    }

    /** The daemon of a command that means nothing without one. */
    static Remote needed(Surroundings surroundings) throws BadInput {
        return find(surroundings)
                .orElseThrow(
                        () -> new BadInput("no daemon runs here that JSGX_RUN, $XDG_RUNTIME_DIR/jsgx or /run/jsgx leads"
                                + " to: start one with  jsgx serve"));
    }

    /** The daemon's socket. */
    Path socket() {
        return client.socket();
    }

    /** A part of a path, or the value of a parameter, as a URI has it. */
    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Adds a parameter of a query, where it has a value. */
    static void parameter(List<String> parameters, String name, String value) {
        if (!value.isEmpty()) {
            parameters.add(name + "=" + encoded(value));
        }
    }

    /** Asks for a document. */
    Map<String, ?> get(String path) throws BadInput, IOException {
        return ask("GET", path, "");
    }

    /** Sends a document and returns that of the answer. */
    Map<String, ?> send(String method, String path, Json body) throws BadInput, IOException {
        return ask(method, path, body.line());
    }

    /**
     * Asks for a document.
     *
     * @param body JSON; empty for none
     * @throws Problem where the daemon refuses
     */
    Map<String, ?> ask(String method, String path, String body) throws BadInput, IOException {
        try (AdminClient.Answer answer = answer(method, path, body, Map.of())) {
            return document(answer);
        }
    }

    /** Asks for a text. */
    String text(String path) throws BadInput, IOException {
        try (AdminClient.Answer answer = answer("GET", path, "", Map.of())) {
            return answer.text();
        }
    }

    /** What takes a line. */
    interface Lines {
        void take(String line) throws IOException;
    }

    /** Asks for lines, and hands them on as they come. */
    void lines(String path, Lines lines) throws BadInput, IOException {
        try (AdminClient.Answer answer = answer("GET", path, "", Map.of())) {
            BufferedReader reader = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.take(line);
            }
        }
    }

    /** What takes an event of a stream. */
    interface Events {
        void take(String name, String data) throws IOException;
    }

    /**
     * Hands on the events of a stream as they come, for as long as somebody wants them: the daemon says now and then that it is there.
     *
     * @param after the number of the event after which it begins; empty for what comes from now on
     */
    void events(String path, String after, BooleanSupplier wanted, Events events) throws BadInput, IOException {
        Map<String, String> headers =
                after.isEmpty() ? Map.of("Accept", EVENTS) : Map.of("Accept", EVENTS, "Last-Event-ID", after);
        try (AdminClient.Answer answer = answer("GET", path, "", headers)) {
            BufferedReader reader = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
            String name = "";
            for (String line = reader.readLine(); line != null && wanted.getAsBoolean(); line = reader.readLine()) {
                if (line.startsWith("event:")) {
                    name = line.substring("event:".length()).strip();
                } else if (line.startsWith("data:")) {
                    events.take(name, line.substring("data:".length()).strip());
                }
            }
        }
    }

    private AdminClient.Answer answer(String method, String path, String body, Map<String, String> headers)
            throws BadInput, IOException {
        try {
            AdminClient.Answer answer = client.ask(method, path, body, headers);
            // A host that is not ready answers with that.
            if (answer.status() >= 400
                    && answer.headers().getOrDefault("content-type", "").startsWith("application/problem+json")) {
                try (answer) {
                    throw new Problem(answer.status(), document(answer));
                }
            }
            return answer;
        } catch (HostException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        }
    }

    private Map<String, ?> document(AdminClient.Answer answer) throws IOException {
        return document(answer.text());
    }

    /** The document in a text of the daemon, or of whatever else listens at its socket. */
    Map<String, ?> document(String text) throws IOException {
        try {
            return Json.parse(text);
        } catch (MalformedJson e) {
            throw new IOException(
                    "the daemon at %s answers with something that is no document of its: %s"
                            .formatted(client.socket(), e.getMessage()),
                    e);
        }
    }
}
