package jsgx.launch;

import jsgx.arch.struct.Sigstruct;
import jsgx.image.SigstructCheck;

/**
 * Whether a file would launch, found out on a throw-away copy of the platform so that nothing is changed.
 *
 * @param would whether it would
 * @param code the code that a launch would end with
 * @param explanation why
 */
public record WouldLaunch(boolean would, String code, Explanation explanation) {

    /** What can be said of a bare SIGSTRUCT without any platform: whether EINIT takes its form and its signature. */
    public static WouldLaunch of(Sigstruct sigstruct) {
        return BareSigstruct.judge(SigstructCheck.check(sigstruct));
    }
}
