package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Emodt.Check;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EmodtTest extends LeafChecks<Check, LeafAttempt> {

    EmodtTest() {
        super(Check.class);
        gp(Check.SECINFO_ALIGNED, a -> a.rbx += 32);
        gp(Check.EPC_PAGE_ALIGNED, a -> a.rcx += 0x400);
        pf(Check.EPC_PAGE_IN_EPC, a -> a.rcx, a -> a.rcx = a.ordinary);
        gp(Check.SECINFO_RESERVED, a -> a.secinfo.flags(a.secinfo.flags() | 1L << 16));
        gp(Check.SECINFO_RESERVED, a -> a.secinfo.memory().set(Layouts.U8, 63, (byte) 1));
        gp(Check.SECINFO_PT, a -> a.secinfo.pageType(PageType.REG));
        gp(Check.SECINFO_PT, a -> a.secinfo.pageType(PageType.SECS));
        gp(Check.SECINFO_PT, a -> a.secinfo.pageType(PageType.SS_REST));
        error(Check.EPC_PAGE_FREE, SgxError.EPC_PAGE_CONFLICT, a -> a.holdExclusive(a.page(a.rcx)));
        error(Check.EPC_PAGE_FREE, SgxError.EPC_PAGE_CONFLICT, a -> a.holdShared(a.page(a.rcx)));
        pf(Check.EPC_PAGE_VALID, a -> a.rcx, a -> a.rcx = a.epc(a.free));
        error(Check.SGX2_FREE, SgxError.EPC_PAGE_CONFLICT, a -> a.holdSgx2(a.page(a.rcx)));
        pf(Check.PAGE_TYPE, a -> a.rcx, a -> a.rcx = a.epc(a.va));
        pf(Check.PAGE_TYPE, a -> a.rcx, a -> a.rcx = a.enclave.secsAt());
        pf(Check.PAGE_TYPE, a -> a.rcx, a -> a.setType(a.page(a.rcx), PageType.TRIM));
        pf(Check.PAGE_TYPE, a -> a.rcx, a -> {
            a.secinfo.pageType(PageType.TCS);
            a.rcx = a.epc(a.tcs);
        });
        error(Check.MODIFIABLE, SgxError.PAGE_NOT_MODIFIABLE, a -> a.epcm.update(a.page(a.rcx), 0, Epcm.PENDING));
        error(Check.MODIFIABLE, SgxError.PAGE_NOT_MODIFIABLE, a -> a.epcm.update(a.page(a.rcx), 0, Epcm.MODIFIED));
        gp(Check.SECS_INITIALIZED, a -> a.setInit(false));
        operand("RBX", (a, address) -> a.rbx = address);
        operand("RCX", (a, address) -> a.rcx = address);
    }

    @Override
    LeafAttempt call() {
        LeafAttempt a = new LeafAttempt(Leaf.EMODT);
        a.rbx = a.machine.secinfoAt;
        a.rcx = a.epc(a.reg);
        a.secinfo.pageType(PageType.TRIM);
        return a;
    }

    @ParameterizedTest
    @EnumSource(names = {"REG", "TCS", "SS_FIRST", "SS_REST"})
    void trimsAPage(PageType type) {
        LeafAttempt a = call();
        a.setType(a.reg, type);
        a.epcm.update(a.reg, 0, Epcm.PR | Epcm.RWX);
        // The permissions that SECINFO has are not looked at.
        a.secinfo.flags(a.secinfo.flags() | Epcm.W | Epcm.X);
        TestMachine.succeeds(Encls.etrack(a.machine.lp, a.enclave.secsAt()));
        TestMachine.succeeds(a.run());
        assertThat(a.epcm.flags(a.reg)).isEqualTo(Epcm.VALID | Epcm.MODIFIED | PageType.TRIM.code() << Epcm.PT_SHIFT);
        assertThat(a.epcm.enclaveSecs(a.reg)).isEqualTo(a.secs());
        assertThat(a.epcm.enclaveAddress(a.reg)).isEqualTo(a.enclave.base() + LeafAttempt.REG_OFFSET);
        assertThat(a.epcm.blockEpoch(a.reg)).isEqualTo(2);
        assertThat(a.enclaveState().tracked(a.epcm.blockEpoch(a.reg))).isFalse();
    }

    @Test
    void makesATcsOfAPage() {
        LeafAttempt a = call();
        a.secinfo.pageType(PageType.TCS);
        TestMachine.succeeds(a.run());
        assertThat(a.epcm.flags(a.reg)).isEqualTo(Epcm.VALID | Epcm.MODIFIED | PageType.TCS.code() << Epcm.PT_SHIFT);
    }

    /** A SECINFO in the EPC reads as all ones. */
    @Test
    void readsTheAbortPage() {
        LeafAttempt a = call();
        a.rbx = a.epc(a.tcs);
        assertThat(a.run())
                .isInstanceOfSatisfying(
                        Outcome.Faulted.class, f -> assertThat(f.check()).isEqualTo(Check.SECINFO_RESERVED));
    }
}
