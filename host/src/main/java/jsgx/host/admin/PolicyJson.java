package jsgx.host.admin;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import jsgx.launch.json.Json;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyExplanation.RuleTrace;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.QuotaTable;
import jsgx.launch.policy.WorkloadQuota;
import jsgx.launch.yaml.YamlError;
import org.jspecify.annotations.Nullable;

/** Policies and what belongs to them, as JSON. */
final class PolicyJson {

    private PolicyJson() {}

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    static Json error(YamlError error) {
        return new Json()
                .put("file", error.file())
                .put("line", error.line())
                .put("column", error.column())
                .put("message", error.message())
                .put("snippet", error.snippet());
    }

    static Json counts(Policy policy) {
        Policy.Counts counts = policy.counts();
        return new Json()
                .put("rules", counts.rules())
                .put("allow", counts.allow())
                .put("warn", counts.warn())
                .put("deny", counts.deny())
                .put("enclaves", counts.enclaves())
                .put("signers", counts.signers())
                .put("residual", counts.residual())
                .put("expressions", counts.expressions());
    }

    static List<Json> quotas(QuotaTable table) {
        List<Json> quotas = new ArrayList<>();
        if (!table.others().equals(WorkloadQuota.UNLIMITED)) {
            quotas.add(quota("", table.others()));
        }
        table.named().entrySet().stream()
                .sorted(java.util.Map.Entry.comparingByKey())
                .forEach(entry -> quotas.add(quota(entry.getKey(), entry.getValue())));
        return quotas;
    }

    /** A limit: null where there is none, which the code says with the greatest long. */
    static @Nullable Long limit(long limit) {
        return limit == Long.MAX_VALUE ? null : (Long) limit;
    }

    private static Json quota(String workload, WorkloadQuota quota) {
        return new Json()
                .put("workload", workload)
                .put("enclaves", limit(quota.enclaves()))
                .put("launchesPerSecond", quota.launchesPerSecond())
                .put("launchBurst", limit(quota.launchBurst()))
                .put("tokenFloor", quota.tokenFloor())
                .put("tokenCeiling", limit(quota.tokenCeiling()))
                .put("epcPages", limit(quota.epcPages()));
    }

    static Json subject(PolicySubject subject) {
        return new Json()
                .put("mrenclave", HexFormat.of().formatHex(subject.mrEnclave()))
                .put("mrsigner", HexFormat.of().formatHex(subject.mrSigner()))
                .put("product", subject.isvProdId())
                .put("svn", subject.isvSvn())
                .put("attributes", mask(subject.attributes().flags()))
                .put("xfrm", mask(subject.attributes().xfrm()))
                .put("miscselect", mask(Integer.toUnsignedLong(subject.miscSelect())))
                .put("size", subject.size())
                .put("workload", subject.workload())
                .put("time", subject.time().toString());
    }

    static String mask(long bits) {
        return "0x" + Long.toHexString(bits);
    }

    static Json trace(RuleTrace rule) {
        return new Json()
                .put("rule", rule.rule())
                .put("effect", word(rule.effect()))
                .put("where", rule.where())
                .put(
                        "conditions",
                        rule.checks().stream()
                                .map(check -> new Json()
                                        .put("condition", check.condition())
                                        .put("expected", check.expected())
                                        .put("found", check.found())
                                        .put("holds", check.holds()))
                                .toList());
    }
}
