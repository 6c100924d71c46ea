package jsgx.arch.struct;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a leaf function returns in RAX.
 *
 * <p>SDM volume 3D, "Error or Information Codes for Intel SGX Instructions".
 */
public enum SgxError {
    /** The leaf function did what it was asked. */
    SUCCESS(0),
    /** The SIGSTRUCT is malformed. */
    INVALID_SIG_STRUCT(1),
    /** An attribute is not allowed here. */
    INVALID_ATTRIBUTE(2),
    /** The page is already blocked. */
    BLKSTATE(3),
    /** The measurement is not the one that was signed, or that the token names. */
    INVALID_MEASUREMENT(4),
    /** A page of this type cannot be blocked. */
    NOTBLOCKABLE(5),
    /** The EPC page is not valid. */
    PG_INVLD(6),
    /** Another leaf function uses the page. */
    EPC_PAGE_CONFLICT(7),
    /** The signature does not verify. */
    INVALID_SIGNATURE(8),
    /** The evicted page's MAC does not verify. */
    MAC_COMPARE_FAIL(9),
    /** The page is not blocked. */
    PAGE_NOT_BLOCKED(10),
    /** Threads that entered before the page changed may still use it. */
    NOT_TRACKED(11),
    /** The version array's slot was in use; the page was evicted all the same. */
    VA_SLOT_OCCUPIED(12),
    /** The SECS still has pages in the EPC. */
    CHILD_PRESENT(13),
    /** Threads are active in the enclave. */
    ENCLAVE_ACT(14),
    /** The enclave's entry epoch is being changed. */
    ENTRYEPOCH_LOCKED(15),
    /** The launch token does not verify. */
    INVALID_EINITTOKEN(16),
    /** The previous tracking cycle is not complete. */
    PREV_TRK_INCMPL(17),
    /** The page is a SECS. */
    PG_IS_SECS(18),
    /** The page is not what SECINFO says. */
    PAGE_ATTRIBUTES_MISMATCH(19),
    /** The page waits for an EACCEPT. */
    PAGE_NOT_MODIFIABLE(20),
    /** The page waits for an EACCEPT. */
    PAGE_NOT_DEBUGGABLE(21),
    /** A counter would overflow or underflow. */
    INVALID_COUNTER(25),
    /** The address is not in the EPC. */
    PG_NONEPC(26),
    /** A page of this type needs no tracking. */
    TRACK_NOT_REQUIRED(27),
    /** The REPORTMACSTRUCT does not verify. */
    INVALID_REPORTMACSTRUCT(28),
    /** EUPDATESVN: there is too little entropy. */
    INSUFFICIENT_ENTROPY(29),
    /** EUPDATESVN: the EPC is not empty. */
    EPC_NOT_READY(30),
    /** EUPDATESVN: the CPUSVN is already current. */
    NO_UPDATE(31),
    /** The CPUSVN is beyond the processor's. */
    INVALID_CPUSVN(32),
    /** The ISVSVN or CONFIGSVN is beyond the enclave's. */
    INVALID_ISVSVN(64),
    /** An interrupt or the like came first; try again. */
    UNMASKED_EVENT(128),
    /** There is no such key. */
    INVALID_KEYNAME(256);

    private static final Map<Integer, SgxError> BY_CODE =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(SgxError::code, Function.identity()));

    private final int code;

    SgxError(int code) {
        this.code = code;
    }

    /** The value in RAX. */
    public int code() {
        return code;
    }

    /** The manual's name, {@code SGX_INVALID_MEASUREMENT} for one. */
    public String sdmName() {
        return "SGX_" + name();
    }

    /** The error of this value of RAX; empty if there is none. */
    public static Optional<SgxError> of(int code) {
        return Optional.ofNullable(BY_CODE.get(code));
    }
}
