package jsgx.host.session;

import java.io.IOException;
import java.util.HexFormat;
import jsgx.arch.struct.Attributes;
import jsgx.host.client.TokenAnswer;
import jsgx.host.peer.Peer;
import jsgx.host.service.HostContext;
import jsgx.launch.LeAuthority;
import jsgx.launch.RunningPlatform;
import jsgx.launch.governor.IssuedToken;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.token.TokenIdentity;

/** Launch tokens for users who keep them themselves: judged, counted and recorded as those of the AESM socket. */
final class Tokens {

    private final HostContext context;

    Tokens(HostContext context) {
        this.context = context;
    }

    /** Answers who asks for a token. */
    byte[] issue(byte[] request, Peer peer) throws IOException {
        TokenIdentity identity = TokenAnswer.identity(request);
        RunningPlatform running = context.running();
        TokenOrigin origin = new TokenOrigin(
                running.platform().id(),
                HexFormat.of().formatHex(running.authority().signer()));
        IssuedToken issued = running.governor().issueToUserSpace(identity, peer.workload());
        String refusal = refusal(issued, identity.attributes());
        byte[] token = refusal.isEmpty() ? issued.issue().token() : new byte[0];
        return new TokenAnswer(token, refusal, origin).write();
    }

    private static String refusal(IssuedToken issued, Attributes attributes) {
        PolicyVerdict verdict = issued.verdict();
        if (!verdict.effect().launches()) {
            return "%s: rule \"%s\": %s".formatted(verdict.effect().code(), verdict.rule(), verdict.reason());
        }
        return switch (issued.issue().answer()) {
            case LeAuthority.Answer.Granted granted -> "";
            case LeAuthority.Answer.NotNeeded notNeeded -> "";
            case LeAuthority.Answer.Refused(int result) ->
                "the host's launch enclave refuses ATTRIBUTES 0x%x of this signer with result %d"
                        .formatted(attributes.flags(), result);
            case LeAuthority.Answer.Unavailable(String reason) -> reason;
        };
    }
}
