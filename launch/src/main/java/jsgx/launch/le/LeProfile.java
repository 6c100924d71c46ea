package jsgx.launch.le;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a launch enclave refuses. Everything else is policy's to refuse. */
public enum LeProfile {
    /** The launch enclave of the v5 series: reserved attribute bits, INIT included, get an all-zero token. */
    V5,
    /** That of the driver for data centres: also PROVISIONKEY for a signer that is not one of Intel's services. */
    DCAP,
    /** Intel's: also signers that its white list does not name, unless they ask for DEBUG. */
    INTEL;

    /** The name in options, files and JSON. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The profile of this name; empty where there is none. */
    public static Optional<LeProfile> of(String id) {
        return Arrays.stream(values()).filter(p -> p.id().equals(id)).findFirst();
    }
}
