package jsgx.arch.struct;

/**
 * The type of an EPC page, in SECINFO and in the EPCM.
 *
 * <p>SDM volume 3D, "PAGE_TYPE Field Definition"; the manual writes PT_ before the names.
 */
public enum PageType {
    /** An enclave's SECS. */
    SECS(0),
    /** A thread's TCS. */
    TCS(1),
    /** An ordinary page of an enclave. */
    REG(2),
    /** A version array; see {@link VaPage}. */
    VA(3),
    /** A page being removed from a running enclave. */
    TRIM(4),
    /** The first page of a shadow stack. */
    SS_FIRST(5),
    /** A further page of a shadow stack. */
    SS_REST(6),
    /** Any value that the manual does not define. */
    RESERVED(0xFF);

    private static final PageType[] BY_CODE = {SECS, TCS, REG, VA, TRIM, SS_FIRST, SS_REST};

    private final int code;

    PageType(int code) {
        this.code = code;
    }

    /** The value of PAGE_TYPE; that of {@link #RESERVED} is one of many. */
    public int code() {
        return code;
    }

    /** Whether a page of this type belongs to an enclave, so that the EPCM names its SECS. A SECS itself does not. */
    public boolean hasSecs() {
        return switch (this) {
            case TCS, REG, TRIM, SS_FIRST, SS_REST -> true;
            case SECS, VA, RESERVED -> false;
        };
    }

    /** The type of this value of PAGE_TYPE, {@link #RESERVED} if it has none. */
    public static PageType of(int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : RESERVED;
    }
}
