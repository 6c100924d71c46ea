package jsgx.driver;

/** Who brings the EINITTOKEN of a launch, and with that whose hash is in the hash MSRs at EINIT. */
public enum TokenSupplier {
    /** Nobody: the MSRs hold the enclave's own signer, as mainline writes them. */
    NOBODY,
    /** The launch authority, with its {@link Decision.Allow}: v5, and the token extension of {@code /dev/sgx_enclave}. */
    AUTHORITY,
    /** The process, with {@link LaunchRequest#callerToken}: isgx, and the token extension. */
    CALLER,
    /** The kernel of a virtual machine, with {@link LaunchRequest#callerToken}; the MSRs hold what that machine has in its own. */
    GUEST
}
