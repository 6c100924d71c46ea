package jsgx.launch;

import java.util.List;
import java.util.Optional;
import jsgx.arch.Outcome;
import jsgx.arch.struct.SgxError;
import jsgx.driver.Completion;
import jsgx.driver.InterfaceKind;
import jsgx.driver.LaunchRequest;
import jsgx.driver.Refusal;
import jsgx.driver.TokenSupplier;
import jsgx.launch.LaunchResult.Stage;
import jsgx.launch.LeAuthority.Answer;
import jsgx.launch.governor.Ending;
import jsgx.launch.governor.Judgement;
import jsgx.launch.le.LeProfile;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.token.TokenSource;

/**
 * Reports of the INITs that programs execute by themselves on a platform: what launch control said, and where one was refused, the
 * same explanation as that of a launch.
 */
public final class InitReports {

    private final RunningPlatform platform;

    InitReports(RunningPlatform platform) {
        this.platform = platform;
    }

    /**
     * The report of an INIT, to be had once, on the thread that has just executed it.
     *
     * @param result what the driver returned
     * @param failed what EINIT did where it made the call fail
     * @param refusal why the call failed in the driver itself
     */
    public InitReport take(InterfaceKind kind, long result, Optional<Outcome> failed, Optional<Refusal> refusal) {
        LaunchRecorder.Recording recording = LaunchRecorder.take();
        Optional<Judgement> said = recording.judgement();
        String policy = said.map(Judgement::policyNote).orElse("");
        TokenSource source = said.map(judgement -> judgement.issue().source()).orElse(TokenSource.NONE);
        if (result == 0) {
            return launched(kind, said);
        }
        InitRefusal why =
                refusal(platform.platform().leProfile(), kind, result, recording.tornDown(), said, failed, refusal);
        return new InitReport(why.stage(), why.code(), policy, source, why.explanation());
    }

    /** The report of a launch that is over, of whatever thread. */
    static InitReport report(LeProfile profile, Ending ending) {
        Judgement said = ending.judgement();
        InterfaceKind kind = said.request().kind();
        if (ending.launched()) {
            return launched(kind, Optional.of(said));
        }
        Optional<Outcome> failed = ending.completion() instanceof Completion.Executed executed
                        && !executed.outcome().isSuccess()
                ? Optional.of(executed.outcome())
                : Optional.empty();
        Optional<PolicyVerdict> tornDown =
                ending.verdict().effect().launches() ? Optional.empty() : Optional.of(ending.verdict());
        InitRefusal why = refusal(
                profile, kind, ending.completion().result(), tornDown, Optional.of(said), failed, Optional.empty());
        return new InitReport(
                why.stage(), why.code(), said.policyNote(), said.issue().source(), why.explanation());
    }

    private static InitReport launched(InterfaceKind kind, Optional<Judgement> said) {
        String policy = said.map(Judgement::policyNote).orElse("");
        TokenSource source = said.map(judgement -> judgement.issue().source()).orElse(TokenSource.NONE);
        boolean brought = said.isPresent() && said.get().request().tokenSupplier() != TokenSupplier.NOBODY;
        Explanation success = Explainer.launched(kind, source, brought);
        return new InitReport(Stage.LEAF, SgxError.SUCCESS.sdmName(), policy, source, success);
    }

    private static InitRefusal refusal(
            LeProfile profile,
            InterfaceKind kind,
            long result,
            Optional<PolicyVerdict> tornDown,
            Optional<Judgement> said,
            Optional<Outcome> failed,
            Optional<Refusal> refusal) {
        if (tornDown.isPresent()) {
            return InitRefusal.policy(kind, tornDown.get(), result);
        }
        if (said.isPresent()) {
            LaunchRequest request = said.get().request();
            Answer answer = said.get().issue().answer();
            Optional<InitRefusal> byAuthority = InitRefusal.byAuthority(
                    kind, profile, result, said, failed, answer, request.attributes(), request.mrSigner());
            if (byAuthority.isPresent()) {
                return byAuthority.get();
            }
        }
        return InitRefusal.of(kind, "INIT", result, failed, refusal, outcome -> List.of());
    }
}
