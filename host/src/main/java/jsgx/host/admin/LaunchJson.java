package jsgx.host.admin;

import jsgx.host.feed.FeedEntry;
import jsgx.host.feed.LaunchedEnclave;
import jsgx.launch.governor.LaunchEntry;
import jsgx.launch.json.Json;
import org.jspecify.annotations.Nullable;

/** Launches and enclaves as JSON. */
final class LaunchJson {

    private LaunchJson() {}

    static @Nullable Object pid(int pid) {
        return pid == 0 ? null : (Object) pid;
    }

    private static @Nullable Object known(int number) {
        return number == FeedEntry.UNKNOWN ? null : (Object) number;
    }

    static Json launch(FeedEntry entry) {
        FeedEntry.Micros micros = entry.micros();
        Json json = new Json()
                .put("id", entry.id())
                .put("time", entry.time().toString())
                .put("workload", entry.workload())
                .put("pid", pid(entry.pid()))
                .put("interface", entry.via())
                .put("mrenclave", entry.mrEnclave())
                .put("mrsigner", entry.mrSigner())
                .put("product", known(entry.product()))
                .put("svn", known(entry.svn()))
                .put("verdict", entry.verdict())
                .put("stage", entry.stage())
                .put("code", entry.code())
                .put("rule", entry.rule())
                .put("reason", entry.reason())
                .put("tokenSource", entry.tokenSource())
                .put(
                        "micros",
                        new Json()
                                .put("policy", micros.policy())
                                .put("token", micros.token())
                                .put("audit", micros.audit())
                                .put("einit", micros.einit())
                                .put("total", micros.total()))
                .put("revision", entry.revision());
        if (!entry.headline().isEmpty()) {
            json.put(
                    "explanation",
                    new Json()
                            .put("headline", entry.headline())
                            .put(
                                    "facts",
                                    entry.facts().stream()
                                            .map(fact -> new Json()
                                                    .put("label", fact.label())
                                                    .put("value", fact.value()))
                                            .toList()));
        }
        return json;
    }

    /** A launch of another process of the state folder, or one that is not known better. */
    static Json entry(LaunchEntry entry) {
        return new Json()
                .put("workload", entry.workload())
                .put("pid", (Object) entry.pid())
                .put("mrenclave", entry.mrEnclave())
                .put("mrsigner", entry.mrSigner())
                .put("product", entry.isvProdId())
                .put("svn", entry.isvSvn());
    }

    static Json entry(LaunchedEnclave enclave) {
        return new Json()
                .put("workload", enclave.workload().name())
                .put("pid", pid(enclave.pid()))
                .put("mrenclave", enclave.mrEnclave())
                .put("mrsigner", enclave.mrSigner())
                .put("product", enclave.product())
                .put("svn", enclave.svn());
    }
}
