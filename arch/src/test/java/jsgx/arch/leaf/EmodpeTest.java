package jsgx.arch.leaf;

import static jsgx.arch.leaf.EnclaveCall.OPERAND_1;
import static jsgx.arch.leaf.EnclaveCall.TARGET;
import static jsgx.arch.leaf.Sgx2Call.secinfo;
import static jsgx.arch.leaf.Sgx2Call.target;
import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Emodpe.Check;
import jsgx.arch.struct.PageType;
import org.junit.jupiter.api.Test;

class EmodpeTest extends EncluChecks<Check> {

    private static final int REG = PageType.REG.code() << Epcm.PT_SHIFT;

    EmodpeTest() {
        super(Check.class);
        gp(Check.SECINFO_ALIGNED, call -> call.rbx += 32);
        gp(Check.TARGET_ALIGNED, call -> call.rcx += 0x400);
        inElrangeAndEpc("SECINFO", false, call -> call.rbx, (call, address) -> call.rbx = address);
        inElrangeAndEpc("TARGET", false, call -> call.rcx, (call, address) -> call.rcx = address);
        page("SECINFO", OPERAND_1, false, call -> call.rbx);
        gp(Check.SECINFO_RESERVED, call -> secinfo(call).flags(secinfo(call).flags() | 1L << 63));
        page("TARGET", TARGET, false, call -> call.rcx);
        gp(Check.TARGET_FREE, call -> call.holdSgx2(() -> call.page(TARGET)));
        gp(Check.W_NEEDS_R, call -> {
            call.epcm().update(call.page(TARGET), Epcm.R, 0);
            secinfo(call).r(false);
            secinfo(call).w(true);
        });
    }

    @Override
    EnclaveCall call() {
        EnclaveCall call = Sgx2Call.of(Leaf.EMODPE, EnclaveCall.Kind.SGX2);
        target(call, REG | Epcm.R);
        secinfo(call).flags(Epcm.W | Epcm.X);
        return call;
    }

    @Test
    void permissionsAreAdded() {
        EnclaveCall call = call();
        assertThat(call.run()).isEqualTo(new Outcome.Success(Leaf.EMODPE, Outcome.Flags.UNCHANGED));
        assertThat(call.epcm().flags(call.page(TARGET))).isEqualTo(Epcm.VALID | REG | Epcm.RWX);
    }

    @Test
    void permissionsAreNeverTaken() {
        EnclaveCall call = call();
        secinfo(call).flags(0);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.epcm().flags(call.page(TARGET))).isEqualTo(Epcm.VALID | REG | Epcm.R);
    }

    @Test
    void readAndWriteCanComeTogether() {
        EnclaveCall call = call();
        target(call, REG);
        secinfo(call).flags(Epcm.R | Epcm.W);
        assertThat(call.run().isSuccess()).isTrue();
    }

    @Test
    void prAndTheTargetsTrackingPlayNoPart() {
        EnclaveCall call = call();
        target(call, REG | Epcm.R | Epcm.PR);
        call.epcm().recordEpoch(call.page(TARGET), 1);
        call.holdShared(() -> call.page(TARGET));
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.epcm().has(call.page(TARGET), Epcm.PR)).isTrue();
    }
}
