package jsgx.arch.leaf;

import static jsgx.arch.TestMachine.succeeds;
import static jsgx.arch.leaf.EnclaveCall.OPERAND_1;
import static jsgx.arch.leaf.EnclaveCall.TARGET;
import static jsgx.arch.leaf.Sgx2Call.secinfo;
import static jsgx.arch.leaf.Sgx2Call.target;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.Consumer;
import java.util.function.Supplier;
import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.leaf.Eaccept.Check;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.Tcs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EacceptTest extends EncluChecks<Check> {

    private static final int REG = PageType.REG.code() << Epcm.PT_SHIFT;
    private static final int TCS = PageType.TCS.code() << Epcm.PT_SHIFT;
    private static final int TRIM = PageType.TRIM.code() << Epcm.PT_SHIFT;

    EacceptTest() {
        super(Check.class);
        gp(Check.SECINFO_ALIGNED, call -> call.rbx += 32);
        inElrangeAndEpc("SECINFO", false, call -> call.rbx, (call, address) -> call.rbx = address);
        page("SECINFO", OPERAND_1, false, call -> call.rbx);
        gp(Check.SECINFO_RESERVED, call -> reserved(call, 63));
        gp(Check.SECINFO_RESERVED, call -> reserved(call, 2));
        gp(Check.TARGET_ALIGNED, call -> call.rcx += 0x800);
        inElrangeAndEpc("TARGET", false, call -> call.rcx, (call, address) -> call.rcx = address);
        gp(Check.REQUEST_LEGAL, call -> secinfo(call).flags(REG | Epcm.R | Epcm.W));
        gp(Check.REQUEST_LEGAL, call -> secinfo(call).flags(REG | Epcm.PENDING | Epcm.MODIFIED));
        gp(Check.REQUEST_LEGAL, call -> secinfo(call).flags(TCS | Epcm.PENDING));
        gp(Check.REQUEST_LEGAL, call -> secinfo(call).flags(TRIM));
        gp(Check.REQUEST_LEGAL, call -> secinfo(call).flags(TRIM | Epcm.MODIFIED | Epcm.PR));
        gp(Check.REQUEST_LEGAL, call -> secinfo(call).flags(TCS | Epcm.MODIFIED | Epcm.PENDING));
        gp(Check.REQUEST_LEGAL, call -> secinfo(call).flags(Epcm.MODIFIED));
        gp(Check.REQUEST_LEGAL, call -> secinfo(call).flags((3L << 8) | Epcm.MODIFIED));
        pf(Check.TARGET_VALID, false, call -> call.rcx, call -> call.spoil(TARGET, PageCondition.VALID));
        pf(Check.TARGET_NOT_BLOCKED, false, call -> call.rcx, call -> call.spoil(TARGET, PageCondition.NOT_BLOCKED));
        pf(
                Check.TARGET_PT_ACCEPTABLE,
                false,
                call -> call.rcx,
                call -> call.spoil(TARGET, PageCondition.PT_ACCEPTABLE));
        pf(Check.TARGET_OWN_SECS, false, call -> call.rcx, call -> call.spoil(TARGET, PageCondition.OWN_SECS));
        gp(Check.TARGET_FREE, call -> call.holdExclusive(() -> call.page(TARGET)));
        gp(Check.TARGET_FREE, call -> call.holdSgx2(() -> call.page(TARGET)));
        mismatch(Check.TARGET_ENCLAVEADDRESS, call -> call.spoil(TARGET, PageCondition.ENCLAVEADDRESS));
        on(this::call);
        gp(Check.REQUEST_LEGAL, call -> secinfo(call).flags((5L << 8) | Epcm.PENDING));
        mismatch(Check.TARGET_PENDING, call -> update(call, Epcm.PENDING, 0));
        mismatch(Check.TARGET_MODIFIED, call -> update(call, 0, Epcm.MODIFIED));
        mismatch(Check.TARGET_R, call -> update(call, Epcm.R, 0));
        mismatch(Check.TARGET_W, call -> update(call, Epcm.W, 0));
        mismatch(Check.TARGET_X, call -> update(call, 0, Epcm.X));
        mismatch(Check.TARGET_PT, call -> update(call, Epcm.PT_MASK, TCS));
        onAny();
        error(
                Check.TRACKED,
                SgxError.NOT_TRACKED,
                call -> call.epcm().recordEpoch(call.page(TARGET), state(call).epoch()));
        on(tcs(EnclaveCall.Kind.SGX2));
        gp(Check.TCS_RESERVED, call -> call.content(TARGET).set(Layouts.U8, 4095, (byte) 1));
        gp(Check.TCS_RESERVED, call -> call.content(TARGET).set(Layouts.U8, 72, (byte) 1));
        gp(Check.TCS_RESERVED, call -> newTcs(call).flags(1L << 7));
        gp(Check.TCS_DBGOPTIN, call -> newTcs(call).flags(newTcs(call).flags() | Tcs.DBGOPTIN));
        gp(Check.TCS_CSSA, call -> newTcs(call).cssa(2));
        gp(Check.TCS_CSSA, call -> newTcs(call).cssa(-1));
        gp(Check.TCS_AEP, call -> newTcs(call).aep(1));
        gp(Check.TCS_STATE, call -> newTcs(call).state(1));
        on(tcs(EnclaveCall.Kind.CET));
        gp(Check.TCS_PREVSSP, call -> newTcs(call).prevSsp(8));
        on(tcs(EnclaveCall.Kind.MODE32));
        gp(Check.TCS_LIMITS, call -> newTcs(call).fsLimit(0xffe));
        gp(Check.TCS_LIMITS, call -> newTcs(call).gsLimit(0));
    }

    private void mismatch(Check check, Consumer<EnclaveCall> violation) {
        error(check, SgxError.PAGE_ATTRIBUTES_MISMATCH, violation);
    }

    private static void reserved(EnclaveCall call, int at) {
        secinfo(call).memory().set(Layouts.U8, at, (byte) 1);
    }

    private static void update(EnclaveCall call, int cleared, int set) {
        call.epcm().update(call.page(TARGET), cleared, set);
    }

    private static SecsState state(EnclaveCall call) {
        return call.machine.cpu.requireSecs(call.enclave.secsPage());
    }

    private static Tcs newTcs(EnclaveCall call) {
        return new Tcs(call.content(TARGET));
    }

    /** A page that EAUG gave. */
    @Override
    EnclaveCall call() {
        EnclaveCall call = Sgx2Call.of(Leaf.EACCEPT, EnclaveCall.Kind.SGX2);
        target(call, REG | Epcm.R | Epcm.W | Epcm.PENDING);
        secinfo(call).flags(REG | Epcm.R | Epcm.W | Epcm.PENDING);
        return call;
    }

    /** A page that EMODT made a TCS. */
    private static Supplier<EnclaveCall> tcs(EnclaveCall.Kind kind) {
        return () -> {
            EnclaveCall call = Sgx2Call.of(Leaf.EACCEPT, kind);
            target(call, TCS | Epcm.MODIFIED);
            secinfo(call).flags(TCS | Epcm.MODIFIED);
            newTcs(call).nssa(2);
            newTcs(call).fsLimit(0xfff);
            newTcs(call).gsLimit(0xfff);
            return call;
        };
    }

    @ParameterizedTest
    @CsvSource({
        "2, 0b, 0b", // REG, R W PENDING
        "2, 21, 21", // REG, R PR
        "2, 29, 2d", // not possible to reach, but PR and X differ: a mismatch
    })
    void comparesAllButPr(int type, String epcm, String secinfo) {
        EnclaveCall call = call();
        target(call, type << 8 | Integer.parseInt(epcm, 16));
        secinfo(call).flags(type << 8 | Integer.parseInt(secinfo, 16));
        boolean same = epcm.equals(secinfo);
        assertThat(call.run().isSuccess()).isEqualTo(same);
        if (same) {
            int rwx = Integer.parseInt(epcm, 16) & Epcm.RWX;
            assertThat(call.epcm().flags(call.page(TARGET))).isEqualTo(Epcm.VALID | type << 8 | rwx);
        }
    }

    @Test
    void prItselfIsNotCompared() {
        EnclaveCall call = call();
        secinfo(call).pr(true);
        assertThat(call.run()).isEqualTo(new Outcome.Success(Leaf.EACCEPT, Outcome.Flags.CLEARED));
        assertThat(call.epcm().flags(call.page(TARGET))).isEqualTo(Epcm.VALID | REG | Epcm.R | Epcm.W);
    }

    @Test
    void aShadowStackPageIsAcceptedWithCet() {
        EnclaveCall call = Sgx2Call.of(Leaf.EACCEPT, EnclaveCall.Kind.CET);
        int flags = PageType.SS_FIRST.code() << Epcm.PT_SHIFT | Epcm.R | Epcm.W | Epcm.PENDING;
        target(call, flags);
        secinfo(call).flags(flags);
        assertThat(call.run().isSuccess()).isTrue();
    }

    @Test
    void theChangeIsAcceptedOnceEveryThreadOfBeforeHasLeft() {
        EnclaveCall call = tcs(EnclaveCall.Kind.SGX2).get();
        call.epcm().recordEpoch(call.page(TARGET), state(call).epoch());
        assertThat(call.run().isSuccess()).isFalse();
        call.machine.lp.cpl(0);
        call.machine.lp.memory(call.machine.memory);
        succeeds(Encls.etrack(call.machine.lp, call.enclave.secsAt()));
        call.machine.lp.memory(call.memory);
        call.machine.lp.cpl(3);
        assertThat(call.run().isSuccess())
                .as("this thread itself entered before")
                .isFalse();
        call.interrupt().enter();
        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.epcm().flags(call.page(TARGET))).isEqualTo(Epcm.VALID | TCS);
    }
}
