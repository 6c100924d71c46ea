package jsgx.host.admin;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import jsgx.driver.Workload;
import jsgx.host.admin.Operation.Answer;
import jsgx.launch.LaunchException;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.cache.CacheStatistics;
import jsgx.launch.cache.Scheme;
import jsgx.launch.cache.WorkloadLimits;
import jsgx.launch.cache.WorkloadStatistics;
import jsgx.launch.governor.CacheControl;
import jsgx.launch.governor.CacheSettings;
import jsgx.launch.governor.Governor;
import jsgx.launch.governor.Placement;
import jsgx.launch.json.Json;

/** The kernel's cache of tokens: what it did, its limits, and the changes of them. */
final class CacheResource {

    private final Governor governor;

    CacheResource(Governor governor) {
        this.governor = governor;
    }

    List<Operation> operations() {
        return List.of(
                new Operation("GET", "/v1/cache", call -> show()),
                new Operation("PATCH", "/v1/cache", this::change),
                new Operation("POST", "/v1/cache/flush", this::flush),
                new Operation("PATCH", "/v1/cache/workloads/{workload}", this::changeWorkload),
                new Operation("DELETE", "/v1/cache/workloads/{workload}", this::resetWorkload));
    }

    private Answer show() {
        CacheSettings settings = governor.cacheControl().settings();
        CacheLimits limits = governor.cache().limits();
        CacheStatistics statistics = governor.cache().statistics();
        Map<String, WorkloadStatistics> workloads = new TreeMap<>();
        limits.workloads().keySet().forEach(workload -> workloads.put(workload.name(), nothing()));
        statistics.workloads().forEach((workload, did) -> workloads.put(workload.name(), did));
        WorkloadStatistics total = statistics.total();
        Json evictions = new Json();
        total.evictions().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry -> evictions.put(entry.getKey().name().toLowerCase(Locale.ROOT), entry.getValue()));
        return Answer.of(new Json()
                .put("placement", settings.placement().id())
                .put("scheme", settings.scheme().toString())
                .put("maxBytes", PolicyJson.limit(settings.maxBytes()))
                .put("maxEntries", PolicyJson.limit(settings.maxEntries()))
                .put("entryBytes", settings.scheme().entryBytes())
                .put("bytes", total.bytes())
                .put("entries", total.entries())
                .put("defaultCeiling", PolicyJson.limit(limits.defaultCeilingBytes()))
                .put(
                        "statistics",
                        new Json()
                                .put("hits", total.hits())
                                .put("misses", total.misses())
                                .put("loads", total.loads())
                                .put("loadFailures", total.loadFailures())
                                .put("joins", total.joins())
                                .put("evictions", evictions))
                .put(
                        "workloads",
                        workloads.entrySet().stream()
                                .map(entry -> workload(new Workload(entry.getKey()), limits, entry.getValue()))
                                .toList()));
    }

    private Json workload(Workload workload, CacheLimits limits, WorkloadStatistics did) {
        WorkloadLimits own = limits.of(workload);
        return new Json()
                .put("workload", workload.name())
                .put("bytes", did.bytes())
                .put("entries", did.entries())
                .put("floor", own.floorBytes())
                .put("ceiling", PolicyJson.limit(own.ceilingBytes()))
                .put("limits", PolicyJson.word(governor.cacheControl().source(workload)))
                .put("hits", did.hits())
                .put("misses", did.misses())
                .put("loads", did.loads())
                .put("loadFailures", did.loadFailures())
                .put("joins", did.joins())
                .put(
                        "evictions",
                        did.evictions().values().stream()
                                .mapToLong(Long::longValue)
                                .sum());
    }

    /** What the cache did for a workload that never asked. */
    private static WorkloadStatistics nothing() {
        return new WorkloadStatistics(
                0, 0, 0, 0, 0, 0, Map.of(), 0, 0, java.time.Duration.ZERO, java.time.Duration.ZERO);
    }

    private Answer change(Call call) throws LaunchException {
        Fields fields = call.body(true, Call.SMALL);
        Optional<Placement> placement = fields.string("placement")
                .map(id -> Placement.of(id).orElseThrow(() -> fields.wrong("placement", "none, kernel, user or both")));
        Optional<Scheme> scheme = fields.string("scheme")
                .map(id -> Arrays.stream(Scheme.values())
                        .filter(each -> each.toString().equals(id))
                        .findFirst()
                        .orElseThrow(() -> fields.wrong("scheme", "one of " + Arrays.toString(Scheme.values()))));
        OptionalLong maxBytes = fields.number("maxBytes", 0, Json.LARGEST_WHOLE);
        OptionalLong maxEntries = fields.limit("maxEntries");
        fields.end();
        notEmpty(fields, "placement, scheme, maxBytes, maxEntries");
        return changed(() -> governor.cacheControl()
                .change(
                        call.who(),
                        now -> new CacheSettings(
                                placement.orElse(now.placement()),
                                scheme.orElse(now.scheme()),
                                maxBytes.orElse(now.maxBytes()),
                                maxEntries.orElse(now.maxEntries()))));
    }

    private Answer changeWorkload(Call call) throws LaunchException {
        Workload workload = new Workload(call.path("workload"));
        Fields fields = call.body(true, Call.SMALL);
        OptionalLong floor = fields.number("floor", 0, Json.LARGEST_WHOLE);
        OptionalLong ceiling = fields.limit("ceiling");
        fields.end();
        notEmpty(fields, "floor, ceiling");
        return changed(() -> governor.cacheControl()
                .workload(
                        call.who(),
                        workload,
                        now -> new WorkloadLimits(floor.orElse(now.floorBytes()), ceiling.orElse(now.ceilingBytes()))));
    }

    private Answer resetWorkload(Call call) throws LaunchException {
        return changed(() -> governor.cacheControl().reset(call.who(), new Workload(call.path("workload"))));
    }

    private static void notEmpty(Fields fields, String names) {
        if (fields.size() == 0) {
            throw Problem.badRequest("there is nothing to change").expected("at least one of: " + names);
        }
    }

    private interface Work {
        void run() throws LaunchException;
    }

    private Answer changed(Work work) throws LaunchException {
        try {
            work.run();
        } catch (IllegalArgumentException e) {
            throw Problem.conflict(String.valueOf(e.getMessage())).advice("nothing was changed");
        }
        return show();
    }

    private Answer flush(Call call) throws LaunchException {
        Fields fields = call.body(false, Call.SMALL);
        Optional<String> workload = fields.matching("workload", "(?s).{1,255}", "1 to 255 characters");
        fields.end();
        CacheControl control = governor.cacheControl();
        long dropped = workload.isPresent()
                ? control.flush(call.who(), new Workload(workload.get()))
                : control.flush(call.who());
        return Answer.of(new Json().put("dropped", dropped));
    }
}
