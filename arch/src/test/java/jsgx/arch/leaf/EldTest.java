package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Consumer;
import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.LinearMemory;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Eld.Step;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.VaPage;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The checks of the four leaves that load a page. */
class EldTest {

    @Nested
    class Eldu extends Loading {
        Eldu() {
            super(Leaf.ELDU);
        }
    }

    @Nested
    class Eldb extends Loading {
        Eldb() {
            super(Leaf.ELDB);
        }
    }

    @Nested
    class Elduc extends Loading {
        Elduc() {
            super(Leaf.ELDUC);
        }
    }

    @Nested
    class Eldbc extends Loading {
        Eldbc() {
            super(Leaf.ELDBC);
        }
    }

    abstract static class Loading extends LeafChecks<Eld.Check, LeafAttempt> {

        private final Leaf leaf;

        Loading(Leaf leaf) {
            super(Arrays.stream(Step.values())
                    .map(step -> new Eld.Check(leaf, step))
                    .toList());
            this.leaf = leaf;
            gp(Step.PAGEINFO_ALIGNED, a -> a.rbx += 16);
            gp(Step.EPC_PAGE_ALIGNED, a -> a.rcx += 0x800);
            pf(check(Step.EPC_PAGE_IN_EPC), a -> a.rcx, a -> a.rcx = a.ordinary);
            gp(Step.VA_SLOT_ALIGNED, a -> a.rdx += 1);
            pf(check(Step.VA_SLOT_IN_EPC), a -> a.rdx, a -> a.rdx = a.ordinary);
            gp(Step.PCMD_ALIGNED, a -> a.pageinfo.pcmd(a.pageinfo.pcmd() + 64));
            gp(Step.SRCPGE_ALIGNED, a -> a.pageinfo.srcPge(a.pageinfo.srcPge() + 0x800));
            conflict(Step.EPC_PAGE_FREE, a -> a.holdShared(a.page(a.rcx)));
            conflict(Step.EPC_PAGE_FREE, a -> a.holdExclusive(a.page(a.rcx)));
            conflict(Step.VA_FREE, a -> a.holdExclusive(a.page(a.rdx)));
            pf(check(Step.EPCM_INVALID), a -> a.rcx, a -> a.rcx = a.epc(a.tcs));
            pf(check(Step.VA_VALID), a -> a.rdx, a -> a.rdx = a.another(PageType.REG));
            pf(check(Step.VA_VALID), a -> a.rdx, a -> a.epcm.invalidate(a.page(a.rdx)));
            gp(Step.SECS_ALIGNED, a -> a.pageinfo.secs(a.pageinfo.secs() + 8));
            pf(check(Step.SECS_IN_EPC), a -> a.pageinfo.secs(), a -> a.pageinfo.secs(a.ordinary));
            conflict(Step.SECS_FREE, a -> a.holdExclusive(a.page(a.pageinfo.secs())));
            conflict(Step.SECS_FREE, a -> a.pageinfo.secs(a.rcx));
            pf(check(Step.SECS_VALID), a -> a.pageinfo.secs(), a -> a.pageinfo.secs(a.another(PageType.TCS)));
            pf(check(Step.SECS_VALID), a -> a.pageinfo.secs(), a -> a.pageinfo.secs(a.another(PageType.VA)));
            pf(check(Step.SECS_VALID), a -> a.pageinfo.secs(), a -> a.epcm.invalidate(a.page(a.pageinfo.secs())));
            error(check(Step.MAC), SgxError.MAC_COMPARE_FAIL, a -> a.pageinfo.linAddr(a.pageinfo.linAddr() + 0x1000));
            gp(Step.VERSION_UNCHANGED, EldTest::anotherLoadsItMeanwhile);
            operand("RBX", (a, address) -> a.rbx = address);
            operand("RCX", (a, address) -> a.rcx = address);
            operand("RDX", (a, address) -> a.rdx = address);
            operand("PAGEINFO.SRCPGE", (a, address) -> a.pageinfo.srcPge(address));
            operand("PAGEINFO.PCMD", (a, address) -> a.pageinfo.pcmd(address));
            operand("PAGEINFO.SECS", (a, address) -> a.pageinfo.secs(address));
        }

        @Override
        LeafAttempt call() {
            LeafAttempt a = new LeafAttempt(leaf);
            a.pager.block(a.reg);
            a.rbx = a.machine.pageinfoAt;
            a.rcx = a.epc(a.reg);
            a.rdx = a.pager.slot(a.va, 3);
            a.pageinfo.srcPge(a.outAt);
            a.pageinfo.pcmd(a.pcmdAt);
            TestMachine.succeeds(Encls.ewb(a.machine.lp, a.rbx, a.rcx, a.rdx));
            a.pageinfo.secs(a.enclave.secsAt());
            return a;
        }

        private Eld.Check check(Step step) {
            return new Eld.Check(leaf, step);
        }

        private void gp(Step step, Consumer<LeafAttempt> violation) {
            gp(check(step), violation);
        }

        /** #GP, or a code from the leaves that end in C. */
        private void conflict(Step step, Consumer<LeafAttempt> violation) {
            if (leaf == Leaf.ELDBC || leaf == Leaf.ELDUC) {
                error(check(step), SgxError.EPC_PAGE_CONFLICT, violation);
            } else {
                gp(step, violation);
            }
        }

        @Test
        void aPageOfAnEnclaveComesBack() {
            LeafAttempt a = call();
            a.leaveCycleIncomplete();
            TestMachine.succeeds(a.run());
            boolean blocked = leaf == Leaf.ELDB || leaf == Leaf.ELDBC;
            assertThat(a.epcm.flags(a.reg))
                    .isEqualTo(Epcm.VALID
                            | Epcm.R
                            | Epcm.W
                            | PageType.REG.code() << Epcm.PT_SHIFT
                            | (blocked ? Epcm.BLOCKED : 0));
            assertThat(a.epcm.enclaveAddress(a.reg)).isEqualTo(a.enclave.base() + LeafAttempt.REG_OFFSET);
            assertThat(a.epcm.enclaveSecs(a.reg)).isEqualTo(a.secs());
            assertThat(a.epcm.blockEpoch(a.reg))
                    .isEqualTo(blocked ? a.enclaveState().epoch() : 0);
            assertThat(a.enclaveState().children()).isEqualTo(2);
            assertThat(a.pager.version(a.rdx)).isZero();
            assertThat(Layouts.u32(a.machine.cpu.epc().page(a.reg), 0)).isEqualTo(0x030201);
        }

        @Test
        void aVersionArrayIsNeverBlocked() {
            LeafAttempt a = call();
            int va = Pager.version(a.machine);
            new VaPage(a.machine.cpu.epc().page(va)).slot(0, 0x1238);
            Pager.Evicted evicted = a.pager.evict(va);
            a.pageinfo.linAddr(0);
            // No SECS: the operand is not looked at.
            a.pageinfo.secs(1);
            a.rcx = a.epc(va);
            a.rdx = evicted.slot();
            TestMachine.succeeds(a.run());
            assertThat(a.epcm.flags(va)).isEqualTo(Epcm.VALID | PageType.VA.code() << Epcm.PT_SHIFT);
            assertThat(a.epcm.enclaveSecs(va)).isEqualTo(Epcm.NO_SECS);
            assertThat(a.pager.version(a.pager.slot(va, 0))).isEqualTo(0x1238);
        }
    }

    /** When the leaf comes to the source page, another one has loaded the page elsewhere and cleared the slot. */
    private static void anotherLoadsItMeanwhile(LeafAttempt a) {
        LinearMemory memory = a.machine.memory;
        VaPage slots = new VaPage(a.machine.cpu.epc().page(a.va));
        int slot = (int) (a.rdx & 0xfff) / VaPage.SLOT_SIZE;
        long version = slots.slot(slot);
        a.machine.lp.memory(new LinearMemory() {
            @Override
            public int epcPage(long linear) {
                return memory.epcPage(linear);
            }

            @Override
            public MemorySegment ordinary(long linear, long size, boolean write) throws PageFaultException {
                if (linear == a.outAt) {
                    slots.slot(slot, 0);
                    a.afterwards(() -> slots.slot(slot, version));
                }
                return memory.ordinary(linear, size, write);
            }
        });
    }
}
