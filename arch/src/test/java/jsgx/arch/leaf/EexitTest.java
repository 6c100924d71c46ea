package jsgx.arch.leaf;

import static jsgx.arch.leaf.EnclaveCall.AEP;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.Segments;
import jsgx.arch.leaf.Eexit.Check;
import jsgx.arch.struct.Tcs;
import org.junit.jupiter.api.Test;

class EexitTest extends EncluChecks<Check> {

    private static final long TARGET = 0x40_2000;

    EexitTest() {
        super(Check.class);
        Supplier<EnclaveCall> call32 = () -> call(EnclaveCall.Kind.MODE32);
        on(this::call);
        gp(Check.TARGET_CANONICAL, call -> call.rbx = EntryChecks.NOT_CANONICAL);
        on(call32);
        gp(Check.TARGET_IN_CS, call -> {
            call.machine.lp.segments(new Segments(0, TARGET - 1, true, 0, -1L, 0, 0, true));
        });
    }

    @Override
    EnclaveCall call() {
        return call(EnclaveCall.Kind.SGX2);
    }

    private static EnclaveCall call(EnclaveCall.Kind kind) {
        EnclaveCall call = new EnclaveCall(Leaf.EEXIT, kind).enter();
        call.rbx = TARGET;
        return call;
    }

    @Test
    void onlyRcxAndRipChange() {
        EnclaveCall call = new EnclaveCall(Leaf.EEXIT, EnclaveCall.Kind.SGX2);
        RegisterFile registers = call.machine.lp.registers();
        registers.set(Register.FS_BASE, 0x1111);
        registers.set(Register.GS_BASE, 0x2222);
        registers.set(Register.RFLAGS, 0x202 | Rflags.TF);
        call.machine.lp.xcr0(0xe7);
        call.enter();
        call.rbx = TARGET;
        Map<Register, Long> inside = new EnumMap<>(Register.class);
        for (Register register : RegisterFile.GENERAL) {
            registers.set(register, 0x5000L + register.ordinal());
            inside.put(register, registers.get(register));
        }
        registers.set(Register.FS_BASE, 0x3333);
        registers.set(Register.RFLAGS, 0xad7);
        call.machine.lp.xcr0(3);

        assertThat(call.run()).isEqualTo(new Outcome.Success(Leaf.EEXIT, Outcome.Flags.UNCHANGED));

        inside.put(Register.RCX, AEP);
        for (Register register : RegisterFile.GENERAL) {
            assertThat(registers.get(register)).as(register.name()).isEqualTo(inside.get(register));
        }
        assertThat(registers.get(Register.RIP)).isEqualTo(TARGET);
        assertThat(registers.get(Register.FS_BASE)).isEqualTo(0x1111);
        assertThat(registers.get(Register.GS_BASE)).isEqualTo(0x2222);
        assertThat(registers.get(Register.RFLAGS))
                .as("TF is back, the rest is the enclave's")
                .isEqualTo(0xad7 | Rflags.TF);
        assertThat(call.machine.lp.xcr0()).isEqualTo(0xe7);
        assertThat(call.machine.lp.enclaveMode()).isNull();
        assertThat(call.tcs().state()).isEqualTo(Tcs.INACTIVE);
        assertThat(call.tcs().cssa()).isZero();
        assertThat(call.machine.cpu.requireSecs(call.enclave.secsPage()).threads())
                .isZero();
    }

    @Test
    void theTargetMayBeInsideTheEnclave() {
        EnclaveCall call = call();
        call.rbx = call.at(0x10);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.machine.lp.registers().get(Register.RIP)).isEqualTo(call.at(0x10));
        assertThat(call.machine.lp.enclaveMode()).isNull();
    }

    @Test
    void anOptInEnclaveLeavesItsTf() {
        EnclaveCall call = new EnclaveCall(Leaf.EEXIT, EnclaveCall.Kind.SGX2);
        call.tcs().flags(Tcs.DBGOPTIN);
        call.enter();
        call.rbx = TARGET;
        call.machine.lp.registers().set(Register.RFLAGS, Rflags.TF);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.machine.lp.registers().get(Register.RFLAGS)).isEqualTo(Rflags.TF);
    }
}
