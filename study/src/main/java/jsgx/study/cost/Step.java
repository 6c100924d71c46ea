package jsgx.study.cost;

/** A step of a launch, or of what an operator does, that takes time. */
public enum Step {
    /** Policy, quotas, the entry in the revision file and the audit record. */
    GOVERN("govern"),
    /** The launch enclave's work for one token; one request at a time. */
    LAUNCH_ENCLAVE("launch-enclave"),
    /** The kernel's cache has the token. */
    KERNEL_HIT("kernel-hit"),
    /** The kernel's cache keeps a token that it did not have. */
    KERNEL_KEEP("kernel-keep"),
    /** User space has the token in memory. */
    STORE_MEMORY("store-memory"),
    /** User space has the token on disk only. */
    STORE_DISK("store-disk"),
    /** User space keeps a token: durable when it returns. */
    STORE_KEEP("store-keep"),
    /** A request for a token and its answer between user space and whoever issues it. */
    SOCKET("socket"),
    /** What the governor does to a request of user space for a token, without the token's own way: policy, quota and one audit record. */
    ISSUE("issue"),
    /** EINIT itself. */
    EINIT("einit"),
    /** An operator's revocation, without what it purges: durable, and no launch in flight any more that does not know it. */
    REVOKE("revoke"),
    /** Purging the kernel's cache, for each token that it holds. */
    PURGE_KERNEL("purge-kernel"),
    /** Purging a store that has what is revoked: opening it and writing it anew, however little it holds. */
    PURGE_STORE("purge-store"),
    /** Purging a store, for each token that it holds. */
    PURGE_STORE_TOKEN("purge-store-token");

    private final String word;

    Step(String word) {
        this.word = word;
    }

    /** Its name as people write it. */
    @Override
    public String toString() {
        return word;
    }
}
