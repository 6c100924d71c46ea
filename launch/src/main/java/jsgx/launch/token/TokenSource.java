package jsgx.launch.token;

/** Where the token of a launch came from. */
public enum TokenSource {
    /** There was none: EINIT went by the hash MSRs alone. */
    NONE("none"),
    /** The launch enclave made it for this launch. */
    LAUNCH_ENCLAVE("launch-enclave"),
    /** The kernel's cache had it. */
    KERNEL_CACHE("kernel-cache"),
    /** The application had it in memory. */
    USER_CACHE("user-cache"),
    /** The application had it on disk. */
    STORE("store"),
    /** The caller brought it. */
    CALLER("caller");

    private final String id;

    TokenSource(String id) {
        this.id = id;
    }

    /** The name in JSON. */
    public String id() {
        return id;
    }
}
