package jsgx.host.aesm;

/** What an answer of the AESM protocol says of its request, {@code aesm_error_t}: the codes that jsgx gives, and when. */
public enum AesmError {
    /** It was done. */
    SUCCESS(0),
    /** The launch enclave failed, or has no white list yet, or nobody configured the white list that is asked for. */
    UNEXPECTED_ERROR(1),
    /** A field is missing, or has not the size that it must have. */
    PARAMETER_ERROR(3),
    /** Policy, a revocation, a quota or the launch enclave refuses the token. */
    GET_LICENSETOKEN_ERROR(6),
    /** The policy cannot be read or the decision not be recorded: nothing is granted then. */
    FILE_ACCESS_ERROR(15),
    /** The service ends. */
    SERVICE_STOPPED(17),
    /** As many requests of this workload wait as may: ask again. */
    BUSY(18),
    /** The request's time was over before its turn came. */
    BACKEND_SERVER_BUSY(19),
    /** What came is no message. */
    MSG_ERROR(22),
    /** A request that aesmd knows and jsgx does not serve: quotes and all that belongs to them. Never for a token. */
    SERVICE_UNAVAILABLE(30),
    /** A request that aesmd does not know either. */
    INTERFACE_UNAVAILABLE(40);

    private final int number;

    AesmError(int number) {
        this.number = number;
    }

    /** The number on the wire. */
    public int number() {
        return number;
    }
}
