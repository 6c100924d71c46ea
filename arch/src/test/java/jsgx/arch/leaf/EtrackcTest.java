package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestMachine;
import jsgx.arch.leaf.Etrackc.Check;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EtrackcTest extends LeafChecks<Check, LeafAttempt> {

    EtrackcTest() {
        super(Check.class);
        gp(Check.EPC_PAGE_ALIGNED, a -> a.rcx += 8);
        pf(Check.EPC_PAGE_IN_EPC, a -> a.rcx, a -> a.rcx = a.ordinary);
        error(Check.EPC_PAGE_FREE, SgxError.EPC_PAGE_CONFLICT, a -> a.holdExclusive(a.page(a.rcx)));
        error(Check.EPC_PAGE_VALID, SgxError.PG_INVLD, a -> a.rcx = a.epc(a.free));
        error(Check.TRACK_REQUIRED, SgxError.TRACK_NOT_REQUIRED, Outcome.Flags.CF, a -> a.rcx = a.epc(a.va));
        error(Check.TRACKING_FREE, SgxError.EPC_PAGE_CONFLICT, a -> a.holdTracking(a.secs()));
        error(Check.PREVIOUS_CYCLE_COMPLETE, SgxError.PREV_TRK_INCMPL, LeafAttempt::leaveCycleIncomplete);
        operand("RCX", (a, address) -> a.rcx = address);
    }

    @Override
    LeafAttempt call() {
        LeafAttempt a = new LeafAttempt(Leaf.ETRACKC);
        a.rcx = a.epc(a.reg);
        return a;
    }

    @ParameterizedTest
    @EnumSource(names = {"REG", "TCS", "TRIM", "SS_FIRST", "SS_REST"})
    void tracksTheEnclaveOfThePage(PageType type) {
        LeafAttempt a = call();
        a.setType(a.reg, type);
        TestMachine.succeeds(a.run());
        assertThat(a.enclaveState().epoch()).isEqualTo(2);
    }

    @Test
    void tracksBySecs() {
        LeafAttempt a = call();
        a.rcx = a.enclave.secsAt();
        TestMachine.succeeds(a.run());
        assertThat(a.enclaveState().epoch()).isEqualTo(2);
    }

    /** The SECS is concurrent for ETRACKC where the page is another. */
    @Test
    void doesNotMindALeafThatHasTheSecs() {
        LeafAttempt a = call();
        a.holdExclusive(a.secs());
        TestMachine.succeeds(a.run());
    }
}
