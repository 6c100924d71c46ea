package jsgx.host.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ConsolePagesTest {

    private static final Path SOURCES = Path.of("src/main/resources/jsgx/host/console");

    private static WebServer server;
    private static HttpClient client;

    @BeforeAll
    static void serve() {
        server = WebServer.builder()
                .address(InetAddress.getLoopbackAddress())
                .port(0)
                .shutdownHook(false)
                .routing(rules -> rules.register("/", new ConsolePages()))
                .build()
                .start();
        client = HttpClient.newHttpClient();
    }

    @AfterAll
    static void end() {
        client.close();
        server.stop();
    }

    @Test
    void eachFileIsServedAsWhatItIsAndNothingMayBeFetchedFromElsewhere() throws Exception {
        for (ConsoleFile file : ConsoleFile.all()) {
            HttpResponse<byte[]> answer = get(file.path());

            assertThat(answer.statusCode()).as(file.path()).isEqualTo(200);
            assertThat(answer.body()).as(file.path()).isEqualTo(file.bytes());
            assertThat(answer.headers().firstValue("Content-Type")).hasValue(file.contentType());
            assertThat(answer.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
            assertThat(answer.headers().firstValue("Content-Security-Policy"))
                    .hasValueSatisfying(policy -> assertThat(policy)
                            .startsWith("default-src 'self';")
                            .contains("frame-ancestors 'none'", "require-trusted-types-for 'script'")
                            .doesNotContain("unsafe", "data:", "http"));
        }
    }

    @Test
    void aFileThatTheBrowserHasIsNotSentAgain() throws Exception {
        String tag = get("/main.js").headers().firstValue("ETag").orElseThrow();

        assertThat(get("/main.js", "If-None-Match", tag).statusCode()).isEqualTo(304);
        assertThat(get("/main.js", "If-None-Match", "\"other\"").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/index.html",
                "/ConsolePages.class",
                "/../admin/openapi.yaml",
                "/%2e%2e/admin/openapi.yaml",
                "/a.js"
            })
    void nothingElseIsServed(String path) throws Exception {
        assertThat(get(path).statusCode()).isNotEqualTo(200);
    }

    @Test
    void theListOfFilesIsThatOfTheFolder() throws IOException {
        try (Stream<Path> files = Files.list(SOURCES)) {
            List<String> names = files.map(file -> "/" + file.getFileName()).toList();

            assertThat(ConsoleFile.all().stream().map(file -> file.path().equals("/") ? "/index.html" : file.path()))
                    .containsExactlyInAnyOrderElementsOf(names);
        }
    }

    @Test
    void thePageHasNoScriptOrStyleInlineAndNamesNoOtherPlace() {
        ConsoleFile page = ConsoleFile.all().getFirst();

        assertThat(text(page))
                .doesNotContainPattern("<style|\\sstyle=|\\son[a-z]+=|<script(?![^>]*\\ssrc=)|javascript:")
                .doesNotContainPattern("https?://|(src|href)=\"//");
    }

    @Test
    void everyModuleThatIsImportedIsThereAndNoStringBecomesMarkup() {
        List<ConsoleFile> files = ConsoleFile.all();
        List<String> paths = files.stream().map(ConsoleFile::path).toList();
        Pattern imported = Pattern.compile("from \"\\.(/[^\"]+)\"");

        for (ConsoleFile file : files) {
            if (file.path().endsWith(".js")) {
                Matcher matcher = imported.matcher(text(file));
                while (matcher.find()) {
                    assertThat(paths).as(file.path()).contains(matcher.group(1));
                }
                assertThat(text(file))
                        .as(file.path())
                        .doesNotContainPattern(
                                "innerHTML|outerHTML|insertAdjacentHTML|document\\.write|\\beval\\(|new Function|setAttribute\\(\"style\"");
            }
        }
    }

    private static String text(ConsoleFile file) {
        return new String(file.bytes(), StandardCharsets.UTF_8);
    }

    private static HttpResponse<byte[]> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofByteArray());
    }
}
