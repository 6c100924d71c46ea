package jsgx.arch.leaf;

import jsgx.arch.CpuSvn;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;

/**
 * EUPDATESVN: makes the version of the loaded microcode the processor's CPUSVN, with a new paging key, while the EPC is
 * empty. The manual has no page for it: it is built from what the Linux kernel says of it (docs/unpublished.md).
 */
public final class Eupdatesvn {

    /** The checks of EUPDATESVN in their order. */
    public enum Check implements LeafCheck {
        EPC_FREE("no other leaf uses a page of the EPC"),
        EPC_EMPTY("no page of the EPC is in use (EPCM.VALID is 0)"),
        ENTROPY("the random number generator has entropy for new keys"),
        SVN_NEWER("the loaded microcode is newer than CPUSVN");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EUPDATESVN;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EUPDATESVN, Outcome.Flags.CLEARED);

    private Eupdatesvn() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#eupdatesvn} is the way in. */
    public static Outcome run(LogicalProcessor lp) {
        ProcessorPackage cpu = lp.processorPackage();
        Epcm epcm = cpu.epcm();
        int pages = cpu.epc().pages();
        int taken = 0;
        try {
            // Every page is taken, so that whoever creates one meanwhile meets a conflict.
            while (taken < pages) {
                if (!epcm.tryExclusive(taken)) {
                    return error(
                            Check.EPC_FREE,
                            SgxError.EPC_NOT_READY,
                            Outcome.Flags.ZF,
                            "no concurrent leaf",
                            "one that uses page " + taken);
                }
                taken++;
                if (epcm.valid(taken - 1)) {
                    return error(
                            Check.EPC_EMPTY,
                            SgxError.EPC_NOT_READY,
                            Outcome.Flags.ZF,
                            "an empty EPC",
                            "PT_" + PageType.of(epcm.pageType(taken - 1)) + " in page " + (taken - 1));
                }
            }
            return update(cpu);
        } finally {
            while (taken > 0) {
                taken--;
                epcm.releaseExclusive(taken);
            }
        }
    }

    private static Outcome update(ProcessorPackage cpu) {
        if (!cpu.hasEntropy()) {
            return error(
                    Check.ENTROPY,
                    SgxError.INSUFFICIENT_ENTROPY,
                    Outcome.Flags.ZF,
                    "entropy for new keys",
                    "too little; try again");
        }
        cpu.renewPagingKey();
        CpuSvn current = cpu.cpuSvn();
        CpuSvn loaded = cpu.microcodeSvn();
        if (!loaded.newerThan(current)) {
            // CF as of all codes that tell and do not complain: Linux calls this one a success.
            return error(
                    Check.SVN_NEWER,
                    SgxError.NO_UPDATE,
                    Outcome.Flags.CF,
                    "microcode newer than " + current,
                    loaded.toString());
        }
        cpu.cpuSvn(loaded);
        return SUCCESS;
    }

    private static Outcome error(Check check, SgxError code, Outcome.Flags flags, String expected, String found) {
        return new Outcome.Error(check, code, flags, expected, found);
    }
}
