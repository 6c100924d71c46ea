package jsgx.host.console;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;

/** The console's page and its files, for an HTTP server to serve. They hold no secret: what they show comes from the admin API. */
public final class ConsolePages implements HttpService {

    // Nothing but this server's own files runs or is fetched, and no string becomes markup (Trusted Types), so that a
    // hostile name of a
    // workload is text whatever the page does with it.
    private static final List<Header> HEADERS = List.of(
            HeaderValues.create(
                    "Content-Security-Policy",
                    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; "
                            + "require-trusted-types-for 'script'; trusted-types 'none'"),
            HeaderValues.create("X-Content-Type-Options", "nosniff"),
            HeaderValues.create("X-Frame-Options", "DENY"),
            HeaderValues.create("Referrer-Policy", "no-referrer"),
            HeaderValues.create("Cross-Origin-Opener-Policy", "same-origin"),
            HeaderValues.create("Cross-Origin-Resource-Policy", "same-origin"),
            HeaderValues.create("Cache-Control", "no-cache"));

    private final List<ConsoleFile> files = ConsoleFile.all();

    @Override
    public void routing(HttpRules rules) {
        for (ConsoleFile file : files) {
            rules.get(file.path(), (request, response) -> serve(file, request, response));
        }
    }

    /** Sets what every answer with something of the console has, so that no browser lets others use it. */
    public static void protect(ServerResponseHeaders headers) {
        HEADERS.forEach(headers::set);
    }

    private static void serve(ConsoleFile file, ServerRequest request, ServerResponse response) {
        protect(response.headers());
        response.header(HeaderNames.ETAG, file.entityTag());
        if (request.headers().value(HeaderNames.IF_NONE_MATCH).orElse("").equals(file.entityTag())) {
            response.status(Status.NOT_MODIFIED_304).send();
            return;
        }
        response.header(HeaderNames.CONTENT_TYPE, file.contentType()).send(file.bytes());
    }
}
