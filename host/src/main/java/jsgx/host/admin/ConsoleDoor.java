package jsgx.host.admin;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import jsgx.host.admin.Operation.Answer;
import jsgx.host.console.ConsolePages;

/**
 * Who comes in by the console's TCP listener: only who names it in the Host header, so that no other site's name leads here; for the API
 * only a browser that has logged in, and for changes only the console's own page, which no other site can make send its header.
 */
final class ConsoleDoor {

    private static final String COOKIE = "jsgx-console";
    private static final Set<String> READING = Set.of("GET", "HEAD");

    private final ConsoleSessions sessions;

    /** The names that this listener has in a Host header, the first for links; empty where it does not listen. */
    private volatile List<String> names = List.of();

    ConsoleDoor(ConsoleSessions sessions) {
        this.sessions = sessions;
    }

    /** Where it listens. */
    void listensAt(InetAddress address, int port) {
        String own = address instanceof Inet6Address ? "[::1]" : address.getHostAddress();
        names = Stream.of(own, "127.0.0.1", "localhost", "[::1]")
                .distinct()
                .map(name -> name + ":" + port)
                .toList();
    }

    /** The operation that makes a link, for the admin socket. */
    Operation login() {
        return new Operation("POST", "/v1/console/login", call -> {
            call.body(false, Call.SMALL).end();
            if (names.isEmpty()) {
                throw Problem.conflict("the console is off").advice("set console.listen in the configuration");
            }
            String end = sessions.linkEnd().toString();
            String url = "http://%s/login?key=%s".formatted(names.getFirst(), sessions.link(call.who()));
            return Answer.of(new Json().put("url", url).put("expires", end));
        });
    }

    /** The Host header names this listener. */
    void checkHost(ServerRequest request) {
        String host = request.headers().value(HeaderNames.HOST).orElse("");
        if (!names.contains(host)) {
            throw new Problem(421, "Misdirected request", "this server is not \"%s\"".formatted(host))
                    .where("Host")
                    .expected(String.join(" or ", names));
        }
    }

    /** Who acts; a {@link Problem} where nobody may. */
    String who(ServerRequest request) {
        checkHost(request);
        String who = session(request)
                .flatMap(sessions::who)
                .orElseThrow(() -> new Problem(
                                401, "Not logged in", "this browser has not logged in, or its session is over")
                        .advice("open the link that  jsgx console  prints"));
        if (!READING.contains(request.prologue().method().text())
                && request.headers().value(HeaderNames.create("X-Jsgx-Console")).isEmpty()) {
            throw new Problem(403, "Forbidden", "a change needs the header X-Jsgx-Console").where("X-Jsgx-Console");
        }
        return who;
    }

    private static Optional<String> session(ServerRequest request) {
        return request.headers().cookies().first(COOKIE).asOptional();
    }

    /** Follows a link: the browser gets its cookie and goes to the page. */
    void follow(ServerRequest request, ServerResponse response) {
        try {
            checkHost(request);
            String session = request.query()
                    .first("key")
                    .asOptional()
                    .flatMap(sessions::follow)
                    .orElseThrow(() -> new Problem(
                                    401, "The link is used up", "this link was followed before, or is too old")
                            .advice("get another one with  jsgx console"));
            ConsolePages.protect(response.headers());
            response.status(303)
                    .header(HeaderNames.SET_COOKIE, COOKIE + "=" + session + "; HttpOnly; SameSite=Strict; Path=/")
                    .header(HeaderNames.LOCATION, "/")
                    .header(HeaderNames.CACHE_CONTROL, "no-store")
                    .send(new byte[0]);
        } catch (Problem problem) {
            Dispatcher.send(response, problem);
        }
    }

    /** Ahead of the pages: only who names this listener sees them. */
    boolean admits(ServerRequest request, ServerResponse response) {
        try {
            checkHost(request);
            return true;
        } catch (Problem problem) {
            Dispatcher.send(response, problem);
            return false;
        }
    }

    /** A page for people whose browser has not logged in. */
    static byte[] text(String line) {
        return (line + "\n").getBytes(StandardCharsets.UTF_8);
    }
}
