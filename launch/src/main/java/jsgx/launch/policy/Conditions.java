package jsgx.launch.policy;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import jsgx.arch.struct.Attributes;

/** A rule's conditions one by one, for whoever wants to know which of them decided. */
final class Conditions {

    private Conditions() {}

    /**
     * One condition.
     *
     * @param key the file's word for it
     * @param stated what it demands
     * @param holds whether it holds
     * @param found what an enclave has there
     */
    record Condition(String key, String stated, Predicate<PolicySubject> holds, Function<PolicySubject, String> found) {

        PolicyExplanation.Check check(PolicySubject subject) {
            return new PolicyExplanation.Check(key, stated, found.apply(subject), holds.test(subject));
        }

        String asStated() {
            return key + " " + stated;
        }
    }

    /** In the order of the documentation. */
    static List<Condition> of(Rule rule) {
        List<Condition> all = new ArrayList<>();
        Identities enclaves = rule.enclaves();
        if (enclaves != null) {
            all.add(new Condition(
                    "mrenclave", enclaves.text(), s -> enclaves.contains(s.mrEnclave()), s -> hex(s.mrEnclave())));
        }
        Identities signers = rule.signers();
        if (signers != null) {
            all.add(new Condition(
                    "mrsigner", signers.text(), s -> signers.contains(s.mrSigner()), s -> hex(s.mrSigner())));
        }
        Ranges products = rule.products();
        if (products != null) {
            all.add(new Condition(
                    "isvProdId",
                    products.text(),
                    s -> products.contains(s.isvProdId()),
                    s -> Integer.toString(s.isvProdId())));
        }
        Ranges svns = rule.svns();
        if (svns != null) {
            all.add(new Condition(
                    "isvSvn", svns.text(), s -> svns.contains(s.isvSvn()), s -> Integer.toString(s.isvSvn())));
        }
        Bits attributes = rule.attributes();
        if (attributes != null) {
            all.add(new Condition(
                    "attributes",
                    attributes.text(),
                    s -> attributes.holds(s.attributes().flags()),
                    s -> s.attributes().toString()));
        }
        if (rule.whiteListed()) {
            all.add(new Condition(
                    "attributes",
                    "without DEBUG, as every white list demands",
                    s -> !s.attributes().has(Attributes.DEBUG),
                    s -> s.attributes().toString()));
        }
        Bits xfrm = rule.xfrm();
        if (xfrm != null) {
            all.add(new Condition(
                    "xfrm",
                    xfrm.text(),
                    s -> xfrm.holds(s.attributes().xfrm()),
                    s -> mask(s.attributes().xfrm())));
        }
        Bits misc = rule.miscSelect();
        if (misc != null) {
            all.add(new Condition(
                    "miscSelect",
                    misc.text(),
                    s -> misc.holds(Integer.toUnsignedLong(s.miscSelect())),
                    s -> mask(Integer.toUnsignedLong(s.miscSelect()))));
        }
        Ranges sizes = rule.sizes();
        if (sizes != null) {
            all.add(new Condition("size", sizes.text(), s -> sizes.contains(s.size()), s -> s.size() + " bytes"));
        }
        List<Glob> workloads = rule.workloads();
        if (workloads != null) {
            all.add(new Condition(
                    "workload",
                    workloads.stream().map(Glob::toString).collect(Collectors.joining(" or ")),
                    s -> Rule.matches(workloads, s.workload()),
                    PolicySubject::workload));
        }
        TimeWindow time = rule.time();
        if (time != null) {
            all.add(new Condition(
                    "time",
                    time.text(),
                    s -> time.holds(s.time()),
                    s -> s.time().toString()));
        }
        Expression when = rule.when();
        if (when != null) {
            boolean ifFails = rule.effect() != PolicyVerdict.Effect.ALLOW;
            all.add(new Condition("when", when.text(), s -> when.holds(s, ifFails), when::outcome));
        }
        return all;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static String mask(long bits) {
        return "0x" + Long.toHexString(bits);
    }
}
