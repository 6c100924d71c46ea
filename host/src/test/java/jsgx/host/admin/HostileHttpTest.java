package jsgx.host.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import jsgx.host.admin.AdminHost.Reply;
import jsgx.host.service.HostException;
import jsgx.launch.governor.Placement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who sends what makes no sense, or comes without a right, changes nothing and is told why. */
@Timeout(300)
class HostileHttpTest {

    private static AdminHost host;

    @BeforeAll
    static void start() throws Exception {
        host = AdminHost.start(Placement.KERNEL, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterAll
    static void stop() throws Exception {
        host.close();
    }

    /** The status of the answer to these bytes; 0 where the connection ends without one. */
    private static int send(String bytes) throws Exception {
        try (SocketChannel channel = host.connect()) {
            try {
                ByteBuffer buffer = ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1));
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            } catch (java.io.IOException e) {
                // It was told to go before it had said all.
            }
            try {
                return AdminHost.read(channel).status();
            } catch (IllegalStateException | java.io.IOException e) {
                return 0;
            }
        }
    }

    private static void problem(Reply reply, int status, String words) {
        assertThat(reply.status()).as(reply.body()).isEqualTo(status);
        assertThat(reply.headers()).containsEntry("content-type", "application/problem+json");
        assertThat(reply.json()).containsKeys("title", "status", "detail");
        assertThat(reply.body()).contains(words);
    }

    @Test
    void whatIsNoRequestEndsTheConnectionAndNothingElse() throws Exception {
        assertThat(send("\u0000\u0001\u0002\r\n\r\n")).isIn(0, 400);
        assertThat(send("GET /v1/health HTTP/9.9\r\nHost: localhost\r\n\r\n")).isIn(0, 400, 505);
        assertThat(send("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "a".repeat(100_000) + "\r\n\r\n"))
                .isIn(0, 400, 431);
        assertThat(send("GET /" + "a".repeat(100_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .isIn(0, 400, 414);
        assertThat(send("POST /v1/cache/flush HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n"))
                .isIn(0, 400);
        String both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n";
        assertThat(send("POST /v1/cache/flush HTTP/1.1\r\nHost: localhost\r\n" + both))
                .isIn(0, 400);
        assertThat(host.get("/v1/health").status()).isEqualTo(200);
    }

    @Test
    void noPathLeadsAnywhereButToAnOperation() {
        for (String path : List.of(
                "/v1/../v1/health/../../etc/passwd",
                "/v1/%2e%2e/%2e%2e/etc/passwd",
                "/v1//health",
                "/v1/health/",
                "/v1/health%2f",
                "/v1/health;x=1",
                "/V1/health",
                "/v1",
                "/",
                "/login",
                "/v1/tokens/a/b/pin")) {
            Reply reply = host.get(path);
            assertThat(reply.status()).as("%s: %s", path, reply.body()).isIn(400, 404, 405);
            assertThat(reply.body()).doesNotContain("root:");
        }
        problem(host.get("/v1/tokens/%zz/pin"), 400, "");
        problem(host.call("DELETE", "/v1/cache", ""), 405, "GET, PATCH");
    }

    @Test
    void aBodyThatMakesNoSenseIsToldWhereAndChangesNothing() {
        String before = host.get("/v1/cache").body();
        problem(host.call("PATCH", "/v1/cache", "{\"maxBytes\":"), 400, "no JSON");
        problem(host.call("PATCH", "/v1/cache", "[1]"), 400, "no object");
        problem(host.call("PATCH", "/v1/cache", "{}"), 400, "nothing to change");
        problem(host.call("PATCH", "/v1/cache", "{\"maxBytes\":-1}"), 400, "maxBytes");
        problem(host.call("PATCH", "/v1/cache", "{\"maxBytes\":1.5}"), 400, "whole number");
        problem(host.call("PATCH", "/v1/cache", "{\"maxBytes\":99999999999999999999}"), 400, "");
        problem(host.call("PATCH", "/v1/cache", "{\"maxBytes\":\"1\"}"), 400, "whole number");
        problem(host.call("PATCH", "/v1/cache", "{\"scheme\":\"best\"}"), 400, "lru");
        problem(host.call("PATCH", "/v1/cache", "{\"maxbytes\":1}"), 400, "there is no field");
        problem(host.call("PATCH", "/v1/cache", "{\"scheme\":\"lru\",\"maxBytes\":null}"), 400, "maxBytes");
        problem(host.call("PATCH", "/v1/cache", "[".repeat(50_000)), 400, "nested");
        problem(host.call("PATCH", "/v1/cache", " ".repeat(70_000)), 413, "at most");
        problem(host.call("PATCH", "/v1/cache/workloads/w", "{\"floor\":10,\"ceiling\":5}"), 409, "ceiling");
        problem(host.call("PATCH", "/v1/cache/workloads/w", "{\"floor\":900000000}"), 409, "nothing was changed");
        problem(host.call("POST", "/v1/revocations", "{\"enclave\":\"AB\"}"), 400, "64 lower-case");
        problem(host.call("POST", "/v1/revocations", "{\"product\":1,\"belowSvn\":1}"), 400, "signer");
        problem(host.call("POST", "/v1/policy/judge", "{\"sigstruct\":\"AAAA\"}"), 400, "1808 bytes");
        problem(
                host.call("PUT", "/v1/policy", "{\"text\":\"x\",\"includes\":{\"../x\":\"\"}}"),
                400,
                "no name of a file");
        problem(host.get("/v1/launches?limit=0"), 400, "limit");
        problem(host.get("/v1/launches?limit=1&limit=2"), 400, "once");
        problem(host.get("/v1/launches?lmit=1"), 400, "there is no parameter");
        problem(host.get("/v1/audit?since=noon"), 400, "no time");
        assertThat(host.get("/v1/cache").body()).isEqualTo(before);
        assertThat(host.get("/v1/policy").json()).containsEntry("state", "none");
        assertThat(host.get("/v1/revocations").items()).isEmpty();
    }

    @Test
    void theSocketIsItsOwnersAlone() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(host.folder.resolve("admin.socket"))))
                .isEqualTo("rw-------");
    }

    @Test
    void aSocketThatSomebodyElseHasIsLeftAlone() throws Exception {
        AdminService second = new AdminService(
                host.context, new AdminOptions(host.folder.resolve("admin.socket"), "", null, null, "test"), List::of);
        assertThatThrownBy(second::start).isInstanceOf(HostException.class).hasMessageContaining("listens");
        assertThat(second.trouble()).isNotEmpty();
        second.stop(Duration.ZERO);
        assertThat(host.get("/v1/health").status()).isEqualTo(200);
    }

    @Test
    void nothingIsServedOnAnAddressThatOthersReach() {
        AdminService service = new AdminService(
                host.context,
                new AdminOptions(
                        host.folder.resolve("other.socket"), "", new InetSocketAddress("0.0.0.0", 0), null, "test"),
                List::of);
        assertThatThrownBy(service::start).isInstanceOf(HostException.class).hasMessageContaining("loopback");
        assertThat(Path.of(host.folder + "/other.socket")).doesNotExist();
    }

    @Test
    void ofTwoAdministratorsAtOnceNoneLosesTheOthersChange() throws Exception {
        try (AdminHost other = AdminHost.start();
                ExecutorService admins = Executors.newFixedThreadPool(4)) {
            List<Future<Integer>> changes = new java.util.ArrayList<>();
            for (int i = 0; i < 40; i++) {
                String path = "/v1/cache/workloads/uid:" + i;
                String body = "{\"floor\":%d}".formatted(1000 + i);
                changes.add(admins.submit(() -> other.call("PATCH", path, body).status()));
            }
            for (Future<Integer> change : changes) {
                assertThat(change.get()).isEqualTo(200);
            }
            Set<Object> floors = new TreeSet<>();
            List<?> workloads = (List<?>)
                    Objects.requireNonNull(other.get("/v1/cache").json().get("workloads"));
            workloads.forEach(each -> floors.add(((java.util.Map<?, ?>) each).get("floor")));
            assertThat(floors).hasSize(40);
        }
    }

    /** A request to the console's TCP listener. */
    private static Reply console(String method, String path, String... headers) throws Exception {
        try (SocketChannel channel = SocketChannel.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), host.service.consolePort()))) {
            return AdminHost.call(channel, method, path, "", headers);
        }
    }

    @Test
    void theConsoleAnswersWhoLoggedInByALinkAndNobodyElse() throws Exception {
        String here = "Host: 127.0.0.1:" + host.service.consolePort();
        problem(console("GET", "/v1/host", here), 401, "jsgx console");
        problem(console("GET", "/v1/host", "Host: evil.example"), 421, "127.0.0.1");
        assertThat(console("GET", "/", "Host: evil.example").status()).isEqualTo(421);
        Reply shell = console("GET", "/", here);
        assertThat(shell.status()).isEqualTo(200);
        assertThat(shell.headers()).containsKey("content-security-policy");
        problem(console("GET", "/login?key=guess", here), 401, "jsgx console");
        problem(console("POST", "/v1/console/login", here, "Content-Length: 0"), 401, "");
        assertThat(console("GET", "/metrics", here).status()).isEqualTo(404);

        String url =
                String.valueOf(host.call("POST", "/v1/console/login", "").json().get("url"));
        String link = url.substring(url.indexOf("/login"));
        Reply entered = console("GET", link, here);
        assertThat(entered.status()).isEqualTo(303);
        String location = entered.headers().getOrDefault("location", "");
        assertThat(location).startsWith("/#session=");
        String cookie = entered.headers().getOrDefault("set-cookie", "");
        assertThat(cookie).contains("HttpOnly").contains("SameSite=Strict").doesNotContain(location.substring(10));
        String browser = "Cookie: " + cookie.split(";", 2)[0];
        String page = "X-Jsgx-Console: " + location.substring(10);
        problem(console("GET", link, here), 401, "followed before");

        assertThat(console("GET", "/v1/host", here, browser, page).status()).isEqualTo(200);
        problem(console("GET", "/v1/host", here, browser + "x", page), 401, "");
        problem(console("GET", "/v1/host", "Host: evil.example", browser, page), 421, "");
        // Browsers send the cookie to every port of a name: whoever listens at another one has it.
        problem(console("GET", "/v1/host", here, browser), 401, "jsgx console");
        problem(console("GET", "/v1/launches/stream", here, browser), 401, "jsgx console");
        problem(console("GET", "/v1/host", here, browser, "X-Jsgx-Console: 1"), 401, "");
        problem(console("GET", "/v1/host", here, page), 401, "");
        problem(console("POST", "/v1/cache/flush", here, browser, "Content-Length: 0"), 401, "");
        assertThat(console("POST", "/v1/cache/flush", here, browser, page, "Content-Length: 0")
                        .status())
                .isEqualTo(200);
        problem(console("POST", "/v1/console/login", here, browser, page, "Content-Length: 0"), 404, "");

        problem(console("POST", "/logout", here, browser, "Content-Length: 0"), 401, "");
        Reply left = console("POST", "/logout", here, browser, page, "Content-Length: 0");
        assertThat(left.status()).isEqualTo(204);
        assertThat(left.headers().get("set-cookie")).contains("Max-Age=0");
        problem(console("GET", "/v1/host", here, browser, page), 401, "");
    }

    @Test
    void aStreamEndsWithItsSession() throws Exception {
        String here = "Host: 127.0.0.1:" + host.service.consolePort();
        String url =
                String.valueOf(host.call("POST", "/v1/console/login", "").json().get("url"));
        Reply entered = console("GET", url.substring(url.indexOf("/login")), here);
        String browser =
                "Cookie: " + entered.headers().getOrDefault("set-cookie", "").split(";", 2)[0];
        String page = "X-Jsgx-Console: "
                + entered.headers().getOrDefault("location", "").substring("/#session=".length());
        try (SocketChannel stream = SocketChannel.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), host.service.consolePort()))) {
            stream.write(
                    ByteBuffer.wrap(String.join("\r\n", "GET /v1/launches/stream HTTP/1.1", here, browser, page, "", "")
                            .getBytes(StandardCharsets.US_ASCII)));
            assertThat(stream.read(ByteBuffer.allocate(10))).isEqualTo(10);
            assertThat(console("POST", "/logout", here, browser, page, "Content-Length: 0")
                            .status())
                    .isEqualTo(204);
            // It goes on until the end that HTTP gives to what has no length.
            StringBuilder rest = new StringBuilder();
            ByteBuffer some = ByteBuffer.allocate(1 << 12);
            while (!rest.toString().endsWith("0\r\n\r\n") && stream.read(some.clear()) >= 0) {
                rest.append(StandardCharsets.US_ASCII.decode(some.flip()));
            }
        }
    }

    @Test
    void metricsOnTcpAreMetricsAlone() throws Exception {
        try (SocketChannel channel = SocketChannel.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), host.service.metricsPort()))) {
            assertThat(AdminHost.call(channel, "GET", "/metrics", "").body()).contains("jsgx_epc_pages");
        }
        try (SocketChannel channel = SocketChannel.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), host.service.metricsPort()))) {
            assertThat(AdminHost.call(channel, "GET", "/v1/host", "").status()).isEqualTo(404);
        }
    }

    /** An end that is asked for is no trouble: an operator who sees a warning at each one stops to look. */
    @Test
    void theEndOfAListenerIsNoWarning() throws Exception {
        List<String> warnings = new CopyOnWriteArrayList<>();
        Logger log = Logger.getLogger("jsgx.host.admin");
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord said) {
                if (said.getLevel().intValue() >= Level.WARNING.intValue()
                        && said.getMessage().contains("could not be accepted")
                        && Arrays.toString(said.getParameters()).contains("losed")) {
                    // Other reasons are those of other tests, whose listeners this hears too.
                    warnings.add(said.getMessage());
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        log.addHandler(handler);
        try {
            for (int i = 0; i < 5; i++) {
                AdminHost other =
                        AdminHost.start(Placement.NONE, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                other.get("/v1/health");
                other.close();
            }
        } finally {
            log.removeHandler(handler);
        }
        assertThat(warnings).isEmpty();
    }

    @Test
    void itEndsWithStreamsOpenAndLeavesNothing() throws Exception {
        AdminHost other = AdminHost.start();
        Path folder = other.folder;
        SocketChannel stream = other.connect();
        stream.write(ByteBuffer.wrap(
                "GET /v1/launches/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
        stream.read(ByteBuffer.allocate(10));
        other.close();
        assertThat(folder).doesNotExist();
        ByteBuffer rest = ByteBuffer.allocate(1 << 16);
        while (stream.read(rest) >= 0) {
            rest.clear();
        }
        stream.close();
    }
}
