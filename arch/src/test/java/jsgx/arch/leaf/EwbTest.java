package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.AccessCheck;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Ewb.Check;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.VaPage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EwbTest extends LeafChecks<Check, LeafAttempt> {

    private static final int SLOT = 7;

    EwbTest() {
        super(Check.class);
        gp(Check.PAGEINFO_ALIGNED, a -> a.rbx += 16);
        gp(Check.EPC_PAGE_ALIGNED, a -> a.rcx += 0x800);
        pf(Check.EPC_PAGE_IN_EPC, a -> a.rcx, a -> a.rcx = a.ordinary);
        gp(Check.VA_SLOT_ALIGNED, a -> a.rdx += 4);
        pf(Check.VA_SLOT_IN_EPC, a -> a.rdx, a -> a.rdx = a.ordinary);
        gp(Check.DISTINCT_PAGES, a -> a.rdx = a.rcx + 8);
        gp(Check.LINADDR_ZERO, a -> a.pageinfo.linAddr(0x1000));
        gp(Check.PAGEINFO_SECS_ZERO, a -> a.pageinfo.secs(a.enclave.secsAt()));
        gp(Check.PCMD_ALIGNED, a -> a.pageinfo.pcmd(a.pageinfo.pcmd() + 64));
        gp(Check.SRCPGE_ALIGNED, a -> a.pageinfo.srcPge(a.pageinfo.srcPge() + 0x800));
        gp(Check.EPC_PAGE_FREE, a -> a.holdShared(a.page(a.rcx)));
        gp(Check.EPC_PAGE_FREE, a -> a.holdExclusive(a.page(a.rcx)));
        gp(Check.VA_FREE, a -> a.holdExclusive(a.page(a.rdx)));
        pf(Check.EPC_PAGE_VALID, a -> a.rcx, a -> a.rcx = a.epc(a.free));
        pf(Check.VA_VALID, a -> a.rdx, a -> a.rdx = a.epc(a.tcs));
        pf(Check.VA_VALID, a -> a.rdx, a -> a.epcm.invalidate(a.page(a.rdx)));
        gp(Check.TRACKING_FREE, a -> {
            a.rcx = a.epc(a.reg);
            a.holdTracking(a.secs());
        });
        error(Check.BLOCKED, SgxError.PAGE_NOT_BLOCKED, a -> {
            a.rcx = a.epc(a.reg);
            a.epcm.update(a.reg, Epcm.BLOCKED, 0);
        });
        error(Check.TRACKED, SgxError.NOT_TRACKED, a -> {
            a.rcx = a.epc(a.reg);
            a.epcm.recordEpoch(a.reg, a.enclaveState().epoch());
        });
        error(Check.TRACKED, SgxError.NOT_TRACKED, a -> {
            a.rcx = a.epc(a.reg);
            a.epcm.recordEpoch(a.reg, a.enclaveState().epoch());
            a.leaveCycleIncomplete();
        });
        error(Check.CHILD_PRESENT, SgxError.CHILD_PRESENT, a -> a.rcx = a.enclave.secsAt());
        done(
                Check.VA_SLOT_EMPTY,
                SgxError.VA_SLOT_OCCUPIED,
                Outcome.Flags.CF,
                a -> new VaPage(a.machine.cpu.epc().page(a.va)).slot(SLOT, 8));
        operand("RBX", (a, address) -> a.rbx = address);
        operand("RCX", (a, address) -> a.rcx = address);
        operand("RDX", (a, address) -> a.rdx = address);
        operand("PAGEINFO.SRCPGE", (a, address) -> a.pageinfo.srcPge(address));
        operand("PAGEINFO.PCMD", (a, address) -> a.pageinfo.pcmd(address));
    }

    @Override
    LeafAttempt call() {
        LeafAttempt a = new LeafAttempt(Leaf.EWB);
        a.pager.block(a.reg);
        a.rbx = a.machine.pageinfoAt;
        a.rcx = a.epc(a.reg);
        a.rdx = a.pager.slot(a.va, SLOT);
        a.pageinfo.srcPge(a.outAt);
        a.pageinfo.pcmd(a.pcmdAt);
        a.out.fill((byte) 0xee);
        a.pcmd.memory().fill((byte) 0xee);
        return a;
    }

    @ParameterizedTest
    @EnumSource(names = {"REG", "TCS", "TRIM", "SS_FIRST", "SS_REST"})
    void aPageOfAnEnclaveNeedsBlockingAndTracking(PageType type) {
        LeafAttempt a = call();
        a.setType(a.reg, type);
        a.epcm.update(a.reg, Epcm.BLOCKED, 0);
        assertThat(a.run())
                .isInstanceOfSatisfying(
                        Outcome.Error.class, e -> assertThat(e.check()).isEqualTo(Check.BLOCKED));
        a.epcm.update(a.reg, 0, Epcm.BLOCKED);
        TestMachine.succeeds(a.run());
    }

    @Test
    void writesItAllDown() {
        LeafAttempt a = call();
        a.epcm.update(a.reg, 0, Epcm.PENDING | Epcm.MODIFIED | Epcm.PR);
        TestMachine.succeeds(a.run());

        long flags = Secinfo.R
                | Secinfo.W
                | Secinfo.PENDING
                | Secinfo.MODIFIED
                | Secinfo.PR
                | (long) PageType.REG.code() << 8;
        assertThat(a.pcmd.secinfo().flags()).isEqualTo(flags);
        assertThat(a.pcmd.secinfo().reservedIsZero()).isTrue();
        assertThat(a.pcmd.reservedIsZero()).isTrue();
        assertThat(a.pcmd.enclaveId()).isEqualTo(a.enclaveState().eid());
        assertThat(a.pageinfo.linAddr()).isEqualTo(a.enclave.base() + LeafAttempt.REG_OFFSET);
        assertThat(a.pager.version(a.rdx)).isEqualTo(8);
        assertThat(a.epcm.valid(a.reg)).isFalse();
        assertThat(a.enclaveState().children()).isEqualTo(1);
    }

    @Test
    void aVersionArrayNamesNoEnclaveAndNeedsNoBlocking() {
        LeafAttempt a = call();
        a.rcx = a.epc(Pager.version(a.machine));
        TestMachine.succeeds(a.run());
        assertThat(a.pcmd.enclaveId()).isZero();
        assertThat(a.pcmd.secinfo().flags()).isEqualTo((long) PageType.VA.code() << 8);
        assertThat(a.pageinfo.linAddr()).isZero();
    }

    @Test
    void aSecsNamesItself() {
        LeafAttempt a = call();
        a.rcx = a.enclave.secsAt();
        long eid = a.enclaveState().eid();
        a.enclaveState().removeChild();
        a.enclaveState().removeChild();
        TestMachine.succeeds(a.run());
        assertThat(a.pcmd.enclaveId()).isEqualTo(eid);
        assertThat(a.pcmd.secinfo().flags()).isZero();
        assertThat(a.machine.cpu.secs(a.secs())).isNull();
    }

    @Test
    void anOccupiedSlotIsOverwrittenAndThePageLeaves() {
        LeafAttempt a = call();
        VaPage slots = new VaPage(a.machine.cpu.epc().page(a.va));
        slots.slot(SLOT, 0x7770);
        slots.slot(SLOT - 1, 0x1110);
        slots.slot(SLOT + 1, 0x2220);
        assertThat(a.run()).isInstanceOfSatisfying(Outcome.Error.class, e -> {
            assertThat(e.code()).isEqualTo(SgxError.VA_SLOT_OCCUPIED);
            assertThat(e.flags()).isEqualTo(Outcome.Flags.CF);
        });
        assertThat(slots.slot(SLOT)).isEqualTo(8);
        assertThat(slots.slot(SLOT - 1)).isEqualTo(0x1110);
        assertThat(slots.slot(SLOT + 1)).isEqualTo(0x2220);
        assertThat(a.epcm.valid(a.reg)).isFalse();
        assertThat(a.pcmd.enclaveId()).isEqualTo(a.enclaveState().eid());
        assertThat(a.enclaveState().children()).isEqualTo(1);
    }

    /** Pages of one enclave leave at once on several processors, and the version array is shared. */
    @Test
    void sharesTheVersionArray() {
        LeafAttempt a = call();
        a.holdShared(a.va);
        a.holdShared(a.secs());
        TestMachine.succeeds(a.run());
    }

    @Test
    void faultsBeforeAnythingChangesWhereItCannotWrite() {
        LeafAttempt page = call();
        page.machine.memory.map(TestMachine.FREE_WINDOW, page.out.asReadOnly());
        cannotWrite(page, page.outAt);
        LeafAttempt pcmd = call();
        pcmd.machine.memory.map(TestMachine.FREE_WINDOW + 1, pcmd.pcmd.memory().asReadOnly());
        cannotWrite(pcmd, pcmd.pcmdAt);
        LeafAttempt pageinfo = call();
        pageinfo.machine.memory.map(0, pageinfo.pageinfo.memory().asReadOnly());
        cannotWrite(pageinfo, pageinfo.rbx);
    }

    private static void cannotWrite(LeafAttempt a, long address) {
        Object before = a.state();
        assertThat(a.run()).isInstanceOfSatisfying(Outcome.Faulted.class, f -> {
            assertThat(f.check()).isEqualTo(new AccessCheck(Leaf.EWB, AccessCheck.Kind.MAPPED));
            assertThat(f.fault()).isEqualTo(Fault.pf(address, Fault.PF_WRITE | Fault.PF_PRESENT));
        });
        assertThat(a.state()).isEqualTo(before);
    }

    /** A PAGEINFO in the EPC reads as all ones. */
    @Test
    void readsTheAbortPage() {
        LeafAttempt a = call();
        a.rbx = a.epc(a.tcs);
        assertThat(a.run())
                .isInstanceOfSatisfying(
                        Outcome.Faulted.class, f -> assertThat(f.check()).isEqualTo(Check.LINADDR_ZERO));
    }
}
