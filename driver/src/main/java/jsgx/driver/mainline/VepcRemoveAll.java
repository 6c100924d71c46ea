package jsgx.driver.mainline;

import jsgx.arch.Outcome;
import jsgx.arch.struct.SgxError;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.core.Refused;

/**
 * SGX_IOC_VEPC_REMOVE_ALL: EREMOVEs every page of a virtual EPC, as a virtual machine's reboot needs.
 *
 * <p>Returns how many pages could not be removed because they are SECS pages with children, so that 0 is success and anything above
 * asks to be called again; or:
 *
 * <ul>
 *   <li>-EINVAL: the argument is not 0.
 *   <li>-EBUSY: a page is in use, by a leaf function or by a thread in its enclave; the pages before it are removed.
 * </ul>
 */
public final class VepcRemoveAll {

    /** The request number. */
    public static final int CMD = 0xA404;

    /** Why it fails in the driver itself, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        ARGUMENT_ZERO(Errno.EINVAL, "the argument is 0"),
        PAGE_IDLE(Errno.EBUSY, "no page is used by a leaf function or by a thread in its enclave");

        private final Errno errno;
        private final String rule;

        Cause(Errno errno, String rule) {
            this.errno = errno;
            this.rule = rule;
        }

        @Override
        public long result() {
            return errno.result();
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private VepcRemoveAll() {}

    static long run(VepcFile file, long arg) throws Refused {
        Refused.unless(arg == 0, Cause.ARGUMENT_ZERO, "0", arg);
        long failures = 0;
        for (int page : file.pages()) {
            Outcome outcome = file.eremove(page);
            if (isChildPresent(outcome)) {
                failures++;
            } else if (!outcome.isSuccess()) {
                throw new Refused(Cause.PAGE_IDLE, "an idle page", outcome.toString());
            }
        }
        return failures;
    }

    static boolean isChildPresent(Outcome outcome) {
        return outcome instanceof Outcome.Error error && error.code() == SgxError.CHILD_PRESENT;
    }
}
