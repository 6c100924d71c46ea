package jsgx.launch;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import jsgx.arch.Outcome;
import jsgx.arch.leaf.Einit;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Decision;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DeviceFile;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Refusal;
import jsgx.driver.SgxDevice;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageMeasurement;
import jsgx.image.SigstructCheck;
import jsgx.launch.LaunchResult.Reissue;
import jsgx.launch.LaunchResult.Stage;
import jsgx.launch.LaunchResult.Step;
import jsgx.launch.LaunchResult.Token;
import jsgx.launch.LaunchResult.Verdict;
import jsgx.launch.governor.Judgement;
import jsgx.launch.governor.TokenIssue;
import jsgx.launch.load.EnclaveLoader;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.token.TokenSource;
import org.jspecify.annotations.Nullable;

/** One launch, from the open of the device to the result. */
final class Launch {

    private static final double NANOS_PER_MICRO = 1e3;

    /** The checks of EINIT that look at the token, or miss one. */
    private static final Set<Einit.Check> TOKEN_CHECKS =
            EnumSet.range(Einit.Check.AUTHORIZED_SIGNER, Einit.Check.TOKEN_ATTRIBUTES);

    private final RunningPlatform platform;
    private final EnclaveImage image;
    private final Sigstruct sigstruct;
    private final LaunchOptions options;
    private final InterfaceKind kind;
    private final Attributes attributes;
    private final int miscSelect;
    private final List<Step> timeline = new ArrayList<>();
    private LeAuthority.@Nullable Answer answer;
    private Token token = Token.NONE;
    private Reissue reissue = Reissue.NONE;

    Launch(RunningPlatform platform, EnclaveImage image, Sigstruct sigstruct, LaunchOptions options) {
        this.platform = platform;
        this.image = image;
        this.sigstruct = sigstruct;
        this.options = options;
        this.kind = options.driver();
        this.attributes = options.attributes().orElse(sigstruct.attributes());
        this.miscSelect = options.miscSelect().orElse(sigstruct.miscSelect());
    }

    LaunchResult run() {
        SgxDevice device = platform.driver().device(kind);
        DeviceFile file;
        try {
            file = device.open(options.workload());
        } catch (DeviceAbsentException e) {
            Explanation why = Explainer.absent(kind, device.path(), e.errno(), String.valueOf(e.getMessage()));
            return refused(Stage.DRIVER, "DRIVER_" + e.errno(), e.errno().result(), why);
        }
        try (EnclaveLoader loader = new EnclaveLoader(kind, file, new EmbeddedAddressSpace())) {
            return build(loader);
        }
    }

    private LaunchResult build(EnclaveLoader loader) {
        long start = System.nanoTime();
        long result = loader.create(image, attributes, miscSelect);
        step("ECREATE", 1, start, "");
        if (result != 0) {
            return refused(loader, "CREATE", result);
        }
        start = System.nanoTime();
        result = loader.addPages(image.pages());
        step("EADD", image.pages().size(), start, "with EEXTEND of " + chunks() + " chunks");
        if (result != 0) {
            return refused(loader, "ADD_PAGE", result);
        }
        return init(loader);
    }

    private LaunchResult init(EnclaveLoader loader) {
        if (!bringsToken()) {
            return ended(loader, tryInit(loader, Token.NONE));
        }
        UserSpace user = new UserSpace(platform, image, sigstruct, options);
        try {
            long start = System.nanoTime();
            UserSpace.Taken taken = user.take();
            use(taken, start);
            Tried tried = tryInit(loader, taken.token());
            while (true) {
                start = System.nanoTime();
                Optional<UserSpace.Taken> next = user.again(taken, tried.result(), tried.allowed());
                if (next.isEmpty()) {
                    return ended(loader, tried);
                }
                taken = next.get();
                use(taken, start);
                tried = tryInit(loader, taken.token());
            }
        } catch (LaunchException e) {
            String reason = String.valueOf(e.getMessage());
            return refusedByPolicy(
                    new PolicyVerdict(PolicyVerdict.Effect.UNAVAILABLE, "fail closed", "", reason, 0),
                    Errno.EACCES.result());
        }
    }

    /** Whether user space brings the token. */
    private boolean bringsToken() {
        return switch (kind) {
            case V5 -> false;
            case ISGX -> true;
            case MAINLINE ->
                platform.hasTokenExtension()
                        && (options.token().isPresent()
                                || platform.governor().placement().inUserSpace());
        };
    }

    private void use(UserSpace.Taken taken, long start) {
        token = taken.token();
        answer = taken.answer();
        reissue = taken.reissue();
        if (token.source() != TokenSource.CALLER) {
            step("token", 1, start, taken.note());
        }
    }

    /** What one INIT came to. */
    private record Tried(long result, Optional<Judgement> said, Optional<PolicyVerdict> tornDown) {

        /** Whether the launch authority let it go on to EINIT. */
        boolean allowed() {
            return said.isPresent() && said.get().decision() instanceof Decision.Allow;
        }
    }

    private Tried tryInit(EnclaveLoader loader, Token with) {
        byte[] bytes = with.source() == TokenSource.NONE ? new byte[EinitToken.SIZE] : with.bytes();
        try (LaunchRecorder.Recording recording = LaunchRecorder.record()) {
            long start = System.nanoTime();
            long result = kind == InterfaceKind.MAINLINE && bringsToken()
                    ? loader.initWithToken(sigstruct, EinitToken.of(bytes))
                    : loader.init(sigstruct, EinitToken.of(bytes));
            long nanos = System.nanoTime() - start - recording.nanos();
            Optional<Judgement> said = recording.judgement();
            said.ifPresent(this::note);
            if (said.isEmpty() || said.get().decision() instanceof Decision.Allow) {
                String code = loader.lastOutcome().map(Launch::code).orElse("");
                timeline.add(new Step("EINIT", 1, nanos / NANOS_PER_MICRO, code));
            }
            return new Tried(result, said, recording.tornDown());
        }
    }

    private LaunchResult ended(EnclaveLoader loader, Tried tried) {
        if (tried.tornDown().isPresent()) {
            return refusedByPolicy(tried.tornDown().get(), tried.result());
        }
        return tried.result() == 0 ? launched() : refused(loader, tried.said(), tried.result());
    }

    /** What the governor said, as steps. */
    private void note(Judgement said) {
        PolicyVerdict verdict = said.verdict();
        // Where there is no policy, nothing was judged.
        if (!verdict.where().isEmpty() || verdict.effect() != PolicyVerdict.Effect.ALLOW) {
            String where = verdict.where().isEmpty() ? "" : " (" + verdict.where() + ")";
            String note = "%s: rule \"%s\"%s, revision %d"
                    .formatted(
                            verdict.effect().name().toLowerCase(Locale.ROOT),
                            verdict.rule(),
                            where,
                            verdict.revision());
            timeline.add(new Step("policy", 1, said.policyNanos() / NANOS_PER_MICRO, note));
        }
        if (said.issue().source() != TokenSource.CALLER && !said.issue().equals(TokenIssue.NONE)) {
            answer = said.issue().answer();
            token = tokenOf(said.issue());
            tokenStep(said.issue().note(), said.tokenNanos());
        }
    }

    private static Token tokenOf(TokenIssue issue) {
        return issue.token().length == 0 ? Token.NONE : new Token(issue.source(), issue.token());
    }

    private LaunchResult launched() {
        String how = switch (token.source()) {
            case LAUNCH_ENCLAVE -> "with a token of the launch enclave";
            case KERNEL_CACHE -> "with a token of the kernel's cache";
            case USER_CACHE -> "with a token that the application kept in memory";
            case STORE -> "with a token that the application kept on disk";
            case CALLER -> "with the caller's token";
            case NONE ->
                kind == InterfaceKind.MAINLINE && !bringsToken()
                        ? "with no token: mainline wrote its signer into the hash MSRs"
                        : "with no token: its signer is the launch enclave's own";
        };
        return new LaunchResult(
                Verdict.LAUNCHED,
                Stage.LEAF,
                SgxError.SUCCESS.sdmName(),
                kind,
                0,
                hex(sigstruct.enclaveHash().toArray(Layouts.U8)),
                mrSigner(),
                attributes,
                miscSelect,
                token,
                image.pages().size(),
                reissue,
                timeline,
                Explanation.success("EINIT: SGX_SUCCESS, " + how));
    }

    /** INIT was refused: by the launch authority, by EINIT, or by the driver. */
    private LaunchResult refused(EnclaveLoader loader, Optional<Judgement> said, long result) {
        if (said.isPresent() && !said.get().verdict().effect().launches()) {
            return refusedByPolicy(said.get().verdict(), result);
        }
        Optional<Outcome> outcome = loader.lastOutcome().filter(last -> !last.isSuccess());
        boolean noToken = outcome.isPresent()
                && outcome.get() instanceof Outcome.Error error
                && error.check() == Einit.Check.AUTHORIZED_SIGNER;
        boolean byAuthority = said.isPresent() && said.get().decision() instanceof Decision.Refuse;
        if (noToken || byAuthority) {
            if (answer instanceof LeAuthority.Answer.Refused(int leResult)) {
                String asked = "ATTRIBUTES 0x%x (%s), signer %s".formatted(attributes.flags(), attributes, mrSigner());
                return refused(
                        Stage.LE,
                        "LE_REFUSED",
                        result,
                        Explainer.launchEnclave(kind, platform.platform().leProfile(), leResult, result, asked));
            }
            if (answer instanceof LeAuthority.Answer.Unavailable(String reason)) {
                return refused(Stage.LE, "LE_UNAVAILABLE", result, Explainer.noLaunchEnclave(kind, result, reason));
            }
        }
        return refused(loader, "INIT", result);
    }

    private LaunchResult refusedByPolicy(PolicyVerdict verdict, long result) {
        return refused(Stage.POLICY, verdict.effect().code(), result, Explainer.policy(kind, verdict, result));
    }

    private LaunchResult refused(EnclaveLoader loader, String call, long result) {
        Optional<Outcome> failed = loader.lastOutcome().filter(last -> !last.isSuccess());
        if (failed.isPresent()) {
            Outcome outcome = failed.get();
            List<String> details = options.compareWith()
                    .map(signed -> Explainer.difference(outcome, signed, image))
                    .orElse(List.of());
            return refused(stage(outcome), code(outcome), result, Explainer.leaf(kind, call, result, outcome, details));
        }
        Optional<Refusal> refusal = loader.lastRefusal();
        Explanation why = refusal.isPresent()
                ? Explainer.driver(kind, call, refusal.get())
                : Explainer.unexplained(kind, call, result);
        String code = Errno.of(result).map(Errno::name).orElse("POWER_LOST");
        return refused(Stage.DRIVER, "DRIVER_" + code, result, why);
    }

    private LaunchResult refused(Stage stage, String code, long result, Explanation why) {
        return new LaunchResult(
                Verdict.REFUSED,
                stage,
                code,
                kind,
                result,
                ImageMeasurement.measure(image).mrEnclave(),
                mrSigner(),
                attributes,
                miscSelect,
                token,
                image.pages().size(),
                reissue,
                timeline,
                why);
    }

    private static Stage stage(Outcome outcome) {
        return outcome instanceof Outcome.Error error
                        && error.check() instanceof Einit.Check check
                        && TOKEN_CHECKS.contains(check)
                ? Stage.TOKEN
                : Stage.LEAF;
    }

    private static String code(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Success success -> SgxError.SUCCESS.sdmName();
            case Outcome.Error error -> error.code().sdmName();
            case Outcome.Faulted faulted -> faulted.fault().vector().name();
        };
    }

    private int chunks() {
        return image.pages().stream()
                .mapToInt(page -> Integer.bitCount(page.measured()))
                .sum();
    }

    private void tokenStep(String note, long nanos) {
        timeline.add(new Step("token", 1, nanos / NANOS_PER_MICRO, note));
    }

    private void step(String name, int count, long start, String note) {
        timeline.add(new Step(name, count, (System.nanoTime() - start) / NANOS_PER_MICRO, note));
    }

    private String mrSigner() {
        return SigstructCheck.mrSigner(sigstruct);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
