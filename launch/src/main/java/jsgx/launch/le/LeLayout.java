package jsgx.launch.le;

/**
 * Where things lie in a launch enclave, as offsets from its base. The machine code and its twin in Java work on the same
 * places.
 */
final class LeLayout {

    /** The one SSA frame. The TCS lies at 0. */
    static final int SSA = 0x1000;

    /** The code, which begins with the entry point. */
    static final int CODE = 0x2000;

    /** A TARGETINFO of zeroes. */
    static final int TARGETINFO = 0x3000;

    /** A REPORTDATA of zeroes. */
    static final int REPORTDATA = 0x3200;

    /** The enclave's own REPORT. */
    static final int REPORT = 0x3400;

    /** The key request, of which the image holds what never changes. */
    static final int KEYREQUEST = 0x3600;

    /** The token in the making. */
    static final int TOKEN = 0x3800;

    /** The copy of the request. */
    static final int REQUEST = 0x3940;

    /** The launch key; the first of what is wiped. */
    static final int KEY = 0x39a0;

    /** The AES key schedule. */
    static final int ROUND_KEYS = 0x39b0;

    /** A block on its way from an SSE register to general ones. */
    static final int BLOCK = 0x3a60;

    /** The subkey K1 of CMAC. */
    static final int SUBKEY = 0x3a70;

    /** One past the last byte of what is wiped. */
    static final int SECRETS_END = 0x3a80;

    /** Where the stack begins; it grows down from here. */
    static final int STACK_TOP = 0x5000;

    /** The services that may have PROVISIONKEY, 32 bytes each; in profiles that know them. */
    static final int SERVICES = 0x5000;

    /** The white list: version and count of entries, 4 bytes each; in profiles that ask one. */
    static final int LIST_VERSION = 0x5080;

    static final int LIST_COUNT = 0x5084;

    /** The signers of the white list, 32 bytes each. */
    static final int LIST_ENTRIES = 0x5090;

    private LeLayout() {}
}
