package jsgx.launch;

import java.util.HexFormat;
import java.util.Optional;
import jsgx.arch.struct.Sigstruct;
import jsgx.image.EnclaveImage;
import jsgx.launch.LaunchResult.Reissue;
import jsgx.launch.LaunchResult.Token;
import jsgx.launch.LeAuthority.Answer;
import jsgx.launch.governor.Governor;
import jsgx.launch.governor.TokenIssue;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.store.RefetchRule;
import jsgx.launch.store.UserToken;
import jsgx.launch.store.UserTokenCache;
import jsgx.launch.token.TokenIdentity;
import jsgx.launch.token.TokenSource;
import org.jspecify.annotations.Nullable;

/** The part of a launch that user space plays where it brings the token: it takes one from its store, or has one issued. */
final class UserSpace {

    /**
     * What goes to INIT.
     *
     * @param token the token
     * @param answer what the launch enclave said; {@code NotNeeded} where it was not asked
     * @param reissue why it is a fresh one
     * @param note where it came from, for the timeline
     * @param withheld whether there is none because the enclave will not launch
     */
    record Taken(Token token, Answer answer, Reissue reissue, String note, boolean withheld) {

        private static final Taken WITHHELD = new Taken(Token.NONE, new Answer.NotNeeded(), Reissue.NONE, "none", true);

        Taken(Token token, Answer answer, Reissue reissue, String note) {
            this(token, answer, reissue, note, false);
        }
    }

    /** No token was issued. */
    private static final class NotIssued extends Exception {

        private static final long serialVersionUID = 1L;

        private final transient Answer answer;

        NotIssued(Answer answer) {
            super(null, null, false, false);
            this.answer = answer;
        }
    }

    private final Governor governor;
    private final LaunchOptions options;
    private final TokenIdentity identity;
    private final PolicySubject subject;
    private final String label;
    private final boolean keeps;
    private final @Nullable UserTokenCache kept;

    /** The last token that was issued. */
    private TokenIssue issue = TokenIssue.NONE;

    UserSpace(RunningPlatform platform, EnclaveImage image, Sigstruct sigstruct, LaunchOptions options) {
        this.governor = platform.governor();
        this.options = options;
        this.subject = options.subject(image, sigstruct, governor.now());
        this.identity = TokenIdentity.of(subject.mrEnclave(), subject.mrSigner(), subject.attributes());
        this.label = options.label().isEmpty() ? HexFormat.of().formatHex(subject.mrEnclave()) : options.label();
        this.keeps = governor.placement().inUserSpace();
        this.kept = platform.userTokens().orElse(null);
    }

    /** The first token. */
    Taken take() throws LaunchException {
        if (options.token().isPresent()) {
            return new Taken(
                    new Token(TokenSource.CALLER, options.token().get()),
                    new Answer.NotNeeded(),
                    Reissue.NONE,
                    "caller");
        }
        // For what will not launch no token is made. INIT is tried all the same: who decides there also records it.
        if (!governor.judge(subject).effect().launches()) {
            return Taken.WITHHELD;
        }
        if (keeps && kept == null) {
            throw new LaunchException("user space is to keep tokens and has no store: give the governor one");
        }
        try {
            return kept == null || !keeps
                    ? fresh(issue(identity), Reissue.NONE, "")
                    : taken(kept.get(label, identity, options.terms(), this::issue), 0);
        } catch (NotIssued e) {
            return new Taken(Token.NONE, e.answer, Reissue.NONE, "none");
        }
    }

    /**
     * Another token in place of one that INIT refused, where that may help; else empty.
     *
     * @param allowed whether the launch authority let the launch go on to EINIT
     */
    Optional<Taken> again(Taken refused, long result, boolean allowed) throws LaunchException {
        if (refused.withheld()) {
            // The enclave was allowed again between this look at the policy and INIT's.
            return allowed && result != 0 ? Optional.of(take()) : Optional.empty();
        }
        byte[] stale = refused.token().bytes();
        boolean ofStore =
                refused.token().source() == TokenSource.STORE || refused.token().source() == TokenSource.USER_CACHE;
        if (kept == null || !keeps || !ofStore || !RefetchRule.refetches(result, stale, identity.attributes())) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    taken(kept.refetch(label, identity, options.terms(), stale, result, this::issue), result));
        } catch (NotIssued e) {
            // The stale token's refusal says less than why there is no other.
            return Optional.of(
                    new Taken(Token.NONE, e.answer, new Reissue(result, "no fresh token can be had"), "none"));
        }
    }

    private Taken taken(UserToken token, long staleCode) {
        Reissue reissue = new Reissue(staleCode, token.reissueReason());
        return switch (token.source()) {
            case USER_CACHE ->
                new Taken(new Token(TokenSource.USER_CACHE, token.token()), none(), reissue, "user cache");
            case STORE -> new Taken(new Token(TokenSource.STORE, token.token()), none(), reissue, "store");
            case ISSUED -> fresh(token.token(), reissue, token.notKept());
        };
    }

    private Taken fresh(byte[] token, Reissue reissue, String notKept) {
        String why = reissue.reason().isEmpty() ? "" : "; " + reissue.reason();
        if (token.length == 0) {
            return new Taken(Token.NONE, none(), reissue, "none" + why);
        }
        String kept = notKept.isEmpty() ? "" : "; not kept: " + notKept;
        return new Taken(new Token(issue.source(), token), issue.answer(), reissue, issue.note() + why + kept);
    }

    private static Answer none() {
        return new Answer.NotNeeded();
    }

    private byte[] issue(TokenIdentity asked) throws NotIssued {
        issue = governor.issue(asked, options.workload());
        return switch (issue.answer()) {
            case Answer.Granted granted -> granted.token();
            case Answer.NotNeeded notNeeded -> new byte[0];
            case Answer.Refused refused -> throw new NotIssued(refused);
            case Answer.Unavailable unavailable -> throw new NotIssued(unavailable);
        };
    }
}
