package jsgx.launch;

import jsgx.arch.AccessCheck;
import jsgx.arch.LeafCheck;
import jsgx.arch.leaf.Eadd;
import jsgx.arch.leaf.Ecreate;
import jsgx.arch.leaf.Einit;
import jsgx.driver.EpcCause;
import jsgx.driver.Refusal;
import jsgx.driver.mainline.Init;

/** What to do about a refusal: a sentence or two for each check that can decide, for people. */
final class Advice {

    private static final String SIGN_AGAIN = "sign it again:  jsgx sign FILE --key PEM -o OUT";
    private static final String RACE =
            "another thread works on the same enclave: build an enclave from one thread at a time";
    private static final String POWER =
            "the EPC's content was lost, or the enclave is already initialised: build the enclave anew";
    private static final String LOADER =
            "the loader passes a wrong operand: this is a defect of the driver, not of the enclave";
    private static final String PROCESSOR =
            "choose a platform that has it (jsgx platform set), or build and sign the enclave without it";

    private Advice() {}

    /** What to do where a leaf's check did not hold. */
    static String of(LeafCheck check) {
        return switch (check) {
            case Einit.Check c -> einit(c);
            case Ecreate.Check c -> ecreate(c);
            case Eadd.Check c -> eadd(c);
            case AccessCheck c -> access(c.kind());
            default -> POWER;
        };
    }

    /** What to do where a rule of the driver did not hold. */
    static String of(Refusal.Cause cause) {
        return switch (cause) {
            case EpcCause c -> epc(c);
            case Init.Cause c -> init(c);
            default -> common(cause);
        };
    }

    private static String einit(Einit.Check check) {
        return switch (check) {
            case SIGSTRUCT_HEADER, SIGSTRUCT_HEADER2 ->
                "the file is no SIGSTRUCT, or it was damaged: look at it with  jsgx inspect FILE,  then " + SIGN_AGAIN;
            case SIGSTRUCT_VENDOR -> "the vendor of a SIGSTRUCT is 0, or 0x8086 for Intel's own: " + SIGN_AGAIN;
            case SIGSTRUCT_EXPONENT ->
                "SGX knows the public exponent 3 only: make an RSA key of 3072 bits with exponent 3"
                        + " (openssl genrsa -3 3072) and " + SIGN_AGAIN;
            case SIGSTRUCT_RESERVED ->
                "a reserved byte of the SIGSTRUCT is set, or a field that only newer processors have: " + SIGN_AGAIN;
            case NO_PENDING_EVENT ->
                "an interrupt was pending at every attempt: try again; nothing is wrong with the enclave";
            case SIGNATURE ->
                "the signed fields, the signature, Q1 or Q2 were changed after signing;  jsgx inspect FILE  says which."
                        + " Take the original file, or " + SIGN_AGAIN;
            case ISVFAMILYID_NEEDS_KSS ->
                "a family id needs key separation and sharing: sign with the attribute KSS (0x80), or without a family id";
            case SECS_UNINITIALIZED -> "an enclave is initialised once: build a new one";
            case SECS_VALID -> POWER;
            case SECS_FREE, MEASUREMENT_FREE -> RACE;
            case ENCLAVEHASH ->
                "the file was changed after signing, or was signed from another build or with another layout: sign it again,"
                        + " or compare two builds with  jsgx measure FILE --diff OTHER";
            case CONTROLLED_ATTRIBUTES ->
                "only the signer in the hash MSRs may launch an enclave with EINITTOKENKEY, whatever the token says: sign it"
                        + " with the launch enclave's key, or drop the attribute";
            case ATTRIBUTES ->
                "the enclave was created with ATTRIBUTES other than the signer demands: create it with the SIGSTRUCT's"
                        + " (leave out what overrides them), or sign it with these, or with a wider ATTRIBUTEMASK";
            case MISCSELECT ->
                "create the enclave with the MISCSELECT that was signed, or sign it with this one or a wider MISCMASK";
            case CET_ATTRIBUTES -> "create the enclave with the CET_ATTRIBUTES that were signed, or sign it with these";
            case AUTHORIZED_SIGNER ->
                "there was no valid token: ask the launch enclave for one (leave out --token), or have the enclave signed by"
                        + " the key whose hash is in IA32_SGXLEPUBKEYHASH";
            case TOKEN_DEBUG ->
                "a launch enclave in debug mode makes tokens for debug enclaves only: get a token of the production one";
            case TOKEN_RESERVED ->
                "the token was damaged or is no EINITTOKEN:  jsgx token show FILE.  Get a fresh one by leaving out --token";
            case TOKEN_CPUSVN ->
                "the token was made under newer microcode than the processor runs: update the microcode, or get a fresh token"
                        + " by leaving out --token";
            case TOKEN_MAC ->
                "the token was changed, or was made on another package, under another owner epoch, or by a launch enclave"
                        + " whose signer's hash is no longer in IA32_SGXLEPUBKEYHASH. Get a fresh one by leaving out --token";
            case TOKEN_MRENCLAVE, TOKEN_MRSIGNER ->
                "the token is another enclave's:  jsgx token show FILE  says whose. Get one for this enclave by leaving out"
                        + " --token";
            case TOKEN_ATTRIBUTES ->
                "the token is for other ATTRIBUTES (debug and production need tokens of their own, and so does each XFRM):"
                        + " get one for these by leaving out --token";
            case SIGSTRUCT_ALIGNED, SECS_ALIGNED, TOKEN_ALIGNED, SECS_IN_EPC -> LOADER;
        };
    }

    private static String ecreate(Ecreate.Check check) {
        return switch (check) {
            case XFRM_LOW_BITS -> "every enclave saves x87 and SSE: set bits 0 and 1 of XFRM and sign it again";
            case XFRM_LEGAL -> "XFRM names features that this processor lacks or that go together only: " + PROCESSOR;
            case MISCSELECT_SUPPORTED, ATTRIBUTES_SUPPORTED -> PROCESSOR;
            case SSAFRAMESIZE -> "build the enclave with larger SSA frames, or with fewer features in XFRM";
            case SIZE_MAXIMUM_32, SIZE_MAXIMUM_64, SIZE_POWER_OF_TWO ->
                "make the enclave's size a power of two from 8192 up to what the processor takes";
            case BASEADDR_CANONICAL, BASEADDR_BELOW_4G, BASEADDR_NATURALLY_ALIGNED ->
                "load the enclave at a multiple of its size";
            case SECS_RESERVED -> "set the reserved bytes of the SECS to 0";
            case CONFIG_NEEDS_KSS ->
                "CONFIGID and CONFIGSVN need the attribute KSS (0x80): sign with it, or leave them 0";
            case EPC_PAGE_FREE -> RACE;
            case PAGEINFO_ALIGNED,
                    EPC_PAGE_ALIGNED,
                    EPC_PAGE_IN_EPC,
                    SRCPGE_ALIGNED,
                    SECINFO_ALIGNED,
                    LINADDR_ZERO,
                    PAGEINFO_SECS_ZERO,
                    SECINFO_RESERVED,
                    SECINFO_PT_SECS,
                    EPCM_INVALID -> LOADER;
            default -> "the CET fields of the SECS are not well-formed for this processor: " + PROCESSOR;
        };
    }

    private static String eadd(Eadd.Check check) {
        return switch (check) {
            case SECINFO_PT, SECINFO_RESERVED, REG_W_NEEDS_R ->
                "the image asks for a page that SGX does not have: correct its type and permissions";
            case TCS_RESERVED, TCS_LIMITS, TCS_PREVSSP -> "correct the TCS page of the image";
            case LINADDR_IN_ELRANGE -> "the page lies outside the enclave: make the enclave larger or move the page";
            case SECS_VALID, SECS_UNINITIALIZED -> POWER;
            case EPC_PAGE_FREE, SECS_FREE, MEASUREMENT_FREE -> RACE;
            case PAGEINFO_ALIGNED,
                    EPC_PAGE_ALIGNED,
                    EPC_PAGE_IN_EPC,
                    SRCPGE_ALIGNED,
                    SECS_ALIGNED,
                    SECINFO_ALIGNED,
                    LINADDR_ALIGNED,
                    SECS_IN_EPC,
                    EPCM_INVALID -> LOADER;
            default -> "correct the shadow-stack page of the image";
        };
    }

    private static String access(AccessCheck.Kind kind) {
        return switch (kind) {
            case ENABLED -> "firmware left SGX off:  jsgx platform show  tells how IA32_FEATURE_CONTROL is set";
            case LEAF_EXISTS -> "the processor lacks this leaf: " + PROCESSOR;
            case PRIVILEGE, ENCLAVE_MODE, CANONICAL, MAPPED -> LOADER;
        };
    }

    private static String epc(EpcCause cause) {
        return switch (cause) {
            case CHARGED -> "the workload has used up its EPC pages: release an enclave, or raise its limit";
            case RECLAIMABLE, VERSION_ARRAYS ->
                "the EPC is too small for this enclave: take a larger one (--epc), or release other enclaves";
            case NO_SIGNAL, FREE_AT_ONCE -> "try again";
        };
    }

    private static String init(Init.Cause cause) {
        return switch (cause) {
            case ATTRIBUTES_ALLOWED ->
                "mainline Linux launches no enclave with EINITTOKENKEY, and one with PROVISIONKEY only after the"
                        + " provisioning ioctl: drop the attribute, or use  --interface v5  or  isgx";
            case SIGSTRUCT_ATTRIBUTES, SIGSTRUCT_MISCSELECT, SIGSTRUCT_XFRM ->
                "the signer demands what this machine does not have: " + PROCESSOR;
            case SIGSTRUCT_VENDOR -> einit(Einit.Check.SIGSTRUCT_VENDOR);
            case NO_SIGNAL -> einit(Einit.Check.NO_PENDING_EVENT);
            case EINIT, EINIT_FAULT -> "see what EINIT found";
            case CREATED, NOT_INITIALIZED, ARGUMENT_READABLE, SIGSTRUCT_READABLE -> LOADER;
        };
    }

    /** The rules that several calls have under one name. */
    private static String common(Refusal.Cause cause) {
        return switch (cause.name()) {
            case "ATTRIBUTES" -> "this driver does not know all of these attributes: sign the enclave without them";
            case "MISCSELECT", "XFRM", "XFRM_MPX" -> PROCESSOR;
            case "SSAFRAMESIZE" -> ecreate(Ecreate.Check.SSAFRAMESIZE);
            case "SIZE", "SIZE_MAXIMUM", "SIZE_POWER_OF_TWO" -> ecreate(Ecreate.Check.SIZE_POWER_OF_TWO);
            case "BASEADDR" -> ecreate(Ecreate.Check.BASEADDR_NATURALLY_ALIGNED);
            case "MODE" -> "a 64-bit process loads enclaves with the attribute MODE64BIT (0x4) only: sign it with that";
            case "TCS_DBGOPTIN" -> "clear DBGOPTIN in the image's TCS: a debugger sets it after launch";
            case "PAGE_FREE" -> "the image has two pages at one address: correct it";
            default -> "make it so that " + cause.rule();
        };
    }
}
