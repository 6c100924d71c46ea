package jsgx.machine.enclave;

import static jsgx.machine.enclave.TestThread.ACCERR;
import static jsgx.machine.enclave.TestThread.CODE;
import static jsgx.machine.enclave.TestThread.DATA;
import static jsgx.machine.enclave.TestThread.ENCLU;
import static jsgx.machine.enclave.TestThread.FRAMES;
import static jsgx.machine.enclave.TestThread.FREE;
import static jsgx.machine.enclave.TestThread.READ_ONLY;
import static jsgx.machine.enclave.TestThread.RESUME;
import static jsgx.machine.enclave.TestThread.SI_KERNEL;
import static jsgx.machine.enclave.TestThread.STORE;
import static jsgx.machine.enclave.TestThread.TCS;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import jsgx.arch.Leaf;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.Gprsgx;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Tcs;
import jsgx.driver.FaultResult;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.task.FaultAnswer;
import jsgx.machine.task.SignalInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** ENCLU outside of enclaves and inside, the leaves of SGX2 among them. */
@Timeout(60)
final class EncluExecutionTest {

    private final TestThread thread = new TestThread();

    @Test
    void entersAtTheEntryPointAndLeavesForTheTarget() {
        thread.put(CODE, ENCLU);

        assertThat(thread.enter()).isEqualTo(RESUME);

        assertThat(thread.execution.inside()).isTrue();
        assertThat(thread.rip()).isEqualTo(CODE);
        assertThat(thread.registers.get(Register.RAX)).isZero();
        assertThat(thread.registers.get(Register.RCX)).isEqualTo(thread.vdso + 3);
        assertThat(thread.registers.get(Register.FS_BASE)).isEqualTo(DATA);
        assertThat(thread.tcs().state()).isEqualTo(Tcs.ACTIVE);

        assertThat(thread.enclu(Leaf.EEXIT, CODE, thread.vdso + 3, 0)).isEqualTo(RESUME);

        assertThat(thread.execution.inside()).isFalse();
        assertThat(thread.rip()).isEqualTo(thread.vdso + 3);
        assertThat(thread.registers.get(Register.FS_BASE)).isZero();
        assertThat(thread.tcs().state()).isEqualTo(Tcs.INACTIVE);
        assertThat(thread.events(SgxEvent.Enclu.class))
                .extracting(SgxEvent.Enclu::leaf)
                .containsExactly(Leaf.EENTER, Leaf.EEXIT);
    }

    @Test
    void anEncluThatTheProcessorKnowsButCannotExecuteIsServedAllTheSame() {
        // Intel's processors without EPC: #PF at RBX + 0xfff, and #GP for what is not aligned.
        thread.registers.set(Register.RAX, Leaf.EENTER.number());
        thread.registers.set(Register.RBX, TCS);
        thread.registers.set(Register.RCX, thread.vdso);
        assertThat(thread.segmentation(TCS + 0xfff, ACCERR)).isEqualTo(RESUME);
        assertThat(thread.execution.inside()).isTrue();

        TestThread other = new TestThread();
        other.registers.set(Register.RAX, Leaf.EENTER.number());
        other.registers.set(Register.RBX, TCS);
        assertThat(other.raises(SignalInfo.SIGSEGV, SI_KERNEL)).isEqualTo(RESUME);
        assertThat(other.execution.inside()).isTrue();
    }

    @Test
    void aBusyTcsIsAGeneralProtectionFaultWhichTheVdsoReports() {
        thread.enter();
        TestThread other = thread.another();

        assertThat(other.enter()).isEqualTo(RESUME);

        assertThat(other.rip()).isEqualTo(thread.fixup);
        assertThat(other.registers.get(Register.RAX))
                .as("EENTER itself faulted")
                .isEqualTo(2);
        assertThat(other.registers.get(Register.RDI)).isEqualTo(13);
        assertThat(other.registers.get(Register.RSI)).isZero();
        assertThat(other.registers.get(Register.RDX)).isZero();
        assertThat(thread.execution.inside()).isTrue();
    }

    @Test
    void aFaultOfAnEncluElsewhereIsASignal() {
        FaultAnswer notAligned = thread.enclu(Leaf.EENTER, thread.own, TCS + 8, thread.own);
        FaultAnswer noEnclave = thread.enclu(Leaf.EENTER, thread.own, 0x1000, thread.own);
        FaultAnswer noLeaf = thread.enclu(Leaf.EREPORT, thread.own, 0, 0);

        assertThat(thread.signal(notAligned)).contains(new SignalInfo(SignalInfo.SIGSEGV, SI_KERNEL, 0, 13, 0));
        assertThat(thread.signal(noEnclave).orElseThrow().number()).isEqualTo(SignalInfo.SIGSEGV);
        assertThat(thread.signal(noEnclave).orElseThrow().address()).isEqualTo(0x1000);
        assertThat(thread.signal(noLeaf)).contains(new SignalInfo(SignalInfo.SIGSEGV, SI_KERNEL, 0, 13, 0));
        assertThat(thread.rip()).isEqualTo(thread.own);
    }

    @Test
    void anEntryWaitsForNobodyButLoadsPagesThatWereWrittenOut() {
        List<Long> asked = new ArrayList<>();
        int tcs = thread.space.epcPage(TCS);
        int ssa = thread.space.epcPage(TestThread.SSA);
        thread.space.zap(TCS, TCS + 0x2000);
        thread.driver = address -> {
            asked.add(address);
            thread.space.map(address, address == TCS ? tcs : ssa, 7);
            return FaultResult.NOPAGE;
        };

        assertThat(thread.enter()).isEqualTo(RESUME);

        assertThat(thread.execution.inside()).isTrue();
        assertThat(asked).containsExactly(TCS, TestThread.SSA);
    }

    @Test
    void aPageOfAnEntryThatIsNotToBeHadIsABusErrorOrAFixup() {
        thread.space.zap(TCS, TCS + 0x1000);

        FaultAnswer own = thread.enterFromOwn();
        FaultAnswer vdso = thread.enter();

        assertThat(thread.signal(own)).contains(new SignalInfo(SignalInfo.SIGBUS, 2, TCS, 14, 4));
        assertThat(vdso).isEqualTo(RESUME);
        assertThat(thread.rip()).isEqualTo(thread.fixup);
        assertThat(thread.registers.get(Register.RDI)).isEqualTo(14);
        assertThat(thread.registers.get(Register.RSI)).isEqualTo(4);
        assertThat(thread.registers.get(Register.RDX)).isEqualTo(TCS);
        assertThat(thread.registers.get(Register.RAX)).isEqualTo(2);
    }

    @Test
    void anEntryInsideAnEnclaveIsAGeneralProtectionFaultThere() {
        thread.put(CODE, ENCLU);
        thread.enter();

        thread.enclu(Leaf.EENTER, CODE, TCS, thread.vdso);

        assertThat(thread.execution.inside()).isFalse();
        assertThat(thread.rip()).isEqualTo(thread.fixup);
        assertThat(thread.registers.get(Register.RDI)).isEqualTo(13);
        assertThat(thread.registers.get(Register.RAX)).as("after an AEX").isEqualTo(3);
    }

    @Test
    void ssaFramesAreUsedOneByOneAndThenNoMore() {
        for (int frame = 0; frame < FRAMES; frame++) {
            assertThat(thread.enterFromOwn()).isEqualTo(RESUME);
            assertThat(thread.registers.get(Register.RAX)).isEqualTo(frame);
            thread.put(CODE, "0f0b");
            thread.registers.set(Register.R12, 100 + frame);
            thread.raises(SignalInfo.SIGILL, 2);
            assertThat(thread.tcs().cssa()).isEqualTo(frame + 1);
            assertThat(thread.gprsgx(frame).general(12)).isEqualTo(100 + frame);
            assertThat(thread.gprsgx(frame).exitInfo()).isEqualTo(Gprsgx.exitInfoOf(6, Gprsgx.HARDWARE_EXCEPTION));
        }

        FaultAnswer oneMore = thread.enterFromOwn();

        assertThat(thread.signal(oneMore)).contains(new SignalInfo(SignalInfo.SIGSEGV, SI_KERNEL, 0, 13, 0));
        assertThat(thread.tcs().state()).isEqualTo(Tcs.INACTIVE);
        for (int frame = FRAMES - 1; frame >= 0; frame--) {
            assertThat(thread.enclu(Leaf.ERESUME, thread.own, TCS, thread.own)).isEqualTo(RESUME);
            assertThat(thread.registers.get(Register.R12)).isEqualTo(100 + frame);
            assertThat(thread.tcs().cssa()).isEqualTo(frame);
            thread.put(CODE, ENCLU);
            thread.enclu(Leaf.EEXIT, CODE, thread.own + 3, 0);
        }
    }

    @Test
    void edeccssaGoesBackToTheFrameBelow() {
        thread.enterFromOwn();
        thread.put(CODE, "0f0b");
        thread.raises(SignalInfo.SIGILL, 2);
        thread.put(CODE, ENCLU);
        thread.enterFromOwn();
        assertThat(thread.tcs().cssa()).isEqualTo(1);

        thread.enclu(Leaf.EDECCSSA, CODE, 0, 0);

        assertThat(thread.tcs().cssa()).isZero();
        assertThat(thread.rip()).isEqualTo(CODE + 3);
        thread.put(CODE + 3, "0f0b");
        thread.raises(SignalInfo.SIGILL, 2);
        assertThat(thread.gprsgx(0).rip()).isEqualTo(CODE + 3);
    }

    @Test
    void eacceptOfAPageThatIsNotThereAddsItAndFinishesAtOnce() {
        thread.driver = thread::augment;
        secinfo(Secinfo.R | Secinfo.W | Secinfo.PENDING | 2 << 8);
        thread.put(CODE, ENCLU);
        thread.enter();
        thread.space.refreshed.clear();

        assertThat(thread.enclu(Leaf.EACCEPT, CODE, DATA, FREE)).isEqualTo(RESUME);

        assertThat(thread.execution.inside()).isTrue();
        assertThat(thread.rip()).isEqualTo(CODE + 3);
        assertThat(thread.registers.get(Register.RAX)).isZero();
        assertThat(thread.machine.cpu.epcm().has(thread.space.epcPage(FREE), Epcm.PENDING))
                .isFalse();
        assertThat(thread.space.refreshed).containsExactly(FREE);
        assertThat(thread.events(SgxEvent.PageFault.class)).hasSize(1);
        assertThat(thread.tcs().cssa()).isZero();
    }

    @Test
    void eacceptOfSomethingElseSaysSoInRaxAndZf() {
        secinfo(Secinfo.R | Secinfo.W | Secinfo.PENDING | 2 << 8);
        thread.put(CODE, ENCLU);
        thread.enter();

        thread.enclu(Leaf.EACCEPT, CODE, DATA, READ_ONLY);

        assertThat(thread.registers.get(Register.RAX)).isEqualTo(19);
        assertThat(thread.registers.get(Register.RFLAGS) & 0x40).isEqualTo(0x40);
        assertThat(thread.rip()).isEqualTo(CODE + 3);
        assertThat(thread.space.refreshed).isEmpty();
    }

    @Test
    void emodpeShowsThePageWithWhatItMayNow() {
        secinfo(Secinfo.R | Secinfo.W | 2 << 8);
        thread.put(CODE, ENCLU);
        thread.enter();

        thread.enclu(Leaf.EMODPE, CODE, DATA, READ_ONLY);

        assertThat(thread.space.refreshed).containsExactly(READ_ONLY);
        thread.put(CODE + 3, STORE);
        assertThat(thread.segmentation(READ_ONLY, ACCERR)).as("granted now").isEqualTo(RESUME);
        assertThat(thread.execution.inside()).isTrue();
    }

    /** Writes a SECINFO to the enclave's data page. */
    private void secinfo(long flags) {
        byte[] secinfo = new byte[Secinfo.SIZE];
        for (int i = 0; i < 8; i++) {
            secinfo[i] = (byte) (flags >>> (8 * i));
        }
        MemorySegment.copy(
                MemorySegment.ofArray(secinfo),
                0,
                thread.machine.cpu.epc().page(thread.space.epcPage(DATA)),
                0,
                secinfo.length);
    }
}
