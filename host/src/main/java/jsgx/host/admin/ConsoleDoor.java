package jsgx.host.admin;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import jsgx.host.admin.Operation.Answer;
import jsgx.host.console.ConsolePages;
import jsgx.launch.json.Json;

/**
 * Who comes in by the console's TCP listener: only who names it in the Host header, so that no other site's name leads here; for the API only the console's own page in a
 * browser that has logged in. It sends a header with its secret, which no other site can make a browser send, nor read: the cookie alone, which browsers
 * send to every port of this host, opens nothing.
 */
final class ConsoleDoor implements Door {

    private static final String COOKIE = "jsgx-console";
    private static final HeaderName PAGE = HeaderNames.create("X-Jsgx-Console");
    private static final String ATTRIBUTES = "; HttpOnly; SameSite=Strict; Path=/";

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

    @Override
    public String who(ServerRequest request) {
        checkHost(request);
        return sessions.use(secrets(request)).orElseThrow(ConsoleDoor::notLoggedIn);
    }

    @Override
    public boolean stillOpen(ServerRequest request) {
        return sessions.holds(secrets(request));
    }

    private static Problem notLoggedIn() {
        return new Problem(401, "Not logged in", "this page has not logged in, or its session is over")
                .advice("open the link that  jsgx console  prints");
    }

    private static ConsoleSessions.Secrets secrets(ServerRequest request) {
        return new ConsoleSessions.Secrets(
                request.headers().cookies().first(COOKIE).orElse(""),
                request.headers().value(PAGE).orElse(""));
    }

    /** Follows a link: the browser gets its cookie, and goes to the page with the page's secret in the fragment, which is sent to nobody. */
    void follow(ServerRequest request, ServerResponse response) {
        try {
            checkHost(request);
            ConsoleSessions.Secrets session = request.query()
                    .first("key")
                    .asOptional()
                    .flatMap(sessions::follow)
                    .orElseThrow(() -> new Problem(
                                    401, "The link is used up", "this link was followed before, or is too old")
                            .advice("get another one with  jsgx console"));
            ConsolePages.protect(response.headers());
            response.status(303)
                    .header(HeaderNames.SET_COOKIE, COOKIE + "=" + session.cookie() + ATTRIBUTES)
                    .header(HeaderNames.LOCATION, "/#session=" + session.page())
                    .header(HeaderNames.CACHE_CONTROL, "no-store")
                    .send(new byte[0]);
        } catch (Problem problem) {
            Dispatcher.send(response, problem);
        }
    }

    /** Ends the session of the page that asks for it. */
    void leave(ServerRequest request, ServerResponse response) {
        try {
            checkHost(request);
            if (!sessions.end(secrets(request))) {
                throw notLoggedIn();
            }
            ConsolePages.protect(response.headers());
            response.status(204)
                    .header(HeaderNames.SET_COOKIE, COOKIE + "=" + ATTRIBUTES + "; Max-Age=0")
                    .send();
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
