package jsgx.launch;

import jsgx.arch.leaf.Einit;

/** What gets an enclave past each check of EINIT. */
final class EinitAdvice {

    private EinitAdvice() {}

    static String of(Einit.Check check) {
        return switch (check) {
            case SIGSTRUCT_ALIGNED ->
                "a fault of the driver, not of the enclave: it has to copy the SIGSTRUCT to the start of a page";
            case SECS_ALIGNED -> "a fault of the driver, not of the enclave: an EPC page begins at a multiple of 4096";
            case TOKEN_ALIGNED ->
                "a fault of the driver, not of the enclave: it has to copy the EINITTOKEN to a multiple of 512";
            case SECS_IN_EPC ->
                "the SECS is not in the EPC: was the enclave created, and was its EPC content not lost since?";
            case SIGSTRUCT_HEADER ->
                "the file is no SIGSTRUCT, or was damaged: expected 1808 bytes that begin with 06000000e1000000; make one with"
                        + "  jsgx sign";
            case SIGSTRUCT_VENDOR ->
                "only Intel's enclaves have VENDOR 0x8086, all others 0: sign it again with  jsgx sign";
            case SIGSTRUCT_HEADER2 ->
                "the bytes at offset 24 say how large the numbers of the key are, always 3072 bits: the SIGSTRUCT was damaged;"
                        + " sign it again with  jsgx sign";
            case SIGSTRUCT_EXPONENT ->
                "the key's exponent has to be 3: make one with  openssl genrsa -3 -out key.pem 3072  and sign with it";
            case SIGSTRUCT_RESERVED ->
                "a byte that has to be 0 is not: the signing tool is newer than this processor (CET fields, for one), or the"
                        + " SIGSTRUCT was damaged; sign it again with  jsgx sign";
            case NO_PENDING_EVENT -> "an interrupt came while EINIT ran, each of the driver's attempts: try again";
            case SIGNATURE ->
                "the SIGSTRUCT was changed after signing, or its Q1 and Q2 are wrong:  jsgx inspect  says which; sign it again"
                        + " with  jsgx sign";
            case SECS_FREE -> "another thread works on this enclave: let one thread build and initialise it";
            case SECS_VALID ->
                "the SECS is gone: the EPC content was lost (suspend, migration), or the enclave was removed; build it again";
            case ISVFAMILYID_NEEDS_KSS ->
                "sign with KSS among the attributes, or leave the family id 0; KSS needs a processor that has it";
            case MEASUREMENT_FREE -> "another thread still adds pages: initialise when all are added";
            case SECS_UNINITIALIZED -> "it is initialised already: initialise an enclave once";
            case ENCLAVEHASH ->
                "the file was changed after signing, was signed from another build, or is loaded in another way than was"
                        + " signed (order, permissions, size, SSA frame size): sign it again, or compare two builds with"
                        + "  jsgx measure FILE --diff OTHER";
            case CONTROLLED_ATTRIBUTES ->
                "only a launch enclave has EINITTOKENKEY, and only the one whose signer the hash MSRs name: sign without"
                        + " it, or let firmware write this signer's hash:  jsgx platform set --hash";
            case ATTRIBUTES ->
                "load it with the attributes that were signed (--attributes, --xfrm), or sign it for these: bits that the"
                        + " SIGSTRUCT's mask leaves open may differ";
            case MISCSELECT -> "load it with the MISCSELECT that was signed (--misc-select), or sign it for this one";
            case CET_ATTRIBUTES -> "load it with the CET attributes that were signed, or sign it for these";
            case AUTHORIZED_SIGNER ->
                "bring a token (on isgx: leave --token away, and the launch enclave is asked), use an interface that gets one"
                        + " (v5), or mainline, which needs none";
            case TOKEN_DEBUG ->
                "a launch enclave that can itself be debugged vouches for debug enclaves only: get a token from one that"
                        + " cannot, or launch with DEBUG";
            case TOKEN_RESERVED ->
                "a byte of the token that has to be 0 is not: it was damaged, or is no token; get a new one";
            case TOKEN_CPUSVN ->
                "the token was made under newer microcode than this processor runs: update the microcode, or get a new token";
            case TOKEN_MAC ->
                "the token was changed, or was made elsewhere: on another package, for another owner epoch, or by a launch"
                        + " enclave of another signer than the hash MSRs name; get a new one from this machine's launch"
                        + " enclave";
            case TOKEN_MRENCLAVE -> "the token is another enclave's: get one for this build; every build needs its own";
            case TOKEN_MRSIGNER ->
                "the token names another signer: get one for this signature; signing with another key needs a new token";
            case TOKEN_ATTRIBUTES ->
                "the token is for other attributes (DEBUG or XFRM, mostly): launch with those, or get one for these";
        };
    }
}
