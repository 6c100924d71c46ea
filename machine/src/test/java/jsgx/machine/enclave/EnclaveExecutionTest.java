package jsgx.machine.enclave;

import static jsgx.machine.enclave.TestThread.CODE;
import static jsgx.machine.enclave.TestThread.FREE;
import static jsgx.machine.enclave.TestThread.LOAD;
import static jsgx.machine.enclave.TestThread.MAPERR;
import static jsgx.machine.enclave.TestThread.RESUME;
import static jsgx.machine.enclave.TestThread.SI_KERNEL;
import static jsgx.machine.enclave.TestThread.STACK;
import static jsgx.machine.enclave.TestThread.TCS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.struct.Gprsgx;
import jsgx.arch.struct.Tcs;
import jsgx.machine.task.FaultAnswer;
import jsgx.machine.task.SignalInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Exceptions inside an enclave, interrupts and signals, and what is the program's own. */
@Timeout(60)
final class EnclaveExecutionTest {

    private final TestThread thread = new TestThread();

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

        thread.assertFixedUp(6, 0, 0);
        assertThat(thread.gprsgx(0).rip()).isEqualTo(CODE);
    }

    @Test
    void codeOutsideTheEnclaveIsAGeneralProtectionFaultAtItsNextEvent() {
        thread.enter();
        thread.registers.set(Register.RIP, thread.own + 3);

        thread.raises(SignalInfo.SIGILL, 2);

        thread.assertFixedUp(13, 0, 0);
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
}
