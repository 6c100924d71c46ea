package jsgx.launch;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.Outcome;
import jsgx.arch.leaf.Einit;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Refusal;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageDiff;
import jsgx.launch.le.LeAnswer;
import jsgx.launch.le.LeProfile;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.token.TokenSource;

/**
 * Makes explanations of what decided, as a leaf, the driver or the launch enclave left it behind. It finds out nothing by itself.
 */
final class Explainer {

    private static final int POWER_LOST = 0x4000_0000;

    private Explainer() {}

    /**
     * The note on a launch that succeeded.
     *
     * @param asked whether the interface asks for a token at all
     */
    static Explanation launched(InterfaceKind kind, TokenSource source, boolean asked) {
        String how = switch (source) {
            case LAUNCH_ENCLAVE -> "with a token of the launch enclave";
            case KERNEL_CACHE -> "with a token of the kernel's cache";
            case USER_CACHE -> "with a token that the application kept in memory";
            case STORE -> "with a token that the application kept on disk";
            case CALLER -> "with the caller's token";
            case NONE ->
                kind == InterfaceKind.MAINLINE && !asked
                        ? "with no token: mainline wrote its signer into the hash MSRs"
                        : "with no token: its signer is the launch enclave's own";
        };
        return Explanation.success("EINIT: SGX_SUCCESS, " + how);
    }

    /** Why a leaf refused. */
    static Explanation leaf(InterfaceKind kind, String call, long result, Outcome outcome, List<String> details) {
        return switch (outcome) {
            case Outcome.Success success -> Explanation.success(call + " succeeded");
            case Outcome.Error(LeafCheck check, var code, var flags, String expected, String found) ->
                new Explanation(
                        "%s: %s (%d); %s"
                                .formatted(
                                        outcome.leaf(), code.sdmName(), code.code(), returned(kind, outcome, result)),
                        check.rule(),
                        Explanation.place(check),
                        expected,
                        found,
                        details,
                        LeafAdvice.of(check));
            case Outcome.Faulted(LeafCheck check, var fault, String expected, String found) ->
                new Explanation(
                        "%s: %s; %s".formatted(outcome.leaf(), fault, returned(kind, outcome, result)),
                        check.rule(),
                        Explanation.place(check),
                        expected,
                        found,
                        details,
                        LeafAdvice.of(check));
        };
    }

    /** Why the driver itself refused. */
    static Explanation driver(InterfaceKind kind, String call, Refusal refusal) {
        return new Explanation(
                "%s: %s".formatted(call, result(kind, refusal.result())),
                refusal.cause().rule(),
                "the " + id(kind) + " driver, " + call,
                refusal.expected(),
                refusal.found(),
                List.of(),
                DriverAdvice.of(refusal.cause()));
    }

    /** Why a call failed without leaving a reason behind. */
    static Explanation unexplained(InterfaceKind kind, String call, long result) {
        String powerLost = "the EPC's content was lost (suspend, or the virtual machine was moved)";
        return result == POWER_LOST
                ? new Explanation(
                        "%s: %s".formatted(call, result(kind, result)),
                        "power was not lost since the enclave was created",
                        "the " + id(kind) + " driver, " + call,
                        "an enclave whose pages are there",
                        powerLost,
                        List.of(),
                        "build the enclave again")
                : new Explanation("%s: %s".formatted(call, result(kind, result)), "", "", "", "", List.of(), "");
    }

    /** Why there is no device to build an enclave with. */
    static Explanation absent(InterfaceKind kind, String path, Errno errno, String reason) {
        return new Explanation(
                "%s is not there: the %s driver returned %s when it was loaded".formatted(path, id(kind), errno),
                "the machine has what the driver needs",
                "the " + id(kind) + " driver, initialisation",
                "a driver that loads",
                reason,
                List.of(),
                "use another interface (isgx works with locked hash MSRs), or change the platform:"
                        + "  jsgx platform show,  jsgx platform set");
    }

    /** Why policy refused. */
    static Explanation policy(InterfaceKind kind, PolicyVerdict verdict, long result) {
        String rule = verdict.rule().isEmpty() ? "" : ", rule \"%s\"".formatted(verdict.rule());
        return new Explanation(
                "policy: %s; %s".formatted(verdict.effect().code(), result(kind, result)),
                policyRule(verdict.effect()),
                "launch policy%s%s, revision %d"
                        .formatted(rule, verdict.where().isEmpty() ? "" : ", " + verdict.where(), verdict.revision()),
                "",
                verdict.reason(),
                List.of(),
                policyAdvice(verdict.effect()));
    }

    private static String policyRule(PolicyVerdict.Effect effect) {
        return switch (effect) {
            case REVOKED -> "neither the enclave nor its signer is revoked";
            case QUOTA -> "the workload has less than its quota";
            case UNAVAILABLE -> "the launch can be judged and recorded";
            default -> "the policy lets the enclave launch";
        };
    }

    private static String policyAdvice(PolicyVerdict.Effect effect) {
        return switch (effect) {
            case REVOKED ->
                "launch a version that is not revoked; whoever may change the policy can take it back with"
                        + "  jsgx policy revoke --undo; no token helps";
            case QUOTA -> "end an enclave of this workload, wait, or have its quota raised in the policy";
            case UNAVAILABLE -> "put right what the reason names: until then nothing launches";
            default -> "have the policy's owner allow it; see why with  jsgx policy explain";
        };
    }

    /** Why the launch enclave gave no token. */
    static Explanation launchEnclave(InterfaceKind kind, LeProfile profile, int leResult, long result, String asked) {
        return new Explanation(
                "the launch enclave gives no token; " + result(kind, result),
                leRule(profile, leResult),
                "launch enclave, profile " + profile.id() + (leResult == 0 ? "" : ", result " + leResult),
                "a request that the profile grants",
                asked,
                List.of(),
                leAdvice(profile, leResult));
    }

    /** Why there is no launch enclave to ask. */
    static Explanation noLaunchEnclave(InterfaceKind kind, long result, String reason) {
        return new Explanation(
                "the launch enclave does not run; " + result(kind, result),
                "a launch enclave answers",
                "launch enclave, start",
                "a launch enclave whose signer the hash MSRs name",
                reason,
                List.of(),
                "where the hash MSRs are locked to another signer, only that signer's launch enclave can make tokens: unlock"
                        + " them, or let firmware write this one's hash,  jsgx platform set; mainline needs no token");
    }

    /** What differs first between what was signed and what was loaded, where the former is at hand. */
    static List<String> difference(Outcome outcome, EnclaveImage signed, EnclaveImage loaded) {
        if (!(outcome instanceof Outcome.Error error) || error.check() != Einit.Check.ENCLAVEHASH) {
            return List.of();
        }
        ImageDiff diff = ImageDiff.diff(signed, loaded);
        List<String> details = new ArrayList<>();
        diff.firstDivergence().ifPresent(details::add);
        diff.differences().stream()
                .limit(1)
                .map(difference -> difference.text()
                        + (diff.differences().size() == 1
                                ? "; nothing else differs"
                                : "; %d more differences"
                                        .formatted(diff.differences().size() - 1)))
                .forEach(details::add);
        return details.isEmpty() ? List.of("the two images agree: the SIGSTRUCT is for a third one") : details;
    }

    /** What the interface made of a leaf's outcome, and what mainline makes of it. */
    private static String returned(InterfaceKind kind, Outcome outcome, long result) {
        String own = result(kind, result);
        if (outcome.leaf() != Leaf.EINIT) {
            return own;
        }
        boolean error = outcome instanceof Outcome.Error;
        if (kind != InterfaceKind.MAINLINE) {
            return own + ", mainline would return " + (error ? Errno.EPERM : Errno.EIO);
        }
        return outcome instanceof Outcome.Error(var check, var code, var flags, var expected, var found)
                ? own + " for every code of EINIT, v5 and isgx would return " + code.code()
                : own + ", v5 and isgx would return " + Errno.EFAULT;
    }

    private static String result(InterfaceKind kind, long result) {
        String what = Errno.of(result).map(Errno::name).orElse(Long.toString(result));
        return "the %s interface returns %s".formatted(id(kind), what);
    }

    private static String id(InterfaceKind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    private static String leRule(LeProfile profile, int leResult) {
        return switch (leResult) {
            case LeAnswer.INVALID_PRIVILEGE -> "only Intel's services get a token for PROVISIONKEY";
            case LeAnswer.LE_INVALID_PRIVILEGE_ERROR -> "without DEBUG, the signer is in the white list";
            case LeAnswer.LE_WHITELIST_UNINITIALIZED_ERROR -> "without DEBUG, there is a white list to ask";
            case LeAnswer.UNEXPECTED_ERROR, LeAnswer.LE_GET_EINITTOKEN_KEY_ERROR ->
                "the launch enclave gets its launch key";
            case LeAnswer.LE_INVALID_ATTRIBUTE ->
                "ATTRIBUTES has none of 0x%x, and only Intel's services ask for PROVISIONKEY"
                        .formatted(profile.refusedFlags());
            default -> "ATTRIBUTES has none of 0x%x".formatted(profile.refusedFlags());
        };
    }

    private static String leAdvice(LeProfile profile, int leResult) {
        return switch (leResult) {
            case LeAnswer.INVALID_PRIVILEGE ->
                "launch without PROVISIONKEY, or with a launch enclave that does not guard it:"
                        + "  jsgx platform set --le-profile v5";
            case LeAnswer.LE_INVALID_PRIVILEGE_ERROR -> "launch with DEBUG, or have the signer put on the white list";
            case LeAnswer.LE_WHITELIST_UNINITIALIZED_ERROR ->
                "launch with DEBUG, or give the launch enclave a white list";
            case LeAnswer.UNEXPECTED_ERROR, LeAnswer.LE_GET_EINITTOKEN_KEY_ERROR ->
                "the launch enclave is not what the hash MSRs name: look at  jsgx platform show";
            default ->
                "leave the attributes away that the %s profile refuses; INIT is EINIT's to set".formatted(profile.id());
        };
    }
}
