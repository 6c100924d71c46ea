package jsgx.arch.leaf;

import static jsgx.arch.TestMachine.succeeds;
import static jsgx.arch.leaf.EnclaveCall.AEP;
import static jsgx.arch.leaf.EnclaveCall.TCS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Enclu;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.Segments;
import jsgx.arch.leaf.Eenter.Check;
import jsgx.arch.struct.Tcs;
import org.junit.jupiter.api.Test;

class EenterTest extends EntryChecks<Check> {

    EenterTest() {
        super(Check.class);
        gp(Check.CSSA_BELOW_NSSA, call -> call.tcs().cssa(EnclaveCall.FRAMES));
        gp(Check.CSSA_BELOW_NSSA, call -> call.tcs().cssa(-1));
        gp(Check.CSSA_BELOW_NSSA, call -> call.tcs().nssa(0));
        frame("", 0);
        on(call64);
        gp(Check.OENTRY_CANONICAL, call -> call.tcs().oentry(NOT_CANONICAL - call.at(0)));
        gp(Check.FSBASE_CANONICAL, call -> call.tcs().ofsBase(NOT_CANONICAL - call.at(0)));
        gp(Check.GSBASE_CANONICAL, call -> call.tcs().ogsBase(NOT_CANONICAL - call.at(0)));
        on(call32);
        inDs(Check.GPR_IN_DS, 0x3ffe);
        gp(
                Check.OENTRY_IN_CS,
                call -> call.machine.lp.segments(new Segments(0, call.at(0xf), true, 0, LIMIT_2G, 0, 0, true)));
        inDs(Check.FS_IN_DS, 0x9ffe);
        inDs(Check.GS_IN_DS, 0xaffe);
        // A segment that wraps around needs a DS without a hole.
        gp(Check.FS_IN_DS, call -> {
            call.machine.lp.segments(new Segments(0, LIMIT_2G, true, 0, LIMIT_2G, 0, 0, true));
            call.tcs().fsLimit(-1);
        });
        gp(Check.GS_IN_DS, call -> {
            call.machine.lp.segments(new Segments(0, LIMIT_2G, true, 0, LIMIT_2G, 0, 0, true));
            call.tcs().gsLimit(-1);
        });
        onAny();
        cet();
    }

    private void inDs(Check check, long lastByte) {
        segment(check, call -> new Segments(0, LIMIT_2G, true, 0, call.at(lastByte), 0, 0, true));
    }

    @Override
    EnclaveCall call(EnclaveCall.Kind kind) {
        EnclaveCall call = new EnclaveCall(Leaf.EENTER, kind);
        call.rbx = call.at(TCS);
        call.rcx = AEP;
        return call;
    }

    @Test
    void aSegmentMayWrapAroundWhereDsHasNoHole() {
        EnclaveCall call = call32.get();
        call.tcs().fsLimit(-1);
        call.tcs().gsLimit(-1);
        assertThat(call.run().isSuccess()).isTrue();
    }

    @Test
    void entersAtTheEntryPoint() {
        EnclaveCall call = call();
        RegisterFile registers = call.machine.lp.registers();
        long[] before = new long[Register.values().length];
        for (Register register : Register.values()) {
            registers.set(register, 0x1000 + register.ordinal());
        }
        registers.set(Register.RFLAGS, 0x246 | Rflags.TF);
        for (Register register : Register.values()) {
            before[register.ordinal()] = registers.get(register);
        }
        call.machine.lp.xcr0(0xe7);

        assertThat(call.run()).isEqualTo(new Outcome.Success(Leaf.EENTER, Outcome.Flags.UNCHANGED));

        assertThat(registers.get(Register.RAX)).isZero();
        assertThat(registers.get(Register.RCX)).isEqualTo(before[Register.RIP.ordinal()] + 3);
        assertThat(registers.get(Register.RIP)).isEqualTo(call.at(0x10));
        assertThat(registers.get(Register.FS_BASE)).isEqualTo(call.at(EnclaveCall.OPERAND_1));
        assertThat(registers.get(Register.GS_BASE)).isEqualTo(call.at(EnclaveCall.OPERAND_2));
        assertThat(registers.get(Register.RFLAGS)).as("TF is saved and cleared").isEqualTo(0x246);
        for (Register same : new Register[] {
            Register.RBX,
            Register.RDX,
            Register.RSP,
            Register.RBP,
            Register.RSI,
            Register.RDI,
            Register.R8,
            Register.R15,
            Register.SSP,
            Register.U_CET
        }) {
            assertThat(registers.get(same)).as(same.name()).isEqualTo(before[same.ordinal()]);
        }
        assertThat(call.machine.lp.xcr0()).isEqualTo(7);
        assertThat(call.gprsgx(0).ursp()).isEqualTo(before[Register.RSP.ordinal()]);
        assertThat(call.gprsgx(0).urbp()).isEqualTo(before[Register.RBP.ordinal()]);
        assertThat(call.tcs().state()).isEqualTo(Tcs.ACTIVE);
        assertThat(call.tcs().aep()).isEqualTo(AEP);
        assertThat(call.tcs().cssa()).isZero();
        EnclaveMode mode = Objects.requireNonNull(call.machine.lp.enclaveMode());
        assertThat(mode.secs()).isEqualTo(call.enclave.secsPage());
        assertThat(mode.tcs()).isEqualTo(call.page(TCS));
        assertThat(mode.tcsLinear()).isEqualTo(call.at(TCS));
        assertThat(mode.inElrange(call.at(0), EnclaveCall.SIZE)).isTrue();
        assertThat(mode.inElrange(call.at(0), EnclaveCall.SIZE + 1)).isFalse();
        assertThat(mode.debugOptIn()).isFalse();
        assertThat(mode.enclave().threads()).isEqualTo(1);
    }

    @Test
    void theSecondEntryUsesTheNextFrame() {
        EnclaveCall call = call();
        call.enter().interrupt();
        call.machine.lp.registers().set(Register.RSP, 0x1234);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.machine.lp.registers().get(Register.RAX)).isEqualTo(1);
        assertThat(call.gprsgx(1).ursp()).isEqualTo(0x1234);
    }

    @Test
    void anOptInEntryKeepsTf() {
        EnclaveCall call = call();
        call.tcs().flags(Tcs.DBGOPTIN);
        call.machine.lp.registers().set(Register.RFLAGS, Rflags.TF);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.machine.lp.registers().get(Register.RFLAGS)).isEqualTo(Rflags.TF);
        assertThat(Objects.requireNonNull(call.machine.lp.enclaveMode()).debugOptIn())
                .isTrue();
    }

    @Test
    void withoutOsxsaveXcr0IsNobodysBusiness() {
        EnclaveCall call = call();
        call.secs()
                .attributes(
                        new jsgx.arch.struct.Attributes(call.secs().attributes().flags(), 3));
        call.machine.lp.osxsave(false);
        call.machine.lp.xcr0(1);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.machine.lp.xcr0()).isEqualTo(1);
        succeeds(Enclu.eexit(call.machine.lp, AEP));
        assertThat(call.machine.lp.xcr0()).isEqualTo(1);
    }

    @Test
    void cetComesFromTheSecs() {
        EnclaveCall call = callCet.get();
        call.tcs().prevSsp(0x7777_0000);
        call.machine.lp.registers().set(Register.SSP, 0x5555);
        call.machine.lp.registers().set(Register.U_CET, 0x33);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.machine.lp.registers().get(Register.SSP)).isEqualTo(0x7777_0000);
        assertThat(call.machine.lp.registers().get(Register.U_CET)).isEqualTo(5);
        call.machine.lp.registers().set(Register.SSP, 0x7777_0008);
        succeeds(Enclu.eexit(call.machine.lp, AEP));
        assertThat(call.machine.lp.registers().get(Register.SSP)).isEqualTo(0x5555);
        assertThat(call.machine.lp.registers().get(Register.U_CET)).isEqualTo(0x33);
        assertThat(call.tcs().prevSsp()).isEqualTo(0x7777_0008);
    }

    @Test
    void theLegacyBitmapOfAnEnclaveIsInUCet() {
        EnclaveCall call = callCet.get();
        call.secs().cetAttributes(0xc);
        call.secs().cetLegBitmapOffset(0x9000);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.machine.lp.registers().get(Register.U_CET)).isEqualTo(call.at(0x9000) + 0xc);
        assertThat(call.machine.lp.registers().get(Register.SSP)).isZero();
    }

    @Test
    void aThirtyTwoBitEnclaveIsEntered() {
        EnclaveCall call = call32.get();
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.machine.lp.registers().get(Register.RIP)).isEqualTo(call.at(0x10));
    }
}
