package jsgx.launch;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Which of the three device interfaces a launch goes through. */
public enum DriverInterface {
    /** Mainline's {@code /dev/sgx_enclave}: no token; the driver writes the enclave's own signer into the hash MSRs. */
    MAINLINE,
    /** The v5 series' {@code /dev/sgx}: the driver asks the launch enclave for a token that user space never sees. */
    V5,
    /** The out-of-tree {@code /dev/isgx}: the caller brings the token. */
    ISGX;

    /** The name in options and JSON. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The interface of this name; empty where there is none. */
    public static Optional<DriverInterface> of(String id) {
        return Arrays.stream(values()).filter(i -> i.id().equals(id)).findFirst();
    }
}
