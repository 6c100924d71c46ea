package jsgx.launch.governor;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Where tokens are kept between launches. */
public enum Placement {
    /** Nowhere: the launch enclave is asked for each launch, and user space sees no token. The v5 driver's way. */
    NONE,
    /** In the kernel, which hides them. */
    KERNEL,
    /** In user space, which gets them with the launch and brings them again. */
    USER,
    /** In user space, and in the kernel behind the service that issues them. */
    BOTH;

    /** The name in options and JSON. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The placement of this name; empty where there is none. */
    public static Optional<Placement> of(String id) {
        return Arrays.stream(values()).filter(p -> p.id().equals(id)).findFirst();
    }

    /** Whether the kernel keeps tokens. */
    public boolean inKernel() {
        return this == KERNEL || this == BOTH;
    }

    /** Whether user space keeps tokens. */
    public boolean inUserSpace() {
        return this == USER || this == BOTH;
    }
}
