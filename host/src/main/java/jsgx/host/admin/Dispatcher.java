package jsgx.host.admin;

import io.helidon.http.HeaderNames;
import io.helidon.http.RequestException;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import jsgx.host.admin.Operation.Answer;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import jsgx.launch.policy.PolicyException;

/**
 * Finds the operation of a request by its path as it was sent, so that a name with a slash in it can be percent-encoded, and nothing that a
 * path may contain leads anywhere but to an operation. Every failure is a problem for people.
 */
final class Dispatcher implements Handler {

    private static final System.Logger LOG = System.getLogger("jsgx.host.admin");

    private final List<Operation> operations;
    private final Door door;

    /** @param door who comes in */
    Dispatcher(List<Operation> operations, Door door) {
        this.operations = List.copyOf(operations);
        this.door = door;
    }

    /** All that is answered. */
    List<Operation> operations() {
        return operations;
    }

    @Override
    public void handle(ServerRequest request, ServerResponse response) {
        try {
            send(response, answer(request, response));
        } catch (Problem problem) {
            send(response, problem);
        } catch (PolicyException e) {
            send(
                    response,
                    new Problem(422, "The policy cannot be used", String.valueOf(e.getMessage()))
                            .errors(e.errors().stream().map(PolicyJson::error).toList())
                            .advice("correct it; what was in force still is"));
        } catch (LaunchException e) {
            send(response, Problem.conflict(String.valueOf(e.getMessage())));
        } catch (IOException | UncheckedIOException e) {
            LOG.log(System.Logger.Level.DEBUG, "a client of the admin API went away", e);
            throw new CloseConnectionException("the client went away", e);
        } catch (CloseConnectionException | RequestException e) {
            throw e;
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "a request to the admin API failed", e);
            send(response, new Problem(500, "Internal fault", "a fault of jsgx: the log says more"));
        }
    }

    private Answer answer(ServerRequest request, ServerResponse response)
            throws LaunchException, PolicyException, IOException {
        String actor = door.who(request);
        String path = request.prologue().uriPath().rawPath();
        String method = request.prologue().method().text();
        List<String> segments =
                Operation.segments(path).stream().map(Dispatcher::decoded).toList();
        Map<Operation, Map<String, String>> matching = new LinkedHashMap<>();
        for (Operation operation : operations) {
            Optional<Map<String, String>> values = operation.match(segments);
            if (values.isPresent()) {
                matching.put(operation, values.get());
            }
        }
        if (matching.isEmpty()) {
            throw Problem.notFound("there is nothing at this path")
                    .where(path.length() > 200 ? path.substring(0, 200) + "…" : path)
                    .advice("GET /v1/openapi.yaml says what there is");
        }
        for (Map.Entry<Operation, Map<String, String>> entry : matching.entrySet()) {
            if (entry.getKey().method().equals(method)) {
                return entry.getKey()
                        .handler()
                        .answer(new Call(request, response, actor, entry.getValue(), () -> door.stillOpen(request)));
            }
        }
        String allowed =
                matching.keySet().stream()
                        .map(Operation::method)
                        .collect(Collectors.toCollection(TreeSet::new))
                        .stream()
                        .collect(Collectors.joining(", "));
        response.header(HeaderNames.ALLOW, allowed);
        throw new Problem(405, "Method not allowed", "%s is not for this path".formatted(method))
                .where(path)
                .expected(allowed);
    }

    private static String decoded(String segment) {
        try {
            // A plus is a plus in a path.
            return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest("the path is not percent-encoded as it should be")
                    .where(segment);
        }
    }

    private static void send(ServerResponse response, Answer answer) {
        switch (answer) {
            case Answer.Document(int status, Json json) -> {
                response.status(status).header(HeaderNames.CACHE_CONTROL, "no-store");
                response.header(HeaderNames.CONTENT_TYPE, "application/json")
                        .send(json.toString().getBytes(StandardCharsets.UTF_8));
            }
            case Answer.Bytes(String type, byte[] bytes) ->
                response.header(HeaderNames.CONTENT_TYPE, type).send(bytes);
            case Answer.Sent sent -> {}
        }
    }

    /** Answers with a problem. */
    static void send(ServerResponse response, Problem problem) {
        response.status(problem.status())
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .header(HeaderNames.CONTENT_TYPE, "application/problem+json")
                .send(problem.json().toString().getBytes(StandardCharsets.UTF_8));
    }
}
