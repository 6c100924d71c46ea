package jsgx.driver;

/** One of the three interfaces that Linux SGX drivers have had. */
public enum InterfaceKind {
    /** Linux 5.11 and later: {@code /dev/sgx_enclave}. No token; launch control is the kernel's alone. */
    MAINLINE,
    /** The v5 patch series of November 2017: {@code /dev/sgx}. The kernel asks its own launch enclave for the token. */
    V5,
    /** The out-of-tree driver: {@code /dev/isgx}. The caller brings the token. */
    ISGX
}
