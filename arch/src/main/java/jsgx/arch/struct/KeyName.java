package jsgx.arch.struct;

import java.util.Optional;

/**
 * The keys that EGETKEY derives, by KEYREQUEST.KEYNAME.
 *
 * <p>SDM volume 3D, "Key Request (KEYREQUEST)".
 */
public enum KeyName {
    /** The launch key, under which launch tokens are MACed. */
    EINITTOKEN(0),
    /** The provisioning key: independent of the owner epoch. */
    PROVISION(1),
    /** The provisioning sealing key. */
    PROVISION_SEAL(2),
    /** The report key, under which reports for the calling enclave are MACed. */
    REPORT(3),
    /** A sealing key. */
    SEAL(4);

    private static final KeyName[] BY_CODE = {EINITTOKEN, PROVISION, PROVISION_SEAL, REPORT, SEAL};

    private final int code;

    KeyName(int code) {
        this.code = code;
    }

    /** The value of KEYNAME. */
    public int code() {
        return code;
    }

    /** The key of this value of KEYNAME; empty if the manual defines none. */
    public static Optional<KeyName> of(int code) {
        return code >= 0 && code < BY_CODE.length ? Optional.of(BY_CODE[code]) : Optional.empty();
    }
}
