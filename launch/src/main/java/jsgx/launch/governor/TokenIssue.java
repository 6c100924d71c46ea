package jsgx.launch.governor;

import jsgx.launch.LeAuthority.Answer;
import jsgx.launch.token.TokenSource;

/**
 * A token, or what came instead of one.
 *
 * @param answer what the launch enclave said, now or when it made the token that a cache had
 * @param source where the token came from
 * @param note what is worth saying of it in a timeline
 */
public record TokenIssue(Answer answer, TokenSource source, String note) {

    /** Nobody was asked. */
    public static final TokenIssue NONE = new TokenIssue(new Answer.NotNeeded(), TokenSource.NONE, "none");

    /** The token, 304 bytes; empty where there is none. */
    public byte[] token() {
        return answer instanceof Answer.Granted(byte[] token) ? token : new byte[0];
    }
}
