package jsgx.launch;

import jsgx.arch.AccessCheck;
import jsgx.arch.LeafCheck;
import jsgx.arch.leaf.Eadd;
import jsgx.arch.leaf.Ecreate;
import jsgx.arch.leaf.Einit;

/** What gets an enclave past a check of the leaves that build one. */
final class LeafAdvice {

    private LeafAdvice() {}

    static String of(LeafCheck check) {
        return switch (check) {
            case Einit.Check einit -> EinitAdvice.of(einit);
            case Ecreate.Check ecreate -> of(ecreate);
            case Eadd.Check eadd -> of(eadd);
            case AccessCheck access -> of(access);
            default -> other(check);
        };
    }

    private static String of(Ecreate.Check check) {
        return switch (check) {
            case XFRM_LOW_BITS -> "XFRM always has x87 and SSE, bits 0 and 1: sign and load it with these";
            case XFRM_LEGAL ->
                "the processor lacks a feature in XFRM, or features that belong together were split: load it with less"
                        + " (--xfrm), where the SIGSTRUCT's mask lets you";
            case MISCSELECT_SUPPORTED ->
                "the processor cannot report what MISCSELECT asks for: load it with less, or take a platform that can";
            case SSAFRAMESIZE ->
                "more of the processor's state is saved than fits: build the enclave with larger SSA frames, or load it with"
                        + " a smaller XFRM";
            case SIZE_MAXIMUM_32, SIZE_MAXIMUM_64 ->
                "the enclave is larger than this processor allows (jsgx doctor shows the limit): make it smaller";
            case SIZE_POWER_OF_TWO ->
                "an enclave's size is a power of two from 8192 on: round it up, and sign it again";
            case BASEADDR_CANONICAL, BASEADDR_BELOW_4G, BASEADDR_NATURALLY_ALIGNED ->
                "load it at another address: a multiple of its size that its mode can reach";
            case ATTRIBUTES_SUPPORTED ->
                "the processor does not know one of these attributes, or reserves it: leave it away, or take a platform that"
                        + " has it; INIT is EINIT's to set";
            case CONFIG_NEEDS_KSS -> "CONFIGID and CONFIGSVN need KSS among the attributes: set it, or leave them 0";
            case CET_ATTRIBUTES_NEED_CET,
                    CET_LEG_BITMAP_OFFSET_NEEDS_CET,
                    CET_LEG_BITMAP_OFFSET_NEEDS_IBT,
                    CET_ATTRIBUTES_NEED_IBT,
                    CET_ATTRIBUTES_NEED_SS,
                    CET_LEG_BITMAP_CANONICAL,
                    CET_LEG_BITMAP_BELOW_4G,
                    CET_ATTRIBUTES_RESERVED,
                    CET_LEG_BITMAP_OFFSET_ALIGNED ->
                "the SECS asks for control-flow enforcement in a way that does not go: load it without, or set CET among"
                        + " the attributes on a processor that has it";
            case SECS_RESERVED -> "the loader left something in the SECS where zeroes belong: zero it first";
            case EPC_PAGE_FREE, EPCM_INVALID ->
                "a fault of the driver, not of the enclave: it used an EPC page that was taken";
            case PAGEINFO_ALIGNED,
                    EPC_PAGE_ALIGNED,
                    EPC_PAGE_IN_EPC,
                    SRCPGE_ALIGNED,
                    SECINFO_ALIGNED,
                    LINADDR_ZERO,
                    PAGEINFO_SECS_ZERO,
                    SECINFO_RESERVED,
                    SECINFO_PT_SECS -> "a fault of the driver, not of the enclave: it gave ECREATE wrong operands";
        };
    }

    private static String of(Eadd.Check check) {
        return switch (check) {
            case SECINFO_PT, SECINFO_RESERVED ->
                "an enclave is built of TCS pages and regular pages: correct its layout";
            case TCS_RESERVED -> "a TCS has zeroes behind its fields: correct the page in the file";
            case TCS_LIMITS -> "outside 64-bit mode FSLIMIT and GSLIMIT end in fff: correct the TCS in the file";
            case REG_W_NEEDS_R -> "a page that can be written can be read: correct the permissions in the layout";
            case LINADDR_IN_ELRANGE -> "the page lies beyond the enclave's size: correct its offset, or the size";
            case SECS_UNINITIALIZED -> "pages are added before EINIT: add this one earlier";
            default -> other(check);
        };
    }

    private static String of(AccessCheck check) {
        return switch (check.kind()) {
            case PRIVILEGE -> "ENCLS is the kernel's, ENCLU user space's";
            case ENABLED -> "switch SGX on in firmware:  jsgx platform set --sgx enabled";
            case LEAF_EXISTS ->
                "this processor does not have the leaf: take a platform that has,  jsgx platform set --features";
            case ENCLAVE_MODE -> "enter the enclave before, or leave it first";
            case CANONICAL, MAPPED -> "the loader named an address where nothing is";
        };
    }

    private static String other(LeafCheck check) {
        return "load the enclave so that " + check.rule();
    }
}
