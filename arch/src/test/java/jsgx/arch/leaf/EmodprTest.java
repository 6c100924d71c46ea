package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Emodpr.Check;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmodprTest extends LeafChecks<Check, LeafAttempt> {

    EmodprTest() {
        super(Check.class);
        gp(Check.SECINFO_ALIGNED, a -> a.rbx += 32);
        gp(Check.EPC_PAGE_ALIGNED, a -> a.rcx += 1);
        pf(Check.EPC_PAGE_IN_EPC, a -> a.rcx, a -> a.rcx = a.ordinary);
        gp(Check.SECINFO_RESERVED, a -> a.secinfo.flags(a.secinfo.flags() | 1L << 6));
        gp(Check.SECINFO_RESERVED, a -> a.secinfo.memory().set(Layouts.U8, 8, (byte) 1));
        gp(Check.W_NEEDS_R, a -> {
            a.secinfo.r(false);
            a.secinfo.w(true);
        });
        gp(Check.EPC_PAGE_FREE, a -> a.holdExclusive(a.page(a.rcx)));
        pf(Check.EPC_PAGE_VALID, a -> a.rcx, a -> a.rcx = a.epc(a.free));
        error(Check.SGX2_FREE, SgxError.EPC_PAGE_CONFLICT, a -> a.holdSgx2(a.page(a.rcx)));
        error(Check.MODIFIABLE, SgxError.PAGE_NOT_MODIFIABLE, a -> a.epcm.update(a.page(a.rcx), 0, Epcm.PENDING));
        error(Check.MODIFIABLE, SgxError.PAGE_NOT_MODIFIABLE, a -> a.epcm.update(a.page(a.rcx), 0, Epcm.MODIFIED));
        pf(Check.PAGE_TYPE, a -> a.rcx, a -> a.rcx = a.epc(a.tcs));
        pf(Check.PAGE_TYPE, a -> a.rcx, a -> a.rcx = a.epc(a.va));
        pf(Check.PAGE_TYPE, a -> a.rcx, a -> a.rcx = a.enclave.secsAt());
        gp(Check.SECS_INITIALIZED, a -> a.setInit(false));
        operand("RBX", (a, address) -> a.rbx = address);
        operand("RCX", (a, address) -> a.rcx = address);
    }

    @Override
    LeafAttempt call() {
        LeafAttempt a = new LeafAttempt(Leaf.EMODPR);
        a.rbx = a.machine.secinfoAt;
        a.rcx = a.epc(a.reg);
        a.secinfo.flags(Secinfo.R);
        return a;
    }

    /** Every set of permissions against every mask that may be asked for. */
    @ParameterizedTest
    @ValueSource(ints = {0, Epcm.R, Epcm.R | Epcm.W, Epcm.X, Epcm.R | Epcm.X, Epcm.RWX})
    void permissionsAreMasked(int mask) {
        for (int rwx = 0; rwx <= Epcm.RWX; rwx++) {
            LeafAttempt a = call();
            a.secinfo.flags(mask);
            a.epcm.update(a.reg, Epcm.RWX, rwx);
            int before = a.epcm.flags(a.reg);
            TestMachine.succeeds(a.run());
            assertThat(a.epcm.flags(a.reg)).isEqualTo((before & ~Epcm.RWX) | (rwx & mask) | Epcm.PR);
        }
    }

    @Test
    void remembersTheEpochForEaccept() {
        LeafAttempt a = call();
        TestMachine.succeeds(Encls.etrack(a.machine.lp, a.enclave.secsAt()));
        TestMachine.succeeds(a.run());
        assertThat(a.epcm.blockEpoch(a.reg)).isEqualTo(2);
        assertThat(a.enclaveState().tracked(a.epcm.blockEpoch(a.reg))).isFalse();
    }

    @Test
    void aBlockedPageAndARestrictedOneMayBeRestricted() {
        LeafAttempt a = call();
        a.epcm.update(a.reg, 0, Epcm.BLOCKED | Epcm.PR);
        TestMachine.succeeds(a.run());
    }

    /** Base concurrency "shared": EMODPR runs beside EBLOCK. */
    @Test
    void sharesThePage() {
        LeafAttempt a = call();
        a.holdShared(a.reg);
        TestMachine.succeeds(a.run());
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
