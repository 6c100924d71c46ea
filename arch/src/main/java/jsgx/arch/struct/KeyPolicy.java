package jsgx.arch.struct;

/**
 * The bits of KEYREQUEST.KEYPOLICY: what a sealing key is bound to.
 *
 * <p>SDM volume 3D, "KEY REQUEST KeyPolicy".
 */
public final class KeyPolicy {
    /** Bound to MRENCLAVE. */
    public static final int MRENCLAVE = 1;

    /** Bound to MRSIGNER. */
    public static final int MRSIGNER = 1 << 1;

    /** Not bound to ISVPRODID. */
    public static final int NOISVPRODID = 1 << 2;

    /** Bound to CONFIGID and CONFIGSVN. */
    public static final int CONFIGID = 1 << 3;

    /** Bound to ISVFAMILYID. */
    public static final int ISVFAMILYID = 1 << 4;

    /** Bound to ISVEXTPRODID. */
    public static final int ISVEXTPRODID = 1 << 5;

    /** The bits that only an enclave with {@link Attributes#KSS} may use. */
    public static final int KSS_ONLY = NOISVPRODID | CONFIGID | ISVFAMILYID | ISVEXTPRODID;

    /** The bits that must be zero. */
    public static final int RESERVED = 0xFFFF & ~(MRENCLAVE | MRSIGNER | KSS_ONLY);

    private static final String[] NAMES = {
        "MRENCLAVE", "MRSIGNER", "NOISVPRODID", "CONFIGID", "ISVFAMILYID", "ISVEXTPRODID"
    };

    private KeyPolicy() {}

    /** The names of the bits. */
    public static String toString(int keyPolicy) {
        return BitNames.render(keyPolicy, NAMES);
    }
}
