package jsgx.host.admin;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import jsgx.arch.CpuFeatures;
import jsgx.driver.EnclaveInfo;
import jsgx.driver.SgxDriver;
import jsgx.host.admin.Operation.Answer;
import jsgx.host.feed.History;
import jsgx.host.feed.LaunchFeed;
import jsgx.host.feed.LaunchedEnclave;
import jsgx.host.service.HostContext;
import jsgx.host.service.Service;
import jsgx.launch.Platform;
import jsgx.launch.json.Json;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.policy.PolicyVerdict.Effect;

/** What runs: health, the platform, the EPC and its enclaves. */
final class HostResource {

    private final HostContext context;
    private final String version;
    private final Supplier<List<Service>> services;
    private final LaunchFeed feed;
    private final History history;
    private final Instant begun;

    HostResource(
            HostContext context, String version, Supplier<List<Service>> services, LaunchFeed feed, History history) {
        this.context = context;
        this.version = version;
        this.services = services;
        this.feed = feed;
        this.history = history;
        this.begun = context.clock().instant();
    }

    List<Operation> operations() {
        return List.of(
                new Operation("GET", "/v1/health", call -> health()),
                new Operation("GET", "/v1/ready", call -> ready()),
                new Operation("GET", "/v1/host", call -> host()),
                new Operation("GET", "/v1/epc", call -> epc()),
                new Operation("GET", "/v1/enclaves", call -> enclaves()),
                new Operation("GET", "/v1/history", call -> history()));
    }

    private List<Json> troubles() {
        return services.get().stream()
                .map(service -> new Json().put("name", service.name()).put("trouble", service.trouble()))
                .toList();
    }

    private Answer health() {
        boolean ok =
                services.get().stream().allMatch(service -> service.trouble().isEmpty());
        return Answer.of(new Json().put("status", ok ? "ok" : "degraded").put("services", troubles()));
    }

    /** What keeps every launch from being judged, whatever enclave it is of. */
    private Optional<String> unavailable() {
        PolicyVerdict verdict = context.running()
                .governor()
                .judge(PolicyResource.nothing(context.clock().instant()));
        return verdict.effect() == Effect.UNAVAILABLE ? Optional.of(verdict.reason()) : Optional.empty();
    }

    private Answer ready() {
        List<String> reasons = new ArrayList<>();
        unavailable().ifPresent(reasons::add);
        for (Service service : services.get()) {
            if (!service.trouble().isEmpty()) {
                reasons.add(service.name() + ": " + service.trouble());
            }
        }
        Json json = new Json().put("ready", reasons.isEmpty()).put("reasons", reasons);
        return new Answer.Document(reasons.isEmpty() ? 200 : 503, json);
    }

    private Answer host() {
        Platform platform = context.running().platform();
        CpuFeatures features = platform.features();
        Optional<Policy> policy = context.governance().options().policy().current();
        Json about = new Json()
                .put("id", platform.id())
                .put("leMrsigner", platform.leMrSigner())
                .put("leProfile", platform.leProfile().id())
                .put("sgx2", features.sgx2())
                .put("flc", features.flc())
                .put("kss", features.kss())
                .put("epc", context.running().driver().totalPages() * 4096L);
        return Answer.of(new Json()
                .put("version", version)
                .put("platform", about)
                .put("placement", context.running().governor().placement().id())
                .put("scheme", context.running().governor().cache().scheme().toString())
                .put("revision", revision(context))
                .put("uptimeSeconds", Math.max(0, context.clock().instant().getEpochSecond() - begun.getEpochSecond()))
                .put("state", context.state().toString())
                .put(
                        "policy",
                        new Json()
                                .put("state", policyState(context))
                                .put("sequence", policy.map(Policy::sequence).orElse(0L))
                                .put("signed", policy.map(Policy::signed).orElse(false)))
                .put("services", troubles()));
    }

    static long revision(HostContext context) {
        return context.governance().options().revocations().revisions().revision();
    }

    /** Whether there is a policy: {@code none}, {@code in-force} or {@code unusable}. */
    static String policyState(HostContext context) {
        if (context.governance().options().policy().current().isPresent()) {
            return "in-force";
        }
        PolicySubject nothing = PolicyResource.nothing(context.clock().instant());
        PolicyVerdict verdict = context.governance().options().policy().judge(nothing);
        return verdict.effect().launches() ? "none" : "unusable";
    }

    private Answer epc() {
        SgxDriver driver = context.running().driver();
        List<Json> workloads = new ArrayList<>();
        context.running()
                .governor()
                .quotas()
                .snapshot()
                .forEach((name, used) -> workloads.add(new Json()
                        .put("workload", name)
                        .put("pages", used.epcPages())
                        .put("quota", PolicyJson.limit(used.quota().epcPages()))));
        return Answer.of(new Json()
                .put("pages", driver.totalPages())
                .put("free", driver.freePages())
                .put(
                        "reclaimed",
                        driver.enclaves().stream()
                                .mapToLong(EnclaveInfo::reclaimedPages)
                                .sum())
                .put("workloads", workloads));
    }

    private Answer enclaves() {
        Map<Long, LaunchedEnclave> launched = feed.running();
        List<Json> items = new ArrayList<>();
        for (EnclaveInfo enclave : context.running().driver().enclaves()) {
            LaunchedEnclave launch = launched.get(enclave.id());
            items.add(new Json()
                    .put("id", enclave.id())
                    .put("workload", enclave.workload().name())
                    .put("pid", launch == null ? null : LaunchJson.pid(launch.pid()))
                    .put("interface", PolicyJson.word(enclave.kind()))
                    .put("mrenclave", launch == null ? "" : launch.mrEnclave())
                    .put("mrsigner", launch == null ? "" : launch.mrSigner())
                    .put("product", launch == null ? null : (Object) launch.product())
                    .put("svn", launch == null ? null : (Object) launch.svn())
                    .put("size", enclave.size())
                    .put("residentPages", enclave.residentPages())
                    .put("reclaimedPages", enclave.reclaimedPages())
                    .put("initialized", enclave.isInitialized())
                    .put("since", launch == null ? null : launch.since().toString()));
        }
        return Answer.of(new Json().put("items", items));
    }

    private Answer history() {
        List<History.Point> points = history.points();
        return Answer.of(new Json()
                .put("seconds", points.stream().map(History.Point::second).toList())
                .put("launches", points.stream().map(History.Point::launches).toList())
                .put("refused", points.stream().map(History.Point::refused).toList())
                .put("epcUsed", points.stream().map(History.Point::epcUsed).toList())
                .put("hitRatio", points.stream().map(History.Point::hitRatio).toList())
                .put(
                        "leMicrosP50",
                        points.stream().map(History.Point::leMicrosP50).toList())
                .put(
                        "leMicrosP99",
                        points.stream().map(History.Point::leMicrosP99).toList()));
    }
}
