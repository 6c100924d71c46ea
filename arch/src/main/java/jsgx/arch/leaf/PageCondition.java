package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.hex;

import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.PageType;

/** What a leaf demands of the EPCM entry of an EPC page that the enclave names as an operand. */
enum PageCondition {
    VALID("is valid", "EPCM.VALID 1"),
    NOT_BLOCKED("is not blocked", "EPCM.BLOCKED 0"),
    PENDING("waits for EACCEPTCOPY", "EPCM.PENDING 1"),
    NOT_PENDING("does not wait for EACCEPT after EAUG", "EPCM.PENDING 0"),
    NOT_MODIFIED("does not wait for EACCEPT after EMODT", "EPCM.MODIFIED 0"),
    PT_REG("is a PT_REG page", "PT_REG"),
    PT_TCS("is a PT_TCS page", "PT_TCS"),
    PT_SS_REST("is a PT_SS_REST page", "PT_SS_REST"),
    PT_ACCEPTABLE("is PT_REG, PT_TCS, PT_TRIM or a shadow-stack page", "PT_REG, PT_TCS or PT_TRIM"),
    OWN_SECS("belongs to the enclave", "a page of the enclave"),
    ENCLAVEADDRESS("is mapped at the address at which the enclave was given it", "EPCM.ENCLAVEADDRESS"),
    R("may be read", "EPCM.R 1"),
    W("may be written", "EPCM.W 1"),
    X("may be executed", "EPCM.X 1"),
    NOT_X("may not be executed", "EPCM.X 0");

    private final String rule;
    private final String expected;

    PageCondition(String rule, String expected) {
        this.rule = rule;
        this.expected = expected;
    }

    /** The rule of a check that an operand's page meets this condition. */
    String rule(String operand) {
        return "the page of " + operand + " " + rule;
    }

    /**
     * Whether a page meets the condition.
     *
     * @param address the linear address by which the enclave names it
     * @param secs the enclave's SECS
     */
    boolean holds(Epcm epcm, int page, long address, int secs) {
        return switch (this) {
            case VALID -> epcm.has(page, Epcm.VALID);
            case NOT_BLOCKED -> !epcm.has(page, Epcm.BLOCKED);
            case PENDING -> epcm.has(page, Epcm.PENDING);
            case NOT_PENDING -> !epcm.has(page, Epcm.PENDING);
            case NOT_MODIFIED -> !epcm.has(page, Epcm.MODIFIED);
            case PT_REG -> type(epcm, page) == PageType.REG;
            case PT_TCS -> type(epcm, page) == PageType.TCS;
            case PT_SS_REST -> type(epcm, page) == PageType.SS_REST;
            case PT_ACCEPTABLE ->
                switch (type(epcm, page)) {
                    case REG, TCS, TRIM, SS_FIRST, SS_REST -> true;
                    case SECS, VA, RESERVED -> false;
                };
            case OWN_SECS -> epcm.enclaveSecs(page) == secs;
            case ENCLAVEADDRESS -> epcm.enclaveAddress(page) == pageOf(address);
            case R -> epcm.has(page, Epcm.R);
            case W -> epcm.has(page, Epcm.W);
            case X -> epcm.has(page, Epcm.X);
            case NOT_X -> !epcm.has(page, Epcm.X);
        };
    }

    /** What people read of a page that does not meet the condition: what it should have been. */
    String expected(long address) {
        return this == ENCLAVEADDRESS ? expected + " " + hex(pageOf(address)) : expected;
    }

    /** What people read of a page that does not meet the condition: what it is. */
    String found(Epcm epcm, int page) {
        return switch (this) {
            case VALID -> "EPCM.VALID 0";
            case NOT_BLOCKED -> "EPCM.BLOCKED 1";
            case PENDING -> "EPCM.PENDING 0";
            case NOT_PENDING -> "EPCM.PENDING 1";
            case NOT_MODIFIED -> "EPCM.MODIFIED 1";
            case PT_REG, PT_TCS, PT_SS_REST, PT_ACCEPTABLE -> "PT_" + type(epcm, page);
            case OWN_SECS -> "a page of another enclave";
            case ENCLAVEADDRESS -> "EPCM.ENCLAVEADDRESS " + hex(epcm.enclaveAddress(page));
            case R -> "EPCM.R 0";
            case W -> "EPCM.W 0";
            case X -> "EPCM.X 0";
            case NOT_X -> "EPCM.X 1";
        };
    }

    private static PageType type(Epcm epcm, int page) {
        return PageType.of(epcm.pageType(page));
    }

    private static long pageOf(long address) {
        return address & -Epc.PAGE_SIZE;
    }
}
