package jsgx.machine.enclave;

import static jsgx.machine.enclave.TestThread.ACCERR;
import static jsgx.machine.enclave.TestThread.CODE;
import static jsgx.machine.enclave.TestThread.DATA;
import static jsgx.machine.enclave.TestThread.ENCLU;
import static jsgx.machine.enclave.TestThread.FREE;
import static jsgx.machine.enclave.TestThread.LOAD;
import static jsgx.machine.enclave.TestThread.MAPERR;
import static jsgx.machine.enclave.TestThread.READ_ONLY;
import static jsgx.machine.enclave.TestThread.RESUME;
import static jsgx.machine.enclave.TestThread.STACK;
import static jsgx.machine.enclave.TestThread.STORE;
import static jsgx.machine.enclave.TestThread.TCS;
import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.CpuFeatures;
import jsgx.arch.Leaf;
import jsgx.arch.RegisterFile.Register;
import jsgx.driver.FaultResult;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.task.FaultAnswer;
import jsgx.machine.task.SignalInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an access inside an enclave comes to that the processor faulted. */
@Timeout(60)
final class EnclaveFaultTest {

    private static final long WRITE = 0x8000 | 7;
    private static final long READ = 0x8000 | 5;

    private final TestThread thread = new TestThread();

    @Test
    void aWriteThatTheEpcmForbidsHasTheSgxBit() {
        thread.put(CODE, STORE);
        thread.enter();

        thread.segmentation(READ_ONLY + 0x123, ACCERR);

        thread.assertFixedUp(14, WRITE, READ_ONLY);
        assertThat(thread.gprsgx(0).rip()).isEqualTo(CODE);
    }

    @Test
    void aFetchThatTheEpcmForbidsHasTheSgxBit() {
        thread.enter();
        thread.registers.set(Register.RIP, DATA + 0x10);

        thread.segmentation(DATA + 0x10, ACCERR);

        thread.assertFixedUp(14, READ | 0x10, DATA);
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

        thread.assertFixedUp(14, 7, DATA);
    }

    @Test
    void whatTheProgramForbidsAltogetherIsNotPresent() {
        thread.protect(DATA, DATA + 0x1000, 0);
        thread.put(CODE, LOAD);
        thread.enter();

        thread.segmentation(DATA + 1, ACCERR);

        thread.assertFixedUp(14, 4, DATA);
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
        thread.assertFixedUp(14, WRITE, FREE);
    }

    @Test
    void aPageThatNobodyHasIsAPlainFaultInTheVdsoAndABusErrorElsewhere() {
        thread.put(CODE, LOAD);
        thread.enter();
        thread.segmentation(FREE, MAPERR);
        thread.assertFixedUp(14, 4, FREE);

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
}
