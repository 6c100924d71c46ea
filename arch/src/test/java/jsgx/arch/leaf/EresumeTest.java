package jsgx.arch.leaf;

import static jsgx.arch.leaf.EnclaveCall.AEP;
import static jsgx.arch.leaf.EnclaveCall.CET_SAVE;
import static jsgx.arch.leaf.EnclaveCall.SSA;
import static jsgx.arch.leaf.EnclaveCall.TCS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.Segments;
import jsgx.arch.Xsave;
import jsgx.arch.leaf.Eresume.Check;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Tcs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EresumeTest extends EntryChecks<Check> {

    private static final long WIDE = 0x1_0000_0000L;

    EresumeTest() {
        super(Check.class);
        Supplier<EnclaveCall> notify64 = () -> notified(EnclaveCall.Kind.SGX2);
        Supplier<EnclaveCall> notify32 = () -> notified(EnclaveCall.Kind.MODE32);
        gp(Check.CSSA_NOT_ZERO, call -> call.tcs().cssa(0));
        frame("", 0);
        on(call32);
        inDs(Check.GPR_IN_DS, 0x3ffe);
        inDs(Check.FS_IN_DS, 0x9ffe);
        inDs(Check.GS_IN_DS, 0xaffe);
        gp(Check.TARGET_IN_CS, call -> call.gprsgx(0).rip(WIDE));
        on(notify64);
        gp(Check.CSSA_BELOW_NSSA, call -> call.tcs().nssa(1));
        frame("NEXT_", 1);
        gp(Check.TARGET_CANONICAL, call -> call.tcs().oentry(NOT_CANONICAL - call.at(0)));
        gp(Check.FSBASE_CANONICAL, call -> call.tcs().ofsBase(NOT_CANONICAL - call.at(0)));
        gp(Check.GSBASE_CANONICAL, call -> call.tcs().ogsBase(NOT_CANONICAL - call.at(0)));
        on(notify32);
        inDs(Check.NEXT_GPR_IN_DS, 0x5ffe);
        gp(Check.TARGET_IN_CS, call -> call.tcs().oentry(WIDE));
        on(call64);
        gp(Check.TARGET_CANONICAL, call -> call.gprsgx(0).rip(NOT_CANONICAL));
        gp(Check.FSBASE_CANONICAL, call -> call.gprsgx(0).fsBase(NOT_CANONICAL));
        gp(Check.GSBASE_CANONICAL, call -> call.gprsgx(0).gsBase(-NOT_CANONICAL - 1));
        gp(Check.XRSTOR, call -> xsave(call, Xsave.XCOMP_BV, 1));
        gp(Check.XRSTOR, call -> xsave(call, Xsave.XCOMP_BV + 8, 1));
        gp(Check.XRSTOR, call -> xsave(call, Xsave.XSTATE_BV, 7 | 1 << 9));
        gp(Check.XRSTOR, call -> Layouts.u32(call.content(SSA), Xsave.MXCSR, 0x1_0000));
        onAny();
        cet();
        on(callCet);
        gp(Check.CET_STATE, call -> Layouts.u64(call.content(CET_SAVE), 0, NOT_CANONICAL));
        gp(Check.CET_STATE, call -> Layouts.u64(call.content(CET_SAVE), 0, 2));
        gp(Check.CET_STATE, call -> Layouts.u64(call.content(CET_SAVE), 8, 3));
        gp(Check.CET_STATE, call -> Layouts.u64(call.content(CET_SAVE), 8, 4));
    }

    private void inDs(Check check, long lastByte) {
        segment(check, call -> new Segments(0, LIMIT_2G, true, 0, call.at(lastByte), 0, 0, true));
    }

    private static void xsave(EnclaveCall call, int offset, long value) {
        Layouts.u64(call.content(SSA), offset, value);
    }

    @Override
    EnclaveCall call(EnclaveCall.Kind kind) {
        EnclaveCall call = new EnclaveCall(Leaf.ERESUME, kind).enter().interrupt();
        call.rbx = call.at(TCS);
        call.rcx = AEP;
        return call;
    }

    /** A call that tells the enclave of the AEX in place of resuming. */
    private EnclaveCall notified(EnclaveCall.Kind kind) {
        EnclaveCall call = call(kind);
        call.gprsgx(0).aexNotify(1);
        return call;
    }

    @Test
    void goesOnWithAllRegisters() {
        EnclaveCall call = new EnclaveCall(Leaf.ERESUME, EnclaveCall.Kind.SGX2).enter();
        call.rbx = call.at(TCS);
        call.rcx = AEP + 1;
        RegisterFile registers = call.machine.lp.registers();
        Map<Register, Long> inside = new EnumMap<>(Register.class);
        for (Register register : Register.values()) {
            if (register != Register.RFLAGS && register.ordinal() < Register.SSP.ordinal()) {
                registers.set(register, 0x7000L + register.ordinal());
                inside.put(register, registers.get(register));
            }
        }
        registers.set(Register.RFLAGS, Rflags.RESTORED_BY_ERESUME | 2);
        call.interrupt();
        assertThat(registers.get(Register.FS_BASE)).isZero();
        registers.set(Register.RFLAGS, 0x202 | Rflags.TF);
        registers.set(Register.RSP, 0x1);

        assertThat(call.run()).isEqualTo(new Outcome.Success(Leaf.ERESUME, Outcome.Flags.UNCHANGED));

        inside.forEach((register, value) ->
                assertThat(registers.get(register)).as(register.name()).isEqualTo(value));
        assertThat(registers.get(Register.RFLAGS)).isEqualTo(Rflags.RESTORED_BY_ERESUME | 0x202);
        assertThat(call.tcs().cssa()).isZero();
        assertThat(call.tcs().aep()).isEqualTo(AEP + 1);
        assertThat(call.tcs().state()).isEqualTo(Tcs.ACTIVE);
        assertThat(call.machine.lp.xcr0()).isEqualTo(7);

        // The next AEX fills the same frame and gives back what was outside at EENTER, and TF of now.
        call.interrupt();
        assertThat(call.tcs().cssa()).isEqualTo(1);
        assertThat(registers.get(Register.RSP)).isEqualTo(0x7fff_1000);
        assertThat(registers.get(Register.RIP)).isEqualTo(AEP + 1);
        assertThat(registers.get(Register.RFLAGS) & Rflags.TF).isEqualTo(Rflags.TF);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Rflags.IOPL})
    void theInterruptFlagNeedsIopl3(long iopl) {
        EnclaveCall call = call();
        call.gprsgx(0).rflags(0);
        call.machine.lp.registers().set(Register.RFLAGS, Rflags.IF | iopl);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.machine.lp.registers().get(Register.RFLAGS) & Rflags.IF).isEqualTo(iopl == 0 ? Rflags.IF : 0);
    }

    @Test
    void aNotifiedThreadBeginsAtItsEntryPoint() {
        EnclaveCall call = notified(EnclaveCall.Kind.SGX2);
        RegisterFile registers = call.machine.lp.registers();
        registers.set(Register.RIP, 0x40_0000);
        registers.set(Register.RSP, 0x4444);
        registers.set(Register.RDI, 0x5555);
        call.gprsgx(0).rdi(0x6666);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(registers.get(Register.RIP)).isEqualTo(call.at(0x10));
        assertThat(registers.get(Register.RAX)).as("CSSA").isEqualTo(1);
        assertThat(registers.get(Register.RCX)).isEqualTo(0x40_0003);
        assertThat(registers.get(Register.RDI)).as("nothing is restored").isEqualTo(0x5555);
        assertThat(registers.get(Register.FS_BASE)).isEqualTo(call.at(EnclaveCall.OPERAND_1));
        assertThat(call.tcs().cssa()).isEqualTo(1);
        assertThat(call.gprsgx(1).ursp()).isEqualTo(0x4444);
        call.gprsgx(0).rip(0xdead);
        call.interrupt();
        assertThat(call.tcs().cssa()).isEqualTo(2);
        assertThat(call.gprsgx(0).rip()).isEqualTo(0xdead);
    }

    @Test
    void aFrameAsksForNotificationOnlyWhereTheTcsDoes() {
        EnclaveCall call = notified(EnclaveCall.Kind.SGX2);
        call.tcs().flags(Tcs.DBGOPTIN);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.tcs().cssa()).isZero();
    }

    @Test
    void cetGoesOn() {
        EnclaveCall call = new EnclaveCall(Leaf.ERESUME, EnclaveCall.Kind.CET).enter();
        call.rbx = call.at(TCS);
        RegisterFile registers = call.machine.lp.registers();
        registers.set(Register.SSP, 0x9990);
        registers.set(Register.U_CET, 5 | 1 << 11);
        call.interrupt();
        assertThat(registers.get(Register.SSP)).isZero();
        assertThat(registers.get(Register.U_CET)).isZero();
        assertThat(Layouts.u64(call.content(CET_SAVE), 8)).isEqualTo(2);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(registers.get(Register.SSP)).isEqualTo(0x9990);
        assertThat(registers.get(Register.U_CET)).isEqualTo(5 | 1 << 11);
    }

    @Test
    void aNotifiedThreadBeginsWithCetOfItsTcs() {
        EnclaveCall call = notified(EnclaveCall.Kind.CET);
        call.tcs().prevSsp(0x8880);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.machine.lp.registers().get(Register.SSP)).isEqualTo(0x8880);
        call.machine.lp.registers().set(Register.SSP, 0x8890);
        call.interrupt();
        assertThat(Layouts.u64(call.content(CET_SAVE), 16)).isEqualTo(0x8890);
    }
}
