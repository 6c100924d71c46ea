package jsgx.arch.leaf;

import static jsgx.arch.leaf.EnclaveCall.OPERAND_1;
import static jsgx.arch.leaf.EnclaveCall.OPERAND_2;
import static jsgx.arch.leaf.EnclaveCall.TARGET;
import static jsgx.arch.leaf.Sgx2Call.secinfo;
import static jsgx.arch.leaf.Sgx2Call.target;
import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Eacceptcopy.Check;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;

class EacceptcopyTest extends EncluChecks<Check> {

    private static final int REG = PageType.REG.code() << Epcm.PT_SHIFT;

    EacceptcopyTest() {
        super(Check.class);
        gp(Check.SECINFO_ALIGNED, call -> call.rbx += 32);
        gp(Check.TARGET_ALIGNED, call -> call.rcx += 0x400);
        gp(Check.SOURCE_ALIGNED, call -> call.rdx += 0x400);
        inElrangeAndEpc("SECINFO", false, call -> call.rbx, (call, address) -> call.rbx = address);
        inElrangeAndEpc("TARGET", true, call -> call.rcx, (call, address) -> call.rcx = address);
        inElrangeAndEpc("SOURCE", false, call -> call.rdx, (call, address) -> call.rdx = address);
        page("SECINFO", OPERAND_1, false, call -> call.rbx);
        gp(Check.SECINFO_RESERVED, call -> secinfo(call).flags(secinfo(call).flags() | 1 << 6));
        gp(Check.SECINFO_W_NEEDS_R, call -> {
            secinfo(call).r(false);
            secinfo(call).w(true);
        });
        gp(Check.SECINFO_PT, call -> secinfo(call).pageType(PageType.TCS));
        page("SOURCE", OPERAND_2, false, call -> call.rdx);
        for (PageCondition condition : PageCondition.values()) {
            for (Check check : Check.values()) {
                if (check.name().equals("TARGET_" + condition)) {
                    error(check, SgxError.PAGE_ATTRIBUTES_MISMATCH, call -> call.spoil(TARGET, condition));
                }
            }
        }
        gp(Check.TARGET_FREE, call -> call.holdSgx2(() -> call.page(TARGET)));
    }

    @Override
    EnclaveCall call() {
        EnclaveCall call = Sgx2Call.of(Leaf.EACCEPTCOPY, EnclaveCall.Kind.SGX2);
        call.rdx = call.at(OPERAND_2);
        target(call, REG | Epcm.R | Epcm.W | Epcm.PENDING);
        secinfo(call).flags(REG | Epcm.R | Epcm.X);
        call.content(OPERAND_2).fill((byte) 0x3c);
        call.content(OPERAND_2).set(Layouts.U8, 4095, (byte) 1);
        return call;
    }

    @Test
    void thePageIsFilledAndHasItsPermissions() {
        EnclaveCall call = call();
        assertThat(call.run()).isEqualTo(new Outcome.Success(Leaf.EACCEPTCOPY, Outcome.Flags.CLEARED));
        assertThat(call.content(TARGET).mismatch(call.content(OPERAND_2))).isEqualTo(-1);
        assertThat(call.epcm().flags(call.page(TARGET))).isEqualTo(Epcm.VALID | REG | Epcm.R | Epcm.X);
        assertThat(call.epcm().enclaveAddress(call.page(TARGET))).isEqualTo(call.rcx);
    }

    @Test
    void theTargetMayBeSharedWithOtherLeaves() {
        EnclaveCall call = call();
        call.holdShared(() -> call.page(TARGET));
        assertThat(call.run().isSuccess()).isTrue();
    }

    @Test
    void noTrackingIsAskedFor() {
        EnclaveCall call = call();
        call.epcm().recordEpoch(call.page(TARGET), 1);
        assertThat(call.run().isSuccess()).isTrue();
    }

    @Test
    void prStays() {
        EnclaveCall call = call();
        target(call, REG | Epcm.R | Epcm.W | Epcm.PENDING | Epcm.PR);
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.epcm().has(call.page(TARGET), Epcm.PR)).isTrue();
    }
}
