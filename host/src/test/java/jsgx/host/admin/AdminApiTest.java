package jsgx.host.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import jsgx.arch.struct.Layouts;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.host.admin.AdminHost.Reply;
import jsgx.host.admin.ApiDocument.Named;
import jsgx.launch.LaunchOptions;
import jsgx.launch.governor.Placement;
import jsgx.launch.governor.Workloads;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Every operation that the document describes is called and answers as it says; every operation that there is, it describes. */
@Timeout(300)
@Execution(ExecutionMode.SAME_THREAD)
class AdminApiTest {

    private static AdminHost host;
    private static ApiDocument document;

    private final List<Named> called = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        host = AdminHost.start(Placement.BOTH, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        document = new ApiDocument(host.get("/v1/openapi.yaml").body());
    }

    @AfterAll
    static void stop() throws Exception {
        host.close();
    }

    private Reply call(String method, String template, String path, String body, int status) {
        Named operation = new Named(method, template);
        called.add(operation);
        document.checkRequest(operation, body);
        Reply reply = host.call(method, path, body);
        assertThat(reply.status()).as("%s %s: %s", method, path, reply.body()).isEqualTo(status);
        document.check(operation, reply);
        return reply;
    }

    private Reply get(String path) {
        return call("GET", path.split("\\?", 2)[0], path, "", 200);
    }

    @Test
    void theDocumentDescribesWhatIsServedAndNothingElse() throws Exception {
        host.launch(1, InterfaceKind.MAINLINE, "uid:1000");
        host.launcher.launch(
                AdminHost.image(2),
                AdminHost.sign(AdminHost.image(2)),
                LaunchOptions.through(InterfaceKind.ISGX)
                        .forWorkload(new Workload("cgroup:/web"))
                        .withLabel("my/loader"));
        String signer = AdminHost.KEY.mrSigner();
        String sigstruct = Base64.getEncoder()
                .encodeToString(AdminHost.sign(AdminHost.image(3)).memory().toArray(Layouts.U8));
        String rules = "version: 1\\nsequence: 4\\ndefault: deny\\nrules:\\n  - name: all\\n    effect: allow\\n"
                + "    mrsigner: {file: hashes.txt}\\n";
        String includes = Base64.getEncoder().encodeToString((signer + "\n").getBytes(StandardCharsets.UTF_8));

        call("GET", "/v1/openapi.yaml", "/v1/openapi.yaml", "", 200);
        get("/v1/health");
        get("/v1/ready");
        get("/v1/host");
        get("/v1/epc");
        assertThat(get("/v1/enclaves").items()).isNotEmpty();
        get("/v1/cache");
        call("PATCH", "/v1/cache", "/v1/cache", "{\"scheme\":\"lru\",\"maxBytes\":1000000,\"maxEntries\":null}", 200);
        call("PATCH", "/v1/cache", "/v1/cache", "{\"placement\":\"both\",\"maxEntries\":100}", 200);
        Reply changed = call(
                "PATCH",
                "/v1/cache/workloads/{workload}",
                "/v1/cache/workloads/cgroup:%2Fweb",
                "{\"floor\":2000,\"ceiling\":50000}",
                200);
        assertThat(changed.body()).contains("{\"workload\":\"cgroup:/web\"").contains("\"limits\":\"operator\"");
        call("DELETE", "/v1/cache/workloads/{workload}", "/v1/cache/workloads/cgroup:%2Fweb", "", 200);
        assertThat(call("POST", "/v1/cache/flush", "/v1/cache/flush", "{\"workload\":\"cgroup:/web\"}", 200)
                        .json())
                .containsEntry("dropped", 1L);
        call("POST", "/v1/cache/flush", "/v1/cache/flush", "", 200);

        get("/v1/policy");
        String policy = "{\"text\":\"%s\",\"includes\":{\"hashes.txt\":\"%s\"}}".formatted(rules, includes);
        assertThat(call("POST", "/v1/policy/check", "/v1/policy/check", policy, 200)
                        .body())
                .contains("\"valid\":true");
        assertThat(call("POST", "/v1/policy/check", "/v1/policy/check", "{\"text\":\"version: 2\\n\"}", 200)
                        .body())
                .contains("\"valid\":false");
        assertThat(call("PUT", "/v1/policy", "/v1/policy", "{\"text\":\"version: 2\\n\"}", 422)
                        .body())
                .contains("\"errors\":[{");
        call("PUT", "/v1/policy", "/v1/policy", policy, 200);
        assertThat(get("/v1/policy").json()).containsEntry("state", "in-force").containsEntry("sequence", 4L);
        call("POST", "/v1/policy/reload", "/v1/policy/reload", "{\"acceptRollback\":false}", 200);
        Reply judged = call(
                "POST",
                "/v1/policy/judge",
                "/v1/policy/judge",
                "{\"sigstruct\":\"%s\",\"workload\":\"uid:1\",\"interface\":\"v5\"}".formatted(sigstruct),
                200);
        assertThat(judged.json()).containsEntry("effect", "allow").containsEntry("rule", "all");
        assertThat(call("POST", "/v1/policy/judge", "/v1/policy/judge", "{\"attributes\":\"0x24\"}", 200)
                        .json())
                .containsEntry("effect", "deny");

        get("/v1/revocations");
        String product = "{\"signer\":\"%s\",\"product\":7,\"belowSvn\":4}".formatted(signer);
        Reply preview = call("POST", "/v1/revocations/preview", "/v1/revocations/preview", product, 200);
        assertThat(preview.body()).contains("\"store\":1").contains("\"revoked\":false");
        Reply revoked = call("POST", "/v1/revocations", "/v1/revocations", product, 200);
        assertThat(revoked.body()).contains("\"store\":1");
        assertThat(host.launch(1, InterfaceKind.MAINLINE, "uid:1000").code()).isEqualTo("POLICY_REVOKED");
        String query = "?signer=%s&product=7&belowSvn=4".formatted(signer);
        call("DELETE", "/v1/revocations", "/v1/revocations" + query, "", 200);
        call("DELETE", "/v1/revocations", "/v1/revocations" + query, "", 404);
        for (String body : List.of(
                "{\"enclave\":\"%s\"}".formatted("ab".repeat(32)),
                "{\"launchEnclave\":\"%s\"}".formatted("cd".repeat(32)),
                "{\"leBelowSvn\":1}",
                "{\"signer\":\"%s\"}".formatted("ef".repeat(32)))) {
            call("POST", "/v1/revocations", "/v1/revocations", body, 200);
        }
        assertThat(get("/v1/revocations").items()).hasSize(4);

        assertThat(get("/v1/launches?limit=10").items()).isNotEmpty();
        get("/v1/audit?verdict=refused&limit=1");
        assertThat(get("/v1/audit/lines?kind=outcome").body().lines())
                .isNotEmpty()
                .allSatisfy(line ->
                        assertThat(document.problemsOf("AuditEvent", line)).isEmpty());
        get("/v1/audit/verify?anchor=1:" + "00".repeat(32));
        assertThat(get("/v1/audit/verify").json()).containsEntry("valid", true);

        host.launcher.launch(
                AdminHost.image(2),
                AdminHost.sign(AdminHost.image(2)),
                LaunchOptions.through(InterfaceKind.ISGX).withLabel("my/loader"));
        assertThat(get("/v1/tokens").items()).hasSize(1);
        String token = "/v1/tokens/my%2Floader/";
        call("POST", "/v1/tokens/{id}/pin", token + "pin", "", 200);
        call("POST", "/v1/tokens/{id}/pin", token + "pin", "{\"pinned\":false}", 200);
        call("POST", "/v1/tokens/{id}/expire", token + "expire", "{\"at\":\"2030-01-31T08:00:00Z\"}", 200);
        call("POST", "/v1/tokens/{id}/discard", token + "discard", "", 200);
        call("POST", "/v1/tokens/{id}/discard", token + "discard", "", 404);
        get("/v1/fleet");
        get("/v1/fleet/hosts");
        assertThat(get("/v1/fleet/audit?limit=3").items()).isNotEmpty();
        call("POST", "/v1/fleet/accept-rollback", "/v1/fleet/accept-rollback", "", 409);
        get("/v1/history");
        call("POST", "/v1/console/login", "/v1/console/login", "", 200);
        get("/metrics");
        stream("/v1/launches/stream", "event:launch", "Launch");
        stream("/v1/audit/stream", "event:audit", "AuditEvent");

        TreeSet<String> served = new TreeSet<>();
        host.service.operations().forEach(each -> served.add(each.method() + " " + each.template()));
        TreeSet<String> described = new TreeSet<>();
        document.operations().forEach(each -> described.add(each.method() + " " + each.path()));
        TreeSet<String> tried = new TreeSet<>();
        called.forEach(each -> tried.add(each.method() + " " + each.path()));
        assertThat(served).as("what is served").isEqualTo(described);
        assertThat(tried).as("what this test calls").isEqualTo(described);
        assertThat(document.unusedSchemas()).isEmpty();
    }

    /** Reads the first event of a stream that goes on after event 0. */
    private void stream(String path, String event, String schema) throws Exception {
        Named operation = new Named("GET", path);
        called.add(operation);
        try (SocketChannel channel = host.connect()) {
            String request =
                    "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nLast-Event-ID: 0\r\n\r\n"
                            .formatted(path);
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
            assertThat(lines.readLine()).isEqualTo("HTTP/1.1 200 OK");
            boolean typed = false;
            boolean found = false;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                typed |= line.equalsIgnoreCase("Content-Type: text/event-stream");
                found |= line.equals(event);
                if (line.startsWith("data:") && found) {
                    assertThat(typed).isTrue();
                    assertThat(document.problemsOf(schema, line.substring(5))).isEmpty();
                    return;
                }
            }
        }
        throw new AssertionError("no " + event);
    }

    @Test
    void aRefusedLaunchIsExplainedAsTheCommandLineDoes() throws Exception {
        try (AdminHost other = AdminHost.start()) {
            Files.createDirectories(other.folder.resolve("state"));
            String policy = "{\"text\":\"version: 1\\ndefault: deny\\n\"}";
            assertThat(other.call("PUT", "/v1/policy", policy).status()).isEqualTo(200);
            assertThat(other.launch(1, InterfaceKind.MAINLINE, "uid:7").launched())
                    .isFalse();

            Map<?, ?> launch = (Map<?, ?>) other.get("/v1/launches").items().getFirst();

            assertThat(launch.get("verdict")).isEqualTo("refused");
            assertThat(launch.get("code")).isEqualTo("POLICY_DENIED");
            assertThat(launch.get("stage")).isEqualTo("policy");
            assertThat(launch.get("workload")).isEqualTo("uid:7");
            assertThat(launch.get("product")).isEqualTo(7L);
            assertThat(String.valueOf(launch.get("explanation")))
                    .contains("which check")
                    .contains("what to do")
                    .contains("EACCES");
        }
    }

    @Test
    void everyChangeIsInTheTrailWithWhoMadeIt() throws Exception {
        try (AdminHost other = AdminHost.start()) {
            other.call("PATCH", "/v1/cache", "{\"maxBytes\":500000}");
            other.call("PATCH", "/v1/cache/workloads/uid:5", "{\"floor\":1000}");
            other.call("POST", "/v1/cache/flush", "");
            other.call("PUT", "/v1/policy", "{\"text\":\"version: 1\\ndefault: allow\\n\"}");
            other.call("POST", "/v1/revocations", "{\"enclave\":\"%s\"}".formatted("ab".repeat(32)));

            List<?> acts = other.get("/v1/audit?limit=1000").items().stream()
                    .map(item -> (Map<?, ?>) item)
                    .filter(item ->
                            List.of("administration", "policy", "revocation").contains(item.get("kind")))
                    .map(item -> item.get("verdict") + " by " + item.get("workload"))
                    .toList();

            String who = " by " + Workloads.ofThisProcess().name();
            assertThat(acts.stream().map(String::valueOf))
                    .contains("cache" + who, "flush" + who, "reload" + who, "revoke" + who);
        }
    }

    @Test
    void whatAnOperatorSetsStaysWhenThePolicyChanges() throws Exception {
        try (AdminHost other = AdminHost.start()) {
            String policy =
                    "{\"text\":\"version: 1\\ndefault: allow\\nquotas:\\n  workloads:\\n    uid:5:\\n      cachedTokens: {floor: 3000}\\n\"}";
            Reply installed = other.call("PUT", "/v1/policy", policy);
            assertThat(installed.status()).as(installed.body()).isEqualTo(200);
            other.launch(1, InterfaceKind.V5, "uid:6");
            assertThat(limits(other, "uid:5")).isEqualTo("3000 policy");

            other.call("PATCH", "/v1/cache/workloads/uid:5", "{\"floor\":9000}");
            other.call("PATCH", "/v1/cache", "{\"maxBytes\":700000}");
            other.call("POST", "/v1/policy/reload", "");
            other.launch(1, InterfaceKind.V5, "uid:6");

            assertThat(limits(other, "uid:5")).isEqualTo("9000 operator");
            assertThat(other.get("/v1/cache").json()).containsEntry("maxBytes", 700000L);
            other.call("DELETE", "/v1/cache/workloads/uid:5", "");
            assertThat(limits(other, "uid:5")).isEqualTo("3000 policy");
        }
    }

    private static String limits(AdminHost other, String workload) {
        List<?> workloads =
                (List<?>) Objects.requireNonNull(other.get("/v1/cache").json().get("workloads"));
        return workloads.stream()
                .map(each -> (Map<?, ?>) each)
                .filter(each -> workload.equals(each.get("workload")))
                .map(each -> each.get("floor") + " " + each.get("limits"))
                .findFirst()
                .orElse("none");
    }
}
