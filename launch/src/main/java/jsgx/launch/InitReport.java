package jsgx.launch;

import jsgx.launch.LaunchResult.Stage;
import jsgx.launch.token.TokenSource;

/**
 * How an INIT came out that a program executed by itself.
 *
 * @param stage who decided
 * @param code the decision's name, as in {@link LaunchResult#code}
 * @param policy what the policy said, for people; empty where there is no policy, or it was not asked
 * @param token where the token came from that EINIT was given
 * @param explanation why it was refused, or a note on the success
 */
public record InitReport(Stage stage, String code, String policy, TokenSource token, Explanation explanation) {}
