package jsgx.host.metrics;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import jsgx.driver.EnclaveInfo;
import jsgx.driver.SgxDriver;
import jsgx.host.aesm.AesmStatistics;
import jsgx.launch.LaunchException;
import jsgx.launch.RunningPlatform;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditTrail;
import jsgx.launch.cache.WorkloadStatistics;
import jsgx.launch.governor.Ending;
import jsgx.launch.governor.Governor;
import jsgx.launch.governor.IssuedToken;
import jsgx.launch.governor.Judgement;
import jsgx.launch.token.TokenSource;

/**
 * The metrics of a host, in Prometheus's text format. Names and labels are a promise: docs/serve.md lists them. A label has a bounded number
 * of values; workloads beyond the first {@value #MOST_WORKLOADS} are counted together.
 */
public final class HostMetrics implements Judgement.Listener {

    /** What {@link #text} is. */
    public static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

    private static final int MOST_WORKLOADS = 50;
    private static final double NANOS = 1e9;

    /** From 5 µs to 2.6 s, each twice the one before. */
    private static final double FIRST_BOUND = 5e-6;

    private static final int BOUNDS = 20;

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Labels workloads = new Labels(MOST_WORKLOADS);
    private final Counter launches;
    private final Counter tokens;
    private final Histogram launchEnclave;
    private final Histogram audit;

    /** The metrics of a platform; whoever makes them has the platform tell them of launches. */
    public HostMetrics(RunningPlatform running, AuditTrail trail) {
        launches = Counter.builder()
                .name("jsgx_launches_total")
                .help("Launches that ended, by verdict, code and interface.")
                .labelNames("verdict", "code", "interface")
                .register(registry);
        tokens = Counter.builder()
                .name("jsgx_tokens_issued_total")
                .help("Tokens that user space asked for by itself, by verdict and code.")
                .labelNames("verdict", "code")
                .register(registry);
        launchEnclave = histogram("jsgx_launch_enclave_seconds", "How long the launch enclave took to make a token.");
        audit = histogram("jsgx_audit_record_seconds", "How long it took to record one event of a launch.");
        epc(running.driver());
        quotas(running.governor());
        cache(running.governor());
        gauge(
                "jsgx_audit_waiting_records",
                "Events that were recorded and are not durable yet.",
                () -> trail.lag().waiting());
        gauge(
                "jsgx_audit_lag_seconds",
                "How long the oldest of them has waited.",
                () -> trail.lag().oldest().toNanos() / NANOS);
        store(running);
        JvmMetrics.register(registry);
    }

    private Histogram histogram(String name, String help) {
        return Histogram.builder()
                .name(name)
                .help(help)
                .classicOnly()
                .classicExponentialUpperBounds(FIRST_BOUND, 2, BOUNDS)
                .register(registry);
    }

    private void epc(SgxDriver driver) {
        gauge("jsgx_epc_pages", "EPC pages that there are.", driver::totalPages);
        gauge("jsgx_epc_free_pages", "EPC pages that are free.", driver::freePages);
        gauge(
                "jsgx_epc_reclaimed_pages",
                "Pages of enclaves that are out of the EPC for want of room.",
                () -> driver.enclaves().stream()
                        .mapToLong(EnclaveInfo::reclaimedPages)
                        .sum());
        gauge(
                "jsgx_enclaves",
                "Enclaves that there are.",
                () -> driver.enclaves().size());
        counter(
                "jsgx_epc_evictions_total",
                "Pages that left the EPC for want of room.",
                () -> driver.paging().evictions());
        counter(
                "jsgx_epc_reloads_total",
                "Pages that came back into it.",
                () -> driver.paging().reloads());
    }

    private void quotas(Governor governor) {
        GaugeWithCallback.builder()
                .name("jsgx_workload_epc_pages")
                .help("EPC pages that are charged to a workload.")
                .labelNames("workload")
                .callback(callback -> byWorkload(governor.quotas().snapshot(), used -> used.epcPages())
                        .forEach((workload, pages) -> callback.call(pages, workload)))
                .register(registry);
        GaugeWithCallback.builder()
                .name("jsgx_workload_enclaves")
                .help("Enclaves that are charged to a workload.")
                .labelNames("workload")
                .callback(callback -> byWorkload(governor.quotas().snapshot(), used -> used.enclaves())
                        .forEach((workload, enclaves) -> callback.call(enclaves, workload)))
                .register(registry);
    }

    private void cache(Governor governor) {
        Supplier<WorkloadStatistics> total = () -> governor.cache().statistics().total();
        gauge(
                "jsgx_cache_bytes",
                "What the tokens in the kernel's cache cost.",
                () -> total.get().bytes());
        gauge(
                "jsgx_cache_entries",
                "Tokens in the kernel's cache.",
                () -> total.get().entries());
        gauge(
                "jsgx_cache_max_bytes",
                "The bound of the kernel's cache.",
                () -> governor.cache().limits().maxBytes());
        of(governor, "jsgx_cache_hits_total", "Lookups that found a token.", WorkloadStatistics::hits);
        of(governor, "jsgx_cache_misses_total", "Lookups that found none.", WorkloadStatistics::misses);
        of(governor, "jsgx_cache_loads_total", "Misses that loaded a token.", WorkloadStatistics::loads);
        of(governor, "jsgx_cache_load_failures_total", "Misses whose load failed.", WorkloadStatistics::loadFailures);
        of(governor, "jsgx_cache_joins_total", "Misses that waited for another's load.", WorkloadStatistics::joins);
        GaugeWithCallback.builder()
                .name("jsgx_cache_workload_bytes")
                .help("What a workload's tokens in the kernel's cache cost.")
                .labelNames("workload")
                .callback(callback -> statistics(governor, WorkloadStatistics::bytes)
                        .forEach((workload, bytes) -> callback.call(bytes, workload)))
                .register(registry);
        CounterWithCallback.builder()
                .name("jsgx_cache_evictions_total")
                .help("Tokens that left the kernel's cache, by cause.")
                .labelNames("cause")
                .callback(callback -> total.get()
                        .evictions()
                        .forEach((cause, count) ->
                                callback.call(count, cause.name().toLowerCase(Locale.ROOT))))
                .register(registry);
    }

    private void of(Governor governor, String name, String help, ToLongFunction<WorkloadStatistics> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help + " By the workload that asked.")
                .labelNames("workload")
                .callback(callback ->
                        statistics(governor, value).forEach((workload, count) -> callback.call(count, workload)))
                .register(registry);
    }

    private Map<String, Long> statistics(Governor governor, ToLongFunction<WorkloadStatistics> value) {
        Map<String, WorkloadStatistics> byName = new TreeMap<>();
        governor.cache().statistics().workloads().forEach((workload, did) -> byName.put(workload.name(), did));
        return byWorkload(byName, value);
    }

    private <T> Map<String, Long> byWorkload(Map<String, T> all, ToLongFunction<T> value) {
        Map<String, Long> sums = new TreeMap<>();
        all.forEach((name, each) -> sums.merge(workloads.of(name), value.applyAsLong(each), Long::sum));
        return sums;
    }

    private void store(RunningPlatform running) {
        gauge(
                "jsgx_token_store_bytes",
                "What the tokens of user space take in the store.",
                () -> running.userTokens()
                        .map(tokens -> {
                            try {
                                return (double) tokens.size();
                            } catch (LaunchException e) {
                                return Double.NaN;
                            }
                        })
                        .orElse(0.0));
    }

    private void gauge(String name, String help, DoubleSupplier value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.getAsDouble()))
                .register(registry);
    }

    private void counter(String name, String help, DoubleSupplier value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.getAsDouble()))
                .register(registry);
    }

    /** Counts what the AESM socket does, too. */
    public void aesm(Supplier<AesmStatistics> statistics) {
        CounterWithCallback.builder()
                .name("jsgx_aesm_requests_total")
                .help("Requests to the AESM socket, by kind, answer and what the governor said.")
                .labelNames("request", "answer", "verdict")
                .callback(callback -> statistics
                        .get()
                        .answers()
                        .forEach((answer, count) -> callback.call(
                                count, answer.request(), answer.error().name(), answer.verdict())))
                .register(registry);
        gauge(
                "jsgx_aesm_connections",
                "Connections to the AESM socket.",
                () -> sum(statistics.get().connections()));
        gauge(
                "jsgx_aesm_waiting_requests",
                "Requests to the AESM socket that wait.",
                () -> sum(statistics.get().waiting()));
        counter(
                "jsgx_aesm_refused_connections_total",
                "Connections to the AESM socket that were closed at once, as there were too many.",
                () -> statistics.get().refusedConnections());
        counter(
                "jsgx_aesm_stalled_connections_total",
                "Connections to the AESM socket that were closed because a request took too long to come.",
                () -> statistics.get().stalledConnections());
    }

    /** Counts the front ends that are connected, too. */
    public void sessions(DoubleSupplier connected) {
        gauge("jsgx_sessions", "Front ends that are connected.", connected);
    }

    private static long sum(Map<String, Integer> byWorkload) {
        return byWorkload.values().stream().mapToLong(Integer::longValue).sum();
    }

    /** Where parts of the host that this one does not know register theirs. */
    public PrometheusRegistry registry() {
        return registry;
    }

    @Override
    public void judged(Judgement judgement) {
        if (judgement.issue().source() == TokenSource.LAUNCH_ENCLAVE) {
            launchEnclave.observe(judgement.tokenNanos() / NANOS);
        }
        if (judgement.auditNanos() > 0) {
            audit.observe(judgement.auditNanos() / NANOS);
        }
    }

    @Override
    public void ended(Ending ending) {
        launches.labelValues(
                        ending.launched() ? "launched" : "refused",
                        Labels.code(ending.code()),
                        ending.judgement().request().kind().name().toLowerCase(Locale.ROOT))
                .inc();
        if (ending.auditNanos() > 0) {
            audit.observe(ending.auditNanos() / NANOS);
        }
    }

    @Override
    public void issued(AuditEvent event, IssuedToken issued) {
        tokens.labelValues(event.verdict(), event.code().isEmpty() ? "SUCCESS" : Labels.code(event.code()))
                .inc();
        if (issued.issue().source() == TokenSource.LAUNCH_ENCLAVE) {
            launchEnclave.observe(issued.tokenNanos() / NANOS);
        }
    }

    /** All of it as it is now. */
    public byte[] text() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            PrometheusTextFormatWriter.create().write(out, registry.scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
