package jsgx.launch;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import jsgx.arch.Outcome;
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
                String code = loader.lastOutcome().map(InitRefusal::code).orElse("");
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
        String note = said.policyNote();
        if (!note.isEmpty()) {
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
                Explainer.launched(kind, token.source(), bringsToken()));
    }

    /** INIT was refused: by the launch authority, by EINIT, or by the driver. */
    private LaunchResult refused(EnclaveLoader loader, Optional<Judgement> said, long result) {
        Optional<InitRefusal> byAuthority = InitRefusal.byAuthority(
                kind,
                platform.platform().leProfile(),
                result,
                said,
                failed(loader),
                answer,
                attributes,
                HexFormat.of().parseHex(mrSigner()));
        return byAuthority.isPresent() ? refused(byAuthority.get(), result) : refused(loader, "INIT", result);
    }

    private LaunchResult refusedByPolicy(PolicyVerdict verdict, long result) {
        return refused(InitRefusal.policy(kind, verdict, result), result);
    }

    private LaunchResult refused(EnclaveLoader loader, String call, long result) {
        return refused(
                InitRefusal.of(kind, call, result, failed(loader), loader.lastRefusal(), this::difference), result);
    }

    private static Optional<Outcome> failed(EnclaveLoader loader) {
        return loader.lastOutcome().filter(last -> !last.isSuccess());
    }

    private List<String> difference(Outcome outcome) {
        return options.compareWith()
                .map(signed -> Explainer.difference(outcome, signed, image))
                .orElse(List.of());
    }

    private LaunchResult refused(InitRefusal refusal, long result) {
        return refused(refusal.stage(), refusal.code(), result, refusal.explanation());
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
