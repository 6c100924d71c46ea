package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Eblock.Check;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EblockTest extends LeafChecks<Check, LeafAttempt> {

    EblockTest() {
        super(Check.class);
        gp(Check.EPC_PAGE_ALIGNED, a -> a.rcx += 0x800);
        pf(Check.EPC_PAGE_IN_EPC, a -> a.rcx, a -> a.rcx = a.ordinary);
        error(Check.EPC_PAGE_FREE, SgxError.EPC_PAGE_CONFLICT, a -> a.holdExclusive(a.page(a.rcx)));
        error(Check.EPC_PAGE_VALID, SgxError.PG_INVLD, a -> a.rcx = a.epc(a.free));
        error(Check.NOT_SECS, SgxError.PG_IS_SECS, Outcome.Flags.CF, a -> a.rcx = a.enclave.secsAt());
        error(Check.BLOCKABLE, SgxError.NOTBLOCKABLE, Outcome.Flags.CF, a -> a.rcx = a.epc(a.va));
        error(
                Check.NOT_BLOCKED,
                SgxError.BLKSTATE,
                Outcome.Flags.CF,
                a -> a.epcm.update(a.page(a.rcx), 0, Epcm.BLOCKED));
        error(Check.ENTRY_EPOCH_FREE, SgxError.ENTRYEPOCH_LOCKED, a -> a.holdTracking(a.secs()));
        operand("RCX", (a, address) -> a.rcx = address);
    }

    @Override
    LeafAttempt call() {
        LeafAttempt a = new LeafAttempt(Leaf.EBLOCK);
        a.rcx = a.epc(a.reg);
        return a;
    }

    @ParameterizedTest
    @EnumSource(names = {"REG", "TCS", "TRIM", "SS_FIRST", "SS_REST"})
    void blocksAPageOfAnEnclaveInItsEpoch(PageType type) {
        LeafAttempt a = call();
        a.setType(a.reg, type);
        TestMachine.succeeds(Encls.etrack(a.machine.lp, a.enclave.secsAt()));
        int before = a.epcm.flags(a.reg);
        TestMachine.succeeds(a.run());
        assertThat(a.epcm.flags(a.reg)).isEqualTo(before | Epcm.BLOCKED);
        assertThat(a.epcm.blockEpoch(a.reg)).isEqualTo(a.enclaveState().epoch()).isEqualTo(2);
    }

    /** Base concurrency "shared": EBLOCK runs beside EACCEPT, EMODPR and its like. */
    @Test
    void sharesThePage() {
        LeafAttempt a = call();
        a.holdShared(a.reg);
        a.holdSgx2(a.reg);
        TestMachine.succeeds(a.run());
    }
}
