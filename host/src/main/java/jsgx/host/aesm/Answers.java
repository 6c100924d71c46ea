package jsgx.host.aesm;

import jsgx.driver.Workload;
import jsgx.host.aesm.AesmRequest.LaunchToken;
import jsgx.host.aesm.AesmRequest.NotServed;
import jsgx.launch.LeAuthority.Answer;
import jsgx.launch.governor.TokenIssue;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.token.TokenSource;

/** The frame that answers each request. */
final class Answers {

    private static final System.Logger LOG = System.getLogger(Answers.class.getName());

    private final LaunchTokens tokens;
    private final WhiteListFile whiteList;
    private final Counters counters;

    /** Why the launch enclave gave no answer the last time; empty where it did. */
    private volatile String trouble = "";

    Answers(LaunchTokens tokens, WhiteListFile whiteList, Counters counters) {
        this.tokens = tokens;
        this.whiteList = whiteList;
        this.counters = counters;
    }

    /** Does what is asked. It always gives an answer. */
    byte[] answer(AesmRequest request, Workload workload) {
        try {
            return switch (request) {
                case LaunchToken token -> token(token, workload);
                case AesmRequest.WhiteListSize size -> {
                    byte[] list = whiteList.content();
                    yield list.length == 0
                            ? error(request, AesmError.UNEXPECTED_ERROR)
                            : counted(request, AesmMessages.whiteListSize(list.length));
                }
                case AesmRequest.WhiteList wanted -> {
                    byte[] list = whiteList.content();
                    AesmError error = list.length == 0
                            ? AesmError.UNEXPECTED_ERROR
                            : wanted.size() == list.length ? AesmError.SUCCESS : AesmError.PARAMETER_ERROR;
                    yield error == AesmError.SUCCESS
                            ? counted(request, AesmMessages.whiteList(list))
                            : error(request, error);
                }
                case NotServed notServed -> error(request, notServed.error());
            };
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "a request over the AESM socket failed", e);
            return error(request, AesmError.UNEXPECTED_ERROR);
        }
    }

    private byte[] token(LaunchToken request, Workload workload) {
        LaunchTokens.Reply reply = tokens.issue(request, workload);
        Effect effect = reply.issued().verdict().effect();
        counters.answered(request, reply.error(), effect);
        TokenIssue issue = reply.issued().issue();
        if (issue.source() == TokenSource.LAUNCH_ENCLAVE) {
            counters.asked(reply.issued().tokenNanos());
        }
        note(issue.answer());
        return reply.error() == AesmError.SUCCESS
                ? AesmMessages.token(reply.token())
                : AesmMessages.error(request, reply.error());
    }

    private void note(Answer answer) {
        String now = answer instanceof Answer.Unavailable(String reason) ? "the launch enclave: " + reason : "";
        boolean known = now.equals(trouble) || (now.isEmpty() && !(answer instanceof Answer.Granted));
        if (!known) {
            trouble = now;
            if (!now.isEmpty()) {
                LOG.log(System.Logger.Level.ERROR, now);
            }
        }
    }

    /** What keeps the launch enclave from answering; empty where it does. */
    String trouble() {
        return trouble;
    }

    private byte[] counted(AesmRequest request, byte[] frame) {
        counters.answered(request, AesmError.SUCCESS, null);
        return frame;
    }

    /** The frame for a request that is not done. */
    byte[] error(AesmRequest request, AesmError error) {
        counters.answered(request, error, null);
        return AesmMessages.error(request, error);
    }
}
