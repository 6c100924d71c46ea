package jsgx.machine.enclave;

import static jsgx.machine.enclave.TestThread.CODE;
import static jsgx.machine.enclave.TestThread.DATA;
import static jsgx.machine.enclave.TestThread.ENCLU;
import static jsgx.machine.enclave.TestThread.FRAMES;
import static jsgx.machine.enclave.TestThread.FREE;
import static jsgx.machine.enclave.TestThread.READ_ONLY;
import static jsgx.machine.enclave.TestThread.STACK;
import static jsgx.machine.enclave.TestThread.TCS;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Encls;
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

final class EnclaveExecutionTest {

    private static final FaultAnswer RESUME = new FaultAnswer.Resume();
    private static final int MAPERR = 1;
    private static final int ACCERR = 2;
    private static final int SI_KERNEL = 0x80;
    private static final long WRITE = 0x8000 | 7;
    private static final long READ = 0x8000 | 5;

    /** MOV [RDI], RAX. */
    private static final String STORE = "488907";

    /** MOV RAX, [RDI]. */
    private static final String LOAD = "488b07";

    private final TestThread thread = new TestThread();

    // ENCLU.

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

    // Leaves of SGX2.

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

    // Memory faults inside.

    @Test
    void aWriteThatTheEpcmForbidsHasTheSgxBit() {
        thread.put(CODE, STORE);
        thread.enter();

        thread.segmentation(READ_ONLY + 0x123, ACCERR);

        fixedUp(14, WRITE, READ_ONLY);
        assertThat(thread.gprsgx(0).rip()).isEqualTo(CODE);
    }

    @Test
    void aFetchThatTheEpcmForbidsHasTheSgxBit() {
        thread.enter();
        thread.registers.set(Register.RIP, DATA + 0x10);

        thread.segmentation(DATA + 0x10, ACCERR);

        fixedUp(14, READ | 0x10, DATA);
    }

    @Test
    void aFetchOfAPageThatIsNotShownIsNoWriteWhateverTheInstructionDoes() {
        thread.put(CODE, STORE);
        thread.enter();

        assertThat(thread.segmentation(CODE, ACCERR)).isEqualTo(RESUME);

        assertThat(thread.execution.inside()).isTrue();
        assertThat(thread.space.refreshed).containsExactly(CODE);
    }

    @Test
    void aWriteThatTheProgramForbidsHasNoSgxBit() {
        thread.protect(DATA, DATA + 0x1000, 1);
        thread.put(CODE, STORE);
        thread.enter();

        thread.segmentation(DATA, ACCERR);

        fixedUp(14, 7, DATA);
    }

    @Test
    void whatTheProgramForbidsAltogetherIsNotPresent() {
        thread.protect(DATA, DATA + 0x1000, 0);
        thread.put(CODE, LOAD);
        thread.enter();

        thread.segmentation(DATA + 1, ACCERR);

        fixedUp(14, 4, DATA);
    }

    @Test
    void anAccessThatAllRulesAllowIsRepairedWithoutLeaving() {
        thread.put(CODE, STORE);
        thread.enter();

        assertThat(thread.segmentation(DATA + 8, ACCERR)).isEqualTo(RESUME);

        assertThat(thread.execution.inside()).isTrue();
        assertThat(thread.rip()).isEqualTo(CODE);
        assertThat(thread.space.refreshed).containsExactly(DATA);
        assertThat(thread.events(SgxEvent.AsynchronousExit.class)).isEmpty();
    }

    @Test
    void aPageThatCannotBeShownEndsInASignalRatherThanInALoop() {
        thread.put(CODE, STORE);
        thread.enter();
        FaultAnswer answer = RESUME;

        for (int i = 0; i < 100 && answer.equals(RESUME); i++) {
            answer = thread.segmentation(DATA, ACCERR);
        }

        assertThat(thread.signal(answer).orElseThrow().number()).isEqualTo(SignalInfo.SIGSEGV);
        assertThat(thread.execution.inside()).isFalse();
    }

    @Test
    void repairsBetweenWhichTheThreadExecutesEncluAreNoLoop() {
        thread.put(CODE, ENCLU);
        for (int i = 0; i < 100; i++) {
            thread.enter();
            assertThat(thread.segmentation(CODE, ACCERR)).isEqualTo(RESUME);
            thread.enclu(Leaf.EEXIT, CODE, thread.vdso + 3, 0);
        }
        assertThat(thread.execution.inside()).isFalse();
        assertThat(thread.rip()).isEqualTo(thread.vdso + 3);
    }

    @Test
    void aPageThatWasWrittenOutIsLoadedBehindAnAexAndTheThreadGoesOnInside() {
        int page = thread.space.epcPage(DATA);
        thread.space.zap(DATA, DATA + 0x1000);
        thread.driver = address -> {
            thread.space.map(address, page, 7);
            return FaultResult.NOPAGE;
        };
        thread.put(CODE, LOAD);
        thread.enter();
        thread.registers.set(Register.R13, 13);

        assertThat(thread.segmentation(DATA + 0x20, MAPERR)).isEqualTo(RESUME);

        assertThat(thread.execution.inside()).isTrue();
        assertThat(thread.rip()).isEqualTo(CODE);
        assertThat(thread.registers.get(Register.R13)).isEqualTo(13);
        assertThat(thread.tcs().cssa()).isZero();
        assertThat(thread.events)
                .extracting(SgxEvent::kind)
                .containsExactly(SgxEvent.Kind.ENCLU, SgxEvent.Kind.AEX, SgxEvent.Kind.FAULT, SgxEvent.Kind.ENCLU);
    }

    @Test
    void anAepThatIsNoEncluIsReachedAfterARepair() {
        thread.driver = thread::augment;
        thread.put(CODE, STORE);
        thread.enclu(Leaf.EENTER, thread.own, TCS, thread.own + 0x40);

        assertThat(thread.segmentation(FREE, MAPERR)).isEqualTo(RESUME);

        assertThat(thread.execution.inside()).isFalse();
        assertThat(thread.rip()).isEqualTo(thread.own + 0x40);
        assertThat(thread.registers.get(Register.RAX)).isEqualTo(3);
        assertThat(thread.registers.get(Register.RBX)).isEqualTo(TCS);
        assertThat(thread.registers.get(Register.RSP)).isEqualTo(STACK);
    }

    @Test
    void aPageThatTheDriverAddsWaitsForItsAcceptance() {
        thread.driver = thread::augment;
        thread.put(CODE, STORE);
        thread.enter();

        assertThat(thread.segmentation(FREE + 9, MAPERR)).isEqualTo(RESUME);
        assertThat(thread.execution.inside()).isTrue();

        thread.segmentation(FREE + 9, ACCERR);
        fixedUp(14, WRITE, FREE);
    }

    @Test
    void aPageThatNobodyHasIsAPlainFaultInTheVdsoAndABusErrorElsewhere() {
        thread.put(CODE, LOAD);
        thread.enter();
        thread.segmentation(FREE, MAPERR);
        fixedUp(14, 4, FREE);

        TestThread other = new TestThread();
        other.put(CODE, LOAD);
        other.enterFromOwn();
        FaultAnswer answer = other.segmentation(FREE + 7, MAPERR);
        assertThat(other.signal(answer)).contains(new SignalInfo(SignalInfo.SIGBUS, 2, FREE, 14, 4));
        assertThat(other.rip()).isEqualTo(other.own);
    }

    @Test
    void memoryOutsideTheEnclaveIsTheProgramsOwnAffair() {
        thread.put(CODE, STORE);
        thread.enterFromOwn();

        FaultAnswer answer = thread.segmentation(0x1234, MAPERR);

        assertThat(thread.signal(answer)).contains(new SignalInfo(SignalInfo.SIGSEGV, MAPERR, 0x1000, 14, 6));
        assertThat(thread.execution.inside()).isFalse();
    }

    @Test
    void aProcessorWithoutSgx2RaisesGeneralProtectionWhereTheEpcmForbids() {
        TestThread old = new TestThread(CpuFeatures.SGX1);
        old.put(CODE, STORE);
        old.enter();

        old.segmentation(READ_ONLY, ACCERR);

        assertThat(old.rip()).isEqualTo(old.fixup);
        assertThat(old.registers.get(Register.RDI)).isEqualTo(13);
    }

    // Other exceptions inside.

    @Test
    void exceptionsLeaveWithTheirVectorAndASyntheticState() {
        exception("f7f1", SignalInfo.SIGFPE, 1, 0, 1);
        exception("0f0b", SignalInfo.SIGILL, 2, 6, 2);
        exception("0f20c0", SignalInfo.SIGSEGV, SI_KERNEL, 13, SI_KERNEL);
        exception("d8c1", SignalInfo.SIGFPE, 3, 16, 7);
        exception("0f58c1", SignalInfo.SIGFPE, 3, 19, 7);
        exception("488b07", SignalInfo.SIGBUS, 1, 17, 1);
    }

    private static void exception(String code, int signal, int siCode, int vector, int codeOutside) {
        TestThread thread = new TestThread();
        thread.put(CODE, code);
        thread.enterFromOwn();
        thread.registers.set(Register.R15, 15);

        FaultAnswer answer = thread.raises(signal, siCode);

        SignalInfo seen = thread.signal(answer).orElseThrow();
        assertThat(seen.number()).isEqualTo(signal);
        assertThat(seen.code()).isEqualTo(codeOutside);
        assertThat(seen.trap()).isEqualTo(vector);
        assertThat(seen.address()).as(code).isIn(0L, thread.own);
        assertThat(thread.rip()).isEqualTo(thread.own);
        assertThat(thread.registers.get(Register.R15)).isZero();
        assertThat(thread.registers.get(Register.RSP)).isEqualTo(STACK);
        assertThat(thread.registers.get(Register.RAX)).isEqualTo(3);
        assertThat(thread.gprsgx(0).general(15)).isEqualTo(15);
        assertThat(thread.gprsgx(0).rip()).isEqualTo(CODE);
        assertThat(thread.tcs().cssa()).isEqualTo(1);
    }

    @Test
    void int3IsATrapWhoseAddressIsBehindIt() {
        thread.enter();
        thread.put(CODE, "cc90");
        thread.registers.set(Register.RIP, CODE + 1);

        FaultAnswer answer = thread.raises(SignalInfo.SIGTRAP, SI_KERNEL);

        // The kernel fixes up neither #BP nor #DB.
        assertThat(thread.signal(answer)).contains(new SignalInfo(SignalInfo.SIGTRAP, SI_KERNEL, 0, 3, 0));
        assertThat(thread.rip()).isEqualTo(thread.vdso);
        assertThat(thread.gprsgx(0).rip()).isEqualTo(CODE + 1);
        assertThat(thread.gprsgx(0).exitInfo()).isEqualTo(Gprsgx.exitInfoOf(3, Gprsgx.SOFTWARE_EXCEPTION));
    }

    @Test
    void instructionsThatEnclavesMayNotExecuteAreUndefinedThere() {
        for (String code : List.of("e610", "ee", "cd80", "0fa2", "cb", "48cf", "0f00c0", "0f0100", "8ed8", "6c")) {
            TestThread thread = new TestThread();
            thread.put(CODE, code);
            thread.enter();

            thread.raises(SignalInfo.SIGSEGV, SI_KERNEL);

            assertThat(thread.registers.get(Register.RDI)).as(code).isEqualTo(6);
            assertThat(thread.rip()).isEqualTo(thread.fixup);
        }
    }

    @Test
    void aSystemCallInsideIsUndefinedAtTheInstruction() {
        thread.put(CODE, "0f05");
        thread.enter();
        thread.registers.set(Register.RIP, CODE + 2);

        assertThat(thread.execution.systemCallInside(2)).isEqualTo(RESUME);

        fixedUp(6, 0, 0);
        assertThat(thread.gprsgx(0).rip()).isEqualTo(CODE);
    }

    @Test
    void codeOutsideTheEnclaveIsAGeneralProtectionFaultAtItsNextEvent() {
        thread.enter();
        thread.registers.set(Register.RIP, thread.own + 3);

        thread.raises(SignalInfo.SIGILL, 2);

        fixedUp(13, 0, 0);
    }

    // Interrupts and signals.

    @Test
    void anInterruptLeavesTheEnclaveOnceAndNothingElse() {
        thread.enter();
        thread.registers.set(Register.RSI, 77);

        thread.execution.interrupted(0xfd);
        thread.execution.interrupted(0xfd);

        assertThat(thread.execution.inside()).isFalse();
        assertThat(thread.rip()).isEqualTo(thread.vdso);
        assertThat(thread.registers.get(Register.RSI)).isZero();
        assertThat(thread.tcs().cssa()).isEqualTo(1);
        assertThat(thread.tcs().state()).isEqualTo(Tcs.INACTIVE);
        assertThat(thread.gprsgx(0).exitInfo()).isZero();
        assertThat(thread.enclu(Leaf.ERESUME, thread.vdso, TCS, thread.vdso)).isEqualTo(RESUME);
        assertThat(thread.registers.get(Register.RSI)).isEqualTo(77);
        assertThat(thread.tcs().cssa()).isZero();
    }

    @Test
    void aSignalThatSomebodySentIsNoException() {
        thread.enter();
        SignalInfo sent = new SignalInfo(SignalInfo.SIGSEGV, 0, 0, -1, -1);

        assertThat(thread.execution.fault(sent)).isEqualTo(new FaultAnswer.Deliver(sent));

        assertThat(thread.execution.inside()).isFalse();
        assertThat(thread.rip()).isEqualTo(thread.vdso);
    }

    @Test
    void aThreadThatEndsInsideFreesItsTcs() {
        thread.enter();
        assertThat(thread.space.occupants).isEqualTo(1);

        thread.execution.ended();

        assertThat(thread.space.occupants).isZero();
        assertThat(thread.tcs().state()).isEqualTo(Tcs.INACTIVE);
        assertThat(Encls.etrack(thread.machine.lp, thread.enclave.secsAt()).isSuccess())
                .isTrue();
    }

    // The program itself.

    @Test
    void faultsOfTheProgramAreItsOwn() {
        thread.put(thread.own, LOAD);
        thread.registers.set(Register.RIP, thread.own);
        SignalInfo info = new SignalInfo(SignalInfo.SIGSEGV, MAPERR, 0x10, 14, 4);

        assertThat(thread.execution.fault(info)).isEqualTo(new FaultAnswer.Deliver(info));
    }

    @Test
    void theProgramsAccessToAnEnclavesPageLoadsIt() {
        thread.driver = thread::augment;
        thread.put(thread.own, LOAD);
        thread.registers.set(Register.RIP, thread.own);

        assertThat(thread.segmentation(FREE, MAPERR)).isEqualTo(RESUME);

        assertThat(thread.space.epcPage(FREE)).isNotNegative();
        assertThat(thread.rip()).isEqualTo(thread.own);
    }

    @Test
    void cpuidIsServedWhereItTrapsAndWhereItWasReplaced() {
        thread.put(thread.own, "0fa2");
        thread.registers.set(Register.RIP, thread.own);
        thread.registers.set(Register.RAX, 0x12);
        thread.registers.set(Register.RCX, 0);
        assertThat(thread.raises(SignalInfo.SIGSEGV, SI_KERNEL)).isEqualTo(RESUME);
        assertThat(thread.rip()).isEqualTo(thread.own + 2);
        assertThat(thread.registers.get(Register.RAX) & 3).isEqualTo(3);

        thread.put(thread.own, "0f0b");
        thread.registers.set(Register.RIP, thread.own);
        assertThat(thread.signal(thread.raises(SignalInfo.SIGILL, 2)))
                .as("its own UD2")
                .isPresent();
        thread.cpuidSites.add(thread.own);
        assertThat(thread.raises(SignalInfo.SIGILL, 2)).isEqualTo(RESUME);
        assertThat(thread.rip()).isEqualTo(thread.own + 2);
        thread.cpuidSites.forget(thread.own & -4096, thread.own + 1);
        thread.registers.set(Register.RIP, thread.own);
        assertThat(thread.signal(thread.raises(SignalInfo.SIGILL, 2))).isPresent();
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

    private void fixedUp(long vector, long errorCode, long address) {
        assertThat(thread.execution.inside()).isFalse();
        assertThat(thread.rip()).isEqualTo(thread.fixup);
        assertThat(thread.registers.get(Register.RDI)).isEqualTo(vector);
        assertThat(Long.toHexString(thread.registers.get(Register.RSI))).isEqualTo(Long.toHexString(errorCode));
        assertThat(thread.registers.get(Register.RDX)).isEqualTo(address);
        assertThat(thread.registers.get(Register.RAX)).isEqualTo(3);
        assertThat(thread.tcs().state()).isEqualTo(Tcs.INACTIVE);
    }
}
