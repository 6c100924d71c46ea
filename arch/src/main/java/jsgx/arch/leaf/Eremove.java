package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.epcPage;
import static jsgx.arch.leaf.Operands.gp;

import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;

/** EREMOVE: makes an EPC page free again (SDM 3D, "EREMOVE—Remove a page from the EPC"). */
public final class Eremove {

    /** The checks of EREMOVE in their order. */
    public enum Check implements LeafCheck {
        PAGE_ALIGNED("RCX is a multiple of 4096"),
        PAGE_IN_EPC("RCX is in the EPC"),
        PAGE_FREE("no other leaf uses the page"),
        NO_CHILDREN("no page in the EPC belongs to the SECS that is removed"),
        NO_ACTIVE_THREADS("no thread is inside the enclave that the page belongs to");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EREMOVE;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EREMOVE, Outcome.Flags.CLEARED);

    private Eremove() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#eremove} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rcx) {
        aligned(rcx, Epc.PAGE_SIZE, Check.PAGE_ALIGNED);
        int page = epcPage(lp, rcx, Check.PAGE_IN_EPC);
        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryExclusive(page)) {
            throw gp(Check.PAGE_FREE, "no concurrent leaf", "a leaf that uses the page");
        }
        try {
            return epcm.valid(page) ? remove(lp.processorPackage(), page) : SUCCESS;
        } finally {
            epcm.releaseExclusive(page);
        }
    }

    private static Outcome remove(ProcessorPackage cpu, int page) {
        PageType type = PageType.of(cpu.epcm().pageType(page));
        return switch (type) {
            case VA -> {
                cpu.epcm().invalidate(page);
                yield SUCCESS;
            }
            case SECS -> removeSecs(cpu, page);
            // The manual's first condition ends the leaf for an accepted PT_TRIM page with VALID still 1, which its
            // second
            // one takes back: the page is removed, with threads inside too.
            case TRIM -> removeChild(cpu, page, !cpu.epcm().has(page, Epcm.MODIFIED));
            default -> removeChild(cpu, page, false);
        };
    }

    private static Outcome removeSecs(ProcessorPackage cpu, int page) {
        SecsState state = cpu.secs(page);
        if (state != null && state.children() != 0) {
            return error(
                    Check.NO_CHILDREN, SgxError.CHILD_PRESENT, "no page of the enclave", state.children() + " pages");
        }
        cpu.epcm().invalidate(page);
        cpu.secs(page, null);
        return SUCCESS;
    }

    private static Outcome removeChild(ProcessorPackage cpu, int page, boolean accepted) {
        SecsState state = cpu.secs(cpu.epcm().enclaveSecs(page));
        if (state != null && !accepted && state.threads() != 0) {
            return error(
                    Check.NO_ACTIVE_THREADS,
                    SgxError.ENCLAVE_ACT,
                    "no thread in the enclave",
                    state.threads() + " threads");
        }
        cpu.epcm().invalidate(page);
        if (state != null) {
            state.removeChild();
        }
        return SUCCESS;
    }

    private static Outcome error(Check check, SgxError code, String expected, String found) {
        return new Outcome.Error(check, code, Outcome.Flags.ZF, expected, found);
    }
}
