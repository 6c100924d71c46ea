package jsgx.launch;

import java.util.List;
import java.util.Optional;
import jsgx.arch.Outcome;
import jsgx.arch.struct.SgxError;
import jsgx.driver.InterfaceKind;
import jsgx.driver.LaunchRequest;
import jsgx.driver.Refusal;
import jsgx.driver.TokenSupplier;
import jsgx.launch.LaunchResult.Stage;
import jsgx.launch.LeAuthority.Answer;
import jsgx.launch.governor.Judgement;
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
            boolean brought = said.isPresent() && said.get().request().tokenSupplier() != TokenSupplier.NOBODY;
            Explanation success = Explainer.launched(kind, source, brought);
            return new InitReport(Stage.LEAF, SgxError.SUCCESS.sdmName(), policy, source, success);
        }
        InitRefusal why = refusal(kind, result, recording, failed, refusal);
        return new InitReport(why.stage(), why.code(), policy, source, why.explanation());
    }

    private InitRefusal refusal(
            InterfaceKind kind,
            long result,
            LaunchRecorder.Recording recording,
            Optional<Outcome> failed,
            Optional<Refusal> refusal) {
        Optional<PolicyVerdict> tornDown = recording.tornDown();
        if (tornDown.isPresent()) {
            return InitRefusal.policy(kind, tornDown.get(), result);
        }
        Optional<Judgement> said = recording.judgement();
        if (said.isPresent()) {
            LaunchRequest request = said.get().request();
            Answer answer = said.get().issue().answer();
            Optional<InitRefusal> byAuthority = InitRefusal.byAuthority(
                    kind,
                    platform.platform().leProfile(),
                    result,
                    said,
                    failed,
                    answer,
                    request.attributes(),
                    request.mrSigner());
            if (byAuthority.isPresent()) {
                return byAuthority.get();
            }
        }
        return InitRefusal.of(kind, "INIT", result, failed, refusal, outcome -> List.of());
    }
}
