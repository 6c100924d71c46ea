package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Erdinfo.Check;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Rdinfo;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErdinfoTest extends LeafChecks<Check, LeafAttempt> {

    ErdinfoTest() {
        super(Check.class);
        gp(Check.RDINFO_ALIGNED, a -> a.rbx += 16);
        gp(Check.EPC_PAGE_ALIGNED, a -> a.rcx += 0x20);
        error(Check.EPC_PAGE_IN_EPC, SgxError.PG_NONEPC, Outcome.Flags.CF, a -> a.rcx = a.ordinary);
        error(Check.EPC_PAGE_FREE, SgxError.EPC_PAGE_CONFLICT, a -> a.holdExclusive(a.page(a.rcx)));
        error(Check.EPC_PAGE_VALID, SgxError.PG_INVLD, Outcome.Flags.CF, a -> a.rcx = a.epc(a.free));
        operand("RBX", (a, address) -> a.rbx = address);
        operand("RCX", (a, address) -> a.rcx = address);
    }

    @Override
    LeafAttempt call() {
        LeafAttempt a = new LeafAttempt(Leaf.ERDINFO);
        a.rdinfo.memory().fill((byte) 0xee);
        a.rbx = a.rdinfoAt;
        a.rcx = a.epc(a.reg);
        return a;
    }

    @ParameterizedTest
    @EnumSource(names = {"REG", "TCS", "TRIM", "SS_FIRST", "SS_REST"})
    void tellsOfAPageOfAnEnclave(PageType type) {
        LeafAttempt a = call();
        a.setType(a.reg, type);
        a.epcm.update(a.reg, Epcm.RWX, Epcm.R | Epcm.X | Epcm.PENDING | Epcm.MODIFIED | Epcm.PR | Epcm.BLOCKED);
        TestMachine.succeeds(a.run());
        assertThat(a.rdinfo.status()).isZero();
        assertThat(a.rdinfo.flags())
                .isEqualTo(Rdinfo.BLOCKED
                        | Secinfo.R
                        | Secinfo.X
                        | Secinfo.PENDING
                        | Secinfo.MODIFIED
                        | Secinfo.PR
                        | (long) type.code() << 8);
        assertThat(a.rdinfo.enclaveContext()).isEqualTo(a.machine.cpu.epc().physicalAddress(a.secs()));
    }

    @Test
    void tellsOfASecs() {
        LeafAttempt a = call();
        a.rcx = a.enclave.secsAt();
        new SecsInternals(a.enclave.secsInEpc().memory()).virtChildCnt(1);
        TestMachine.succeeds(a.run());
        assertThat(a.rdinfo.status()).isEqualTo(Rdinfo.CHILDPRESENT | Rdinfo.VIRTCHILDPRESENT);
        assertThat(a.rdinfo.flags()).isZero();
        assertThat(a.rdinfo.enclaveContext()).isEqualTo(a.machine.cpu.epc().physicalAddress(a.secs()));
    }

    @Test
    void tellsOfASecsWithoutChildren() {
        LeafAttempt a = call();
        a.rcx = a.enclave.secsAt();
        a.enclaveState().removeChild();
        a.enclaveState().removeChild();
        TestMachine.succeeds(a.run());
        assertThat(a.rdinfo.status()).isZero();
    }

    @Test
    void tellsOfAVersionArray() {
        LeafAttempt a = call();
        a.rcx = a.epc(a.va);
        TestMachine.succeeds(a.run());
        assertThat(a.rdinfo.status()).isZero();
        assertThat(a.rdinfo.flags()).isEqualTo((long) PageType.VA.code() << 8);
        assertThat(a.rdinfo.enclaveContext()).isZero();
    }

    /** An RDINFO in the EPC is written nowhere: the abort page. */
    @Test
    void writesToTheEpcAreDropped() {
        LeafAttempt a = call();
        a.rbx = a.epc(a.reg);
        Object before = a.state();
        TestMachine.succeeds(a.run());
        assertThat(a.state()).isEqualTo(before);
    }
}
