package jsgx.arch.leaf;

import jsgx.arch.EnclaveMode;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.struct.Tcs;

/** EEXIT: leaves the enclave for an address of its choice (SDM 3D, "EEXIT—Exits an Enclave"). */
public final class Eexit {

    /** The checks of EEXIT in their order. */
    public enum Check implements LeafCheck {
        TARGET_CANONICAL("RBX (the target) is canonical in 64-bit mode"),
        TARGET_IN_CS("RBX (the target) is in CS outside 64-bit mode");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EEXIT;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EEXIT, Outcome.Flags.UNCHANGED);

    private Eexit() {}

    /** Runs the leaf; {@link jsgx.arch.Enclu#eexit} is the way in. */
    public static Outcome run(LogicalProcessor lp, EnclaveMode mode, long rbx) {
        EnclaveEntry.target(lp, rbx, Check.TARGET_CANONICAL, Check.TARGET_IN_CS);
        RegisterFile registers = lp.registers();
        Tcs tcs = new Tcs(lp.processorPackage().epc().page(mode.tcs()));
        registers.set(Register.RIP, rbx);
        registers.set(Register.RCX, tcs.aep());
        CetState.exit(lp, tcs);
        EnclaveEntry.restoreOutside(lp, mode);
        EnclaveEntry.leave(lp, mode, tcs);
        return SUCCESS;
    }
}
