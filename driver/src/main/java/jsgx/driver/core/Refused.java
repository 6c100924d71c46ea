package jsgx.driver.core;

import jsgx.driver.Refusal;

/** A call that ends in the driver itself, on its way out. It has no stack trace and never leaves a call. */
public final class Refused extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient Refusal refusal;

    public Refused(Refusal.Cause cause, String expected, String found) {
        this(cause, cause.result(), expected, found);
    }

    /** A call that ends with another result than its cause has: how many bytes could not be copied. */
    public Refused(Refusal.Cause cause, long result, String expected, String found) {
        super(null, null, false, false);
        this.refusal = new Refusal(cause, result, expected, found);
    }

    public Refusal refusal() {
        return refusal;
    }

    /** What the call returns. */
    public long result() {
        return refusal.result();
    }

    @Override
    public String getMessage() {
        return refusal.toString();
    }

    /** Goes on only where the rule holds. */
    public static void unless(boolean holds, Refusal.Cause cause, String expected, String found) throws Refused {
        if (!holds) {
            throw new Refused(cause, expected, found);
        }
    }

    /** Goes on only where the rule holds; what was found is a number. */
    public static void unless(boolean holds, Refusal.Cause cause, String expected, long found) throws Refused {
        if (!holds) {
            throw new Refused(cause, expected, "0x" + Long.toHexString(found));
        }
    }
}
