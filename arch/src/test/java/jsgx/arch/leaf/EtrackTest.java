package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.Leaf;
import jsgx.arch.TestMachine;
import jsgx.arch.leaf.Etrack.Check;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;

class EtrackTest extends LeafChecks<Check, LeafAttempt> {

    EtrackTest() {
        super(Check.class);
        gp(Check.SECS_ALIGNED, a -> a.rcx += 0x40);
        pf(Check.SECS_IN_EPC, a -> a.rcx, a -> a.rcx = a.ordinary);
        gp(Check.SECS_FREE, a -> a.holdExclusive(a.page(a.rcx)));
        gp(Check.TRACKING_FREE, a -> a.holdTracking(a.page(a.rcx)));
        pf(Check.SECS_VALID, a -> a.rcx, a -> a.rcx = a.epc(a.free));
        pf(Check.SECS_TYPE, a -> a.rcx, a -> a.rcx = a.epc(a.reg));
        pf(Check.SECS_TYPE, a -> a.rcx, a -> a.rcx = a.epc(a.va));
        error(Check.PREVIOUS_CYCLE_COMPLETE, SgxError.PREV_TRK_INCMPL, LeafAttempt::leaveCycleIncomplete);
        operand("RCX", (a, address) -> a.rcx = address);
    }

    @Override
    LeafAttempt call() {
        LeafAttempt a = new LeafAttempt(Leaf.ETRACK);
        a.rcx = a.enclave.secsAt();
        return a;
    }

    @Test
    void completesOnceTheThreadsOfTheOldEpochHaveLeft() {
        LeafAttempt a = call();
        long entry = a.enclaveState().enter();
        TestMachine.succeeds(a.run());
        assertThat(a.enclaveState().tracking()).isTrue();
        assertThat(a.run().isSuccess()).isFalse();
        a.enclaveState().leave(entry);
        assertThat(a.enclaveState().tracking()).isFalse();
        TestMachine.succeeds(a.run());
        assertThat(a.enclaveState().epoch()).isEqualTo(3);
    }

    @Test
    void tracksAnEnclaveBeforeItsInitialisationToo() {
        LeafAttempt a = call();
        a.setInit(false);
        TestMachine.succeeds(a.run());
    }
}
