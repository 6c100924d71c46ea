package jsgx.arch.leaf;

import static jsgx.arch.leaf.EnclaveCall.TCS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Enclu;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.Segments;
import jsgx.arch.leaf.Edeccssa.Check;
import org.junit.jupiter.api.Test;

class EdeccssaTest extends EncluChecks<Check> {

    EdeccssaTest() {
        super(Check.class);
        gp(Check.TCS_FREE, call -> call.holdExclusive(() -> call.page(TCS)));
        gp(Check.CSSA_NOT_ZERO, call -> call.tcs().cssa(0));
        frame("", 0);
        on(() -> call(EnclaveCall.Kind.MODE32));
        gp(
                Check.GPR_IN_DS,
                call -> call.machine.lp.segments(new Segments(0, 0xffff_ffffL, true, 0, call.at(0x3ffe), 0, 0, true)));
        on(() -> call(EnclaveCall.Kind.CET));
        cetSaveArea();
    }

    @Override
    EnclaveCall call() {
        return call(EnclaveCall.Kind.SGX2);
    }

    private static EnclaveCall call(EnclaveCall.Kind kind) {
        return new EnclaveCall(Leaf.EDECCSSA, kind).enter().interrupt().enter();
    }

    @Test
    void theNextAexFillsTheFrameBelow() {
        EnclaveCall call = call();
        call.gprsgx(0).rip(0xdead);
        call.gprsgx(1).rip(0xbeef);
        assertThat(call.run()).isEqualTo(new Outcome.Success(Leaf.EDECCSSA, Outcome.Flags.UNCHANGED));
        assertThat(call.tcs().cssa()).isZero();
        call.machine.lp.registers().set(Register.RIP, call.at(0x20));
        call.interrupt();
        assertThat(call.tcs().cssa()).isEqualTo(1);
        assertThat(call.gprsgx(0).rip()).isEqualTo(call.at(0x20));
        assertThat(call.gprsgx(1).rip()).isEqualTo(0xbeef);
    }

    @Test
    void theThreadStaysInside() {
        EnclaveCall call = call(EnclaveCall.Kind.CET);
        EnclaveMode before = Objects.requireNonNull(call.machine.lp.enclaveMode());
        assertThat(call.run().isSuccess()).isTrue();
        EnclaveMode after = Objects.requireNonNull(call.machine.lp.enclaveMode());
        assertThat(after).isEqualTo(before.with(after.ssa(), after.cetSaveArea()));
        assertThat(after.cetSaveArea()).isEqualTo(before.cetSaveArea() - 16);
        assertThat(Enclu.edeccssa(call.machine.lp).isSuccess()).isFalse();
    }
}
