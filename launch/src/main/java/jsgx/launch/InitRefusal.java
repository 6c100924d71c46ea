package jsgx.launch;

import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import jsgx.arch.Outcome;
import jsgx.arch.leaf.Einit;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.SgxError;
import jsgx.driver.Decision;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Refusal;
import jsgx.launch.LaunchResult.Stage;
import jsgx.launch.governor.Judgement;
import jsgx.launch.le.LeProfile;
import jsgx.launch.policy.PolicyVerdict;
import org.jspecify.annotations.Nullable;

/**
 * Who refused a call of a launch, and why.
 *
 * @param code the decision's name, as in {@link LaunchResult#code}
 */
record InitRefusal(Stage stage, String code, Explanation explanation) {

    /** The checks of EINIT that look at the token, or miss one. */
    private static final Set<Einit.Check> TOKEN_CHECKS =
            EnumSet.range(Einit.Check.AUTHORIZED_SIGNER, Einit.Check.TOKEN_ATTRIBUTES);

    /** By policy. */
    static InitRefusal policy(InterfaceKind kind, PolicyVerdict verdict, long result) {
        return new InitRefusal(Stage.POLICY, verdict.effect().code(), Explainer.policy(kind, verdict, result));
    }

    /**
     * By policy or for want of a launch enclave's token; empty where neither decided.
     *
     * @param said what the governor said
     * @param failed what the leaf did that failed
     * @param answer what the launch enclave said; null where it was not asked
     */
    static Optional<InitRefusal> byAuthority(
            InterfaceKind kind,
            LeProfile profile,
            long result,
            Optional<Judgement> said,
            Optional<Outcome> failed,
            LeAuthority.@Nullable Answer answer,
            Attributes attributes,
            byte[] mrSigner) {
        if (said.isPresent() && !said.get().verdict().effect().launches()) {
            return Optional.of(policy(kind, said.get().verdict(), result));
        }
        boolean noToken = failed.isPresent()
                && failed.get() instanceof Outcome.Error error
                && error.check() == Einit.Check.AUTHORIZED_SIGNER;
        boolean refused = said.isPresent() && said.get().decision() instanceof Decision.Refuse;
        if (noToken || refused) {
            if (answer instanceof LeAuthority.Answer.Refused(int leResult)) {
                String asked = "ATTRIBUTES 0x%x (%s), signer %s"
                        .formatted(
                                attributes.flags(), attributes, HexFormat.of().formatHex(mrSigner));
                return Optional.of(new InitRefusal(
                        Stage.LE, "LE_REFUSED", Explainer.launchEnclave(kind, profile, leResult, result, asked)));
            }
            if (answer instanceof LeAuthority.Answer.Unavailable(String reason)) {
                return Optional.of(
                        new InitRefusal(Stage.LE, "LE_UNAVAILABLE", Explainer.noLaunchEnclave(kind, result, reason)));
            }
        }
        return Optional.empty();
    }

    /**
     * By a leaf or by the driver itself.
     *
     * @param failed what the leaf did that failed
     * @param details what else is known of its outcome
     */
    static InitRefusal of(
            InterfaceKind kind,
            String call,
            long result,
            Optional<Outcome> failed,
            Optional<Refusal> refusal,
            Function<Outcome, List<String>> details) {
        if (failed.isPresent()) {
            Outcome outcome = failed.get();
            return new InitRefusal(
                    stage(outcome), code(outcome), Explainer.leaf(kind, call, result, outcome, details.apply(outcome)));
        }
        Explanation why = refusal.isPresent()
                ? Explainer.driver(kind, call, refusal.get())
                : Explainer.unexplained(kind, call, result);
        String code = Errno.of(result).map(Errno::name).orElse("POWER_LOST");
        return new InitRefusal(Stage.DRIVER, "DRIVER_" + code, why);
    }

    /** The name of what a leaf did. */
    static String code(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Success success -> SgxError.SUCCESS.sdmName();
            case Outcome.Error error -> error.code().sdmName();
            case Outcome.Faulted faulted -> faulted.fault().vector().name();
        };
    }

    private static Stage stage(Outcome outcome) {
        return outcome instanceof Outcome.Error error
                        && error.check() instanceof Einit.Check check
                        && TOKEN_CHECKS.contains(check)
                ? Stage.TOKEN
                : Stage.LEAF;
    }
}
