package jsgx.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import jsgx.launch.json.Json;
import jsgx.launch.policy.PolicyExplanation;
import jsgx.launch.policy.PolicyExplanation.Check;
import jsgx.launch.policy.PolicyExplanation.RuleTrace;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.policy.PolicyVerdict.Effect;

/** What a daemon's policy and revocations say to a launch. */
final class RemotePolicy {

    private RemotePolicy() {}

    static PolicyExplanation explain(Remote daemon, PolicySubject subject) throws BadInput, IOException {
        Map<String, ?> said = daemon.send(
                "POST",
                "/v1/policy/judge",
                new Json()
                        .put("mrenclave", HexFormat.of().formatHex(subject.mrEnclave()))
                        .put("mrsigner", HexFormat.of().formatHex(subject.mrSigner()))
                        .put("product", subject.isvProdId())
                        .put("svn", subject.isvSvn())
                        .put("attributes", Text.mask(subject.attributes().flags()))
                        .put("xfrm", Text.mask(subject.attributes().xfrm()))
                        .put("miscselect", Text.mask(subject.miscSelect()))
                        .put("size", subject.size())
                        .put("workload", subject.workload())
                        .put("time", subject.time().toString()));
        PolicyVerdict verdict = new PolicyVerdict(
                effect(said),
                Documents.string(said, "rule"),
                Documents.string(said, "where"),
                Documents.string(said, "reason"),
                Documents.number(said, "revision"));
        List<RuleTrace> rules = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (String list : List.of("matching", "nearlyMatching")) {
            for (Map<?, ?> rule : Documents.objects(said, list)) {
                if (seen.add(Documents.string(rule, "rule"))) {
                    rules.add(trace(rule));
                }
            }
        }
        return new PolicyExplanation(verdict, rules);
    }

    private static RuleTrace trace(Map<?, ?> rule) {
        return new RuleTrace(
                Documents.string(rule, "rule"),
                effect(rule),
                Documents.string(rule, "where"),
                Documents.objects(rule, "conditions").stream()
                        .map(check -> new Check(
                                Documents.string(check, "condition"),
                                Documents.string(check, "expected"),
                                Documents.string(check, "found"),
                                Documents.truth(check, "holds")))
                        .toList());
    }

    /** What a newer daemon calls by a word that this program does not know lets nothing launch. */
    private static Effect effect(Map<?, ?> said) {
        try {
            return Effect.valueOf(Documents.string(said, "effect").toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            return Effect.UNAVAILABLE;
        }
    }
}
