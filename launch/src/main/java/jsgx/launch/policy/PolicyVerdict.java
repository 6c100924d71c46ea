package jsgx.launch.policy;

/**
 * What a policy says to a launch, and which rule said it.
 *
 * @param effect what happens
 * @param rule the rule's name, or what stood in for one
 * @param where the file and line of the rule, as {@code policy.yaml:14}; empty where there is none
 * @param reason why, for people
 * @param revision the revision of the policy that decided
 */
public record PolicyVerdict(Effect effect, String rule, String where, String reason, long revision) {

    /** What happens to a launch. */
    public enum Effect {
        ALLOW(""),
        /** It launches, and the audit trail says that it should not: a warn rule, or a deny rule in mode {@code audit}. */
        WARN("POLICY_WARNED"),
        DENY("POLICY_DENIED"),
        /** The enclave, its signer or its version is revoked. */
        REVOKED("POLICY_REVOKED"),
        /** The workload has what it may have. */
        QUOTA("POLICY_QUOTA"),
        /** The policy could not be read, or the decision not be recorded. */
        UNAVAILABLE("POLICY_UNAVAILABLE");

        private final String code;

        Effect(String code) {
            this.code = code;
        }

        /** The code of a launch that ends so; empty for an allowed one. */
        public String code() {
            return code;
        }

        /** Whether the launch goes on. */
        public boolean launches() {
            return this == ALLOW || this == WARN;
        }
    }

    /** It may launch. */
    public static PolicyVerdict allow(String rule, String where, long revision) {
        return new PolicyVerdict(Effect.ALLOW, rule, where, "", revision);
    }
}
