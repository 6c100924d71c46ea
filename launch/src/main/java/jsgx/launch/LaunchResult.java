package jsgx.launch;

import java.util.List;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.driver.InterfaceKind;
import jsgx.launch.token.TokenSource;

/**
 * How a launch ended.
 *
 * @param verdict launched or refused
 * @param stage who decided
 * @param code the decision's name: {@code SGX_SUCCESS}, another of the manual's names, {@code GP} or {@code PF},
 *     {@code DRIVER_EINVAL} and the like, {@code LE_REFUSED}, {@code POLICY_…}
 * @param driver the interface that was used
 * @param ioctlResult what the deciding ioctl returned: 0, a positive code, or a negative errno
 * @param mrEnclave what was measured, in lower-case hex; empty where nothing was
 * @param mrSigner the SHA-256 of the SIGSTRUCT's modulus, in lower-case hex
 * @param attributes SECS.ATTRIBUTES as asked for
 * @param miscSelect SECS.MISCSELECT as asked for
 * @param token the token that EINIT was given
 * @param pages how many pages were added
 * @param reissue why the token is a fresh one although user space had kept one
 * @param timeline the steps in their order
 * @param explanation why it was refused, or a note on the success
 */
public record LaunchResult(
        Verdict verdict,
        Stage stage,
        String code,
        InterfaceKind driver,
        long ioctlResult,
        String mrEnclave,
        String mrSigner,
        Attributes attributes,
        int miscSelect,
        Token token,
        int pages,
        Reissue reissue,
        List<Step> timeline,
        Explanation explanation) {

    /** Launched or not. */
    public enum Verdict {
        LAUNCHED,
        REFUSED
    }

    /** Who decided. */
    public enum Stage {
        /** The driver, before any leaf or between two. */
        DRIVER,
        /** A leaf function, by a check that has nothing to do with a token. */
        LEAF,
        /** The launch policy. */
        POLICY,
        /** The launch enclave. */
        LE,
        /** EINIT, by one of its checks of the token. */
        TOKEN
    }

    /**
     * The token that EINIT was given.
     *
     * @param source where it came from
     * @param bytes the EINITTOKEN, 304 bytes; empty where the source is {@link TokenSource#NONE}
     */
    public record Token(TokenSource source, byte[] bytes) {

        /** Bytes of an EINITTOKEN. */
        public static final int SIZE = EinitToken.SIZE;

        /** No token. */
        public static final Token NONE = new Token(TokenSource.NONE, new byte[0]);

        public Token {
            bytes = bytes.clone();
        }

        @Override
        public byte[] bytes() {
            return bytes.clone();
        }
    }

    /**
     * Why user space got a fresh token in place of the one that it had kept.
     *
     * @param staleCode what INIT returned for the kept token; 0 where it was not tried
     * @param reason for people; empty where there was no kept token, or it served
     */
    public record Reissue(long staleCode, String reason) {

        /** There was no need. */
        public static final Reissue NONE = new Reissue(0, "");
    }

    /**
     * One step of the timeline.
     *
     * @param name the leaf, or {@code policy}, or {@code token}
     * @param count how many times
     * @param micros how long, all together
     * @param note what is worth saying of it, empty for nothing
     */
    public record Step(String name, int count, double micros, String note) {}

    public LaunchResult {
        timeline = List.copyOf(timeline);
    }

    public boolean launched() {
        return verdict == Verdict.LAUNCHED;
    }
}
