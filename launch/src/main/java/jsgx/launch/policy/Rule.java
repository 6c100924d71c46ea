package jsgx.launch.policy;

import java.util.List;
import java.util.Optional;
import jsgx.arch.struct.Attributes;
import org.jspecify.annotations.Nullable;

/**
 * One rule of a policy: it matches an enclave for which each of its conditions holds. A condition that the file does not state is null
 * here and holds for all.
 *
 * @param name unique in its file
 * @param effect ALLOW, WARN or DENY
 * @param line where it begins
 * @param reason why, for people, as the file has it; empty where it says nothing
 * @param whiteListed whether it holds for no DEBUG enclave, since its signers are a white list's
 */
record Rule(
        String name,
        PolicyVerdict.Effect effect,
        int line,
        String reason,
        @Nullable Identities enclaves,
        @Nullable Identities signers,
        boolean whiteListed,
        @Nullable Ranges products,
        @Nullable Ranges svns,
        @Nullable Bits attributes,
        @Nullable Bits xfrm,
        @Nullable Bits miscSelect,
        @Nullable Ranges sizes,
        @Nullable List<Glob> workloads,
        @Nullable TimeWindow time,
        @Nullable Expression when) {

    /** Whether every condition holds but those on MRENCLAVE, MRSIGNER and workload. The cheap ones come first, the expression last. */
    boolean restHolds(PolicySubject subject) {
        Attributes found = subject.attributes();
        return (attributes == null || attributes.holds(found.flags()))
                && (!whiteListed || !found.has(Attributes.DEBUG))
                && (xfrm == null || xfrm.holds(found.xfrm()))
                && (miscSelect == null || miscSelect.holds(Integer.toUnsignedLong(subject.miscSelect())))
                && (products == null || products.contains(subject.isvProdId()))
                && (svns == null || svns.contains(subject.isvSvn()))
                && (sizes == null || sizes.contains(subject.size()))
                && (time == null || time.holds(subject.time()))
                && (when == null || when.holds(subject, effect != PolicyVerdict.Effect.ALLOW));
    }

    /**
     * This rule where only a token is asked for, so that product, SVN, MISCSELECT and size are not known. A refusal that depends on them is
     * none yet, and what depends on them to launch may: the rule then lets through without a word, as EINIT will be judged by it again.
     */
    Optional<Rule> forTokens() {
        if (products == null
                && svns == null
                && miscSelect == null
                && sizes == null
                && (when == null || !when.needsMoreThanToken())) {
            return Optional.of(this);
        }
        return effect == PolicyVerdict.Effect.DENY
                ? Optional.empty()
                : Optional.of(new Rule(
                        name,
                        PolicyVerdict.Effect.ALLOW,
                        line,
                        reason,
                        enclaves,
                        signers,
                        whiteListed,
                        null,
                        null,
                        attributes,
                        xfrm,
                        null,
                        null,
                        workloads,
                        time,
                        when == null || when.needsMoreThanToken() ? null : when));
    }

    /** Whether the condition on MRSIGNER holds. */
    boolean signerHolds(PolicySubject subject) {
        return signers == null || signers.contains(subject.mrSigner());
    }

    /** Whether the condition on the workload holds. */
    boolean workloadHolds(String workload) {
        return workloads == null || matches(workloads, workload);
    }

    static boolean matches(List<Glob> patterns, String name) {
        for (int i = 0; i < patterns.size(); i++) {
            if (patterns.get(i).matches(name)) {
                return true;
            }
        }
        return false;
    }
}
