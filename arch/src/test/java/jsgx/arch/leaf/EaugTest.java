package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Eaug.Check;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import org.junit.jupiter.api.Test;

/** EAUG of a page of a shadow stack, which passes every check; the page without a SECINFO has tests of its own. */
class EaugTest extends LeafChecks<Check, LeafAttempt> {

    private static final long LINADDR = TestEnclave.BASE + 0x5000;
    private static final long SS_FIRST = Secinfo.R | Secinfo.W | (long) PageType.SS_FIRST.code() << 8;

    EaugTest() {
        super(Check.class);
        gp(Check.PAGEINFO_ALIGNED, a -> a.rbx += 16);
        gp(Check.EPC_PAGE_ALIGNED, a -> a.rcx += 0x800);
        pf(Check.EPC_PAGE_IN_EPC, a -> a.rcx, a -> a.rcx = a.ordinary);
        gp(Check.SECINFO_ALIGNED, a -> a.pageinfo.secinfo(a.pageinfo.secinfo() + 32));
        gp(Check.SECS_ALIGNED, a -> a.pageinfo.secs(a.pageinfo.secs() + 8));
        gp(Check.LINADDR_ALIGNED, a -> a.pageinfo.linAddr(a.pageinfo.linAddr() + 0x100));
        gp(Check.SRCPGE_ZERO, a -> a.pageinfo.srcPge(a.ordinary));
        pf(Check.SECS_IN_EPC, a -> a.pageinfo.secs(), a -> a.pageinfo.secs(a.ordinary));
        gp(Check.EPC_PAGE_FREE, a -> a.holdShared(a.page(a.rcx)));
        gp(Check.EPC_PAGE_FREE, a -> a.holdExclusive(a.page(a.rcx)));
        pf(Check.EPCM_INVALID, a -> a.rcx, a -> a.rcx = a.epc(a.reg));
        gp(Check.SECINFO_RESERVED, a -> a.secinfo.flags(a.secinfo.flags() | 1L << 63));
        gp(Check.SECINFO_RESERVED, a -> a.secinfo.memory().set(Layouts.U8, 63, (byte) 1));
        on(() -> regular(CpuFeatures.SGX2));
        gp(Check.SECINFO_NEEDS_CET, a -> a.pageinfo.secinfo(a.machine.secinfoAt));
        onAny();
        gp(Check.SECINFO_PT, a -> a.secinfo.pageType(PageType.REG));
        gp(Check.SECINFO_PT, a -> a.secinfo.pageType(PageType.TCS));
        gp(Check.SECINFO_READ_WRITE, a -> a.secinfo.r(false));
        gp(Check.SECINFO_READ_WRITE, a -> a.secinfo.w(false));
        gp(Check.SECINFO_READ_WRITE, a -> a.secinfo.x(true));
        gp(Check.CR4_CET, a -> a.machine.lp.cr4Cet(false));
        gp(Check.SECS_FREE, a -> a.holdExclusive(a.page(a.pageinfo.secs())));
        pf(Check.SECS_VALID, a -> a.pageinfo.secs(), a -> a.pageinfo.secs(a.epc(a.reg)));
        pf(Check.SECS_VALID, a -> a.pageinfo.secs(), EaugTest::invalidSecs);
        gp(Check.SECS_INITIALIZED, a -> a.setInit(false));
        gp(Check.LINADDR_IN_ELRANGE, a -> a.pageinfo.linAddr(a.enclave.base() + a.enclave.size()));
        gp(Check.LINADDR_IN_ELRANGE, a -> a.pageinfo.linAddr(a.enclave.base() - Epc.PAGE_SIZE));
        gp(Check.SHADOW_STACK_NOT_AT_EDGE, a -> a.pageinfo.linAddr(a.enclave.base()));
        gp(
                Check.SHADOW_STACK_NOT_AT_EDGE,
                a -> a.pageinfo.linAddr(a.enclave.base() + a.enclave.size() - Epc.PAGE_SIZE));
        operand("RBX", (a, address) -> a.rbx = address);
        operand("RCX", (a, address) -> a.rcx = address);
        operand("PAGEINFO.SECS", (a, address) -> a.pageinfo.secs(address));
        operand("PAGEINFO.SECINFO", (a, address) -> a.pageinfo.secinfo(address));
    }

    @Override
    LeafAttempt call() {
        LeafAttempt a = new LeafAttempt(Leaf.EAUG, TestMachine.withCet());
        a.machine.lp.cr4Cet(true);
        a.machine.cpu.epc().page(a.free).fill((byte) 0x5a);
        a.rbx = a.machine.pageinfoAt;
        a.rcx = a.epc(a.free);
        a.pageinfo.secs(a.enclave.secsAt());
        a.pageinfo.linAddr(LINADDR);
        a.pageinfo.secinfo(a.machine.secinfoAt);
        a.secinfo.flags(SS_FIRST);
        return a;
    }

    private static LeafAttempt regular(CpuFeatures features) {
        LeafAttempt a = new LeafAttempt(Leaf.EAUG, features);
        a.machine.cpu.epc().page(a.free).fill((byte) 0x5a);
        a.rbx = a.machine.pageinfoAt;
        a.rcx = a.epc(a.free);
        a.pageinfo.secs(a.enclave.secsAt());
        a.pageinfo.linAddr(LINADDR);
        return a;
    }

    private static void invalidSecs(LeafAttempt a) {
        a.epcm.invalidate(a.page(a.pageinfo.secs()));
    }

    @Test
    void withoutASecinfoThePageIsReadWriteAndPending() {
        for (CpuFeatures features : List.of(CpuFeatures.SGX2, TestMachine.withCet())) {
            LeafAttempt a = regular(features);
            TestMachine.succeeds(a.run());
            assertThat(a.epcm.flags(a.free))
                    .isEqualTo(Epcm.VALID | Epcm.PENDING | Epcm.R | Epcm.W | PageType.REG.code() << Epcm.PT_SHIFT);
            assertThat(a.epcm.enclaveAddress(a.free)).isEqualTo(LINADDR);
            assertThat(a.epcm.enclaveSecs(a.free)).isEqualTo(a.secs());
            assertThat(Bytes.isZero(a.machine.cpu.epc().page(a.free))).isTrue();
            assertThat(a.enclaveState().children()).isEqualTo(3);
        }
    }

    @Test
    void anOrdinaryPageMayBeAtTheEdge() {
        LeafAttempt a = regular(CpuFeatures.SGX2);
        a.pageinfo.linAddr(a.enclave.base() + a.enclave.size() - Epc.PAGE_SIZE);
        TestMachine.succeeds(a.run());
    }

    @Test
    void theFirstPageOfAShadowStackHasAToken() {
        LeafAttempt a = call();
        TestMachine.succeeds(a.run());
        assertThat(Layouts.u64(a.machine.cpu.epc().page(a.free), 0xff8)).isEqualTo(LINADDR + 0x1000 | 1);
        assertThat(Bytes.isZero(a.machine.cpu.epc().page(a.free).asSlice(0, 0xff8)))
                .isTrue();
        assertThat(a.epcm.flags(a.free))
                .isEqualTo(Epcm.VALID | Epcm.PENDING | Epcm.R | Epcm.W | PageType.SS_FIRST.code() << Epcm.PT_SHIFT);
    }

    @Test
    void theOtherPagesOfAShadowStackAreZero() {
        LeafAttempt a = call();
        a.secinfo.pageType(PageType.SS_REST);
        TestMachine.succeeds(a.run());
        assertThat(Bytes.isZero(a.machine.cpu.epc().page(a.free))).isTrue();
        assertThat(a.epcm.pageType(a.free)).isEqualTo(PageType.SS_REST.code());
    }

    @Test
    void aProcessorWithSgx1HasNoSuchLeaf() {
        LeafAttempt a = regular(CpuFeatures.SGX1_FLC);
        assertThat(a.run())
                .isInstanceOfSatisfying(
                        Outcome.Faulted.class, f -> assertThat(f.fault()).isEqualTo(Fault.gp()));
    }

    /** A PAGEINFO in the EPC reads as all ones. */
    @Test
    void readsTheAbortPage() {
        LeafAttempt a = call();
        a.rbx = a.epc(a.reg);
        assertThat(a.run())
                .isInstanceOfSatisfying(
                        Outcome.Faulted.class, f -> assertThat(f.check()).isEqualTo(Check.SECINFO_ALIGNED));
    }
}
