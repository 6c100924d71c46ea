package jsgx.launch;

import jsgx.driver.Refusal;

/** What gets an enclave past a check of the driver itself. */
final class DriverAdvice {

    private DriverAdvice() {}

    static String of(Refusal.Cause cause) {
        return switch (cause.name()) {
            case "ATTRIBUTES" ->
                "leave away the attributes that this driver does not know (--attributes); KSS came with later drivers, INIT is"
                        + " EINIT's to set";
            case "ATTRIBUTES_ALLOWED" ->
                "mainline gives PROVISIONKEY to those who may open /dev/sgx_provision, and EINITTOKENKEY to nobody: leave"
                        + " it away, or use another interface";
            case "SIGSTRUCT_ATTRIBUTES", "SIGSTRUCT_MISCSELECT", "SIGSTRUCT_XFRM" ->
                "the SIGSTRUCT demands what this machine does not have: sign it with a mask that leaves the bits open, or take"
                        + " a platform that has them,  jsgx platform set --features";
            case "XFRM", "XFRM_MPX" ->
                "load it with an XFRM that this processor has (--xfrm), as far as the SIGSTRUCT's mask lets you";
            case "SIZE", "SIZE_POWER_OF_TWO", "SIZE_MAXIMUM", "MMAP_SIZE" ->
                "make the enclave's size a power of two from 8192 on that this processor allows, and sign it again";
            case "SSAFRAMESIZE" ->
                "build the enclave with larger SSA frames, or load it with a smaller XFRM: the frame holds what XFRM names";
            case "MODE" -> "set MODE64BIT among the attributes: this is a 64-bit process";
            case "TCS_DBGOPTIN" -> "clear DBGOPTIN in the TCS of the file: a debugger sets it later";
            case "TCS_FLAGS", "TCS_OFFSETS", "TCS_LIMITS", "TCS_RESERVED" -> "correct the TCS in the file";
            case "SECINFO_FLAGS", "SECINFO_TYPE", "SECINFO_RESERVED", "SECINFO_W_NEEDS_R", "SECINFO_TCS_PERMISSIONS" ->
                "correct the page's type and permissions in the file or its layout";
            case "PAGE_FREE" -> "the file has two pages at one offset: keep one of them";
            case "RECLAIMABLE", "VERSION_ARRAYS", "FREE_AT_ONCE" ->
                "give the platform a larger EPC (--epc), or end other enclaves";
            case "CHARGED" -> "the workload has used up its EPC: end one of its enclaves, or raise its limit";
            case "SIGSTRUCT_VENDOR" -> "VENDOR is 0, or 0x8086 for Intel's enclaves: sign it again";
            case "POWER_KEPT" -> "build the enclave again";
            case "NO_SIGNAL" -> "try again";
            default -> "load the enclave so that " + cause.rule();
        };
    }
}
