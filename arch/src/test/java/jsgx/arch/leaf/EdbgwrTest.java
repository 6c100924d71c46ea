package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Edbgwr.Check;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EdbgwrTest extends LeafChecks<Check, DebugCall> {

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EDBGWR, Outcome.Flags.CLEARED);

    EdbgwrTest() {
        super(Check.class);
        gp(Check.ADDRESS_ALIGNED, call -> call.rcx += 4);
        gp(Check.ADDRESS_ALIGNED, call -> {
            call.machine.lp.mode64(false);
            call.rcx += 1;
        });
        pf(Check.ADDRESS_IN_EPC, call -> call.rcx, call -> call.rcx = call.machine.sourceAt);
        gp(Check.PAGE_FREE, call -> call.holdExclusive(() -> call.pageAt(call.rcx, call.page)));
        pf(Check.PAGE_VALID, call -> call.rcx, call -> call.rcx = call.machine.epc(40));
        pf(Check.PAGE_TYPE, call -> call.rcx, call -> call.rcx = call.enclave.secsAt());
        pf(Check.PAGE_TYPE, call -> call.rcx, EdbgwrTest::versionArray);
        pf(Check.PAGE_TYPE, call -> call.rcx, call -> call.pageType(PageType.TRIM));
        error(Check.PAGE_DEBUGGABLE, SgxError.PAGE_NOT_DEBUGGABLE, call -> call.set(Epcm.PENDING));
        error(Check.PAGE_DEBUGGABLE, SgxError.PAGE_NOT_DEBUGGABLE, call -> call.set(Epcm.MODIFIED));
        gp(Check.DEBUG, DebugCall::production);

        on(EdbgwrTest::tcs);
        gp(Check.TCS_FLAGS, call -> call.rcx = call.machine.epc(call.page));
        gp(Check.TCS_FLAGS, call -> call.rcx = call.machine.epc(call.page) + 16);

        operand("address", (call, address) -> call.rcx = address);
    }

    @Override
    DebugCall call() {
        return DebugCall.reg(Leaf.EDBGWR);
    }

    private static DebugCall tcs() {
        return DebugCall.tcs(Leaf.EDBGWR, TestMachine.withCet());
    }

    private static void versionArray(DebugCall call) {
        call.rcx = call.machine.epc(call.machine.freePage());
        TestMachine.succeeds(Encls.epa(call.machine.lp, PageType.VA.code(), call.rcx));
    }

    @Test
    void eightBytesAreWritten() {
        DebugCall call = call();

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(at(call, 0x78)).isEqualTo(0x7f7e7d7c7b7a7978L);
        assertThat(at(call, 0x80)).isEqualTo(0x1122334455667788L);
        assertThat(at(call, 0x88)).isEqualTo(0x8f8e8d8c8b8a8988L);
    }

    @Test
    void outsideSixtyFourBitModeFourBytesAreWritten() {
        DebugCall call = call();
        call.machine.lp.mode64(false);
        call.rcx += 4;

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(at(call, 0x80)).isEqualTo(0x5566778883828180L);
        assertThat(at(call, 0x88)).isEqualTo(0x8f8e8d8c8b8a8988L);
    }

    /** The manual says nothing of the value: EENTER checks it. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1})
    void theFlagsOfATcsTakeAnyValue(long value) {
        DebugCall call = tcs();
        call.rbx = value;

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(at(call, 8)).isEqualTo(value);
    }

    @Test
    void theUpperHalfOfTheFlagsIsWrittenAlone() {
        DebugCall call = tcs();
        call.machine.lp.mode64(false);
        call.rcx += 4;

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(at(call, 8)).isEqualTo(0x5566_7788_0000_0000L);
    }

    @Test
    void permissionsAndBlockedDoNotMatter() {
        DebugCall call = call();
        call.epcm().flags(call.page, (call.epcm().flags(call.page) & ~Epcm.RWX) | Epcm.BLOCKED);

        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    @Test
    void shadowStacksAreWritten() {
        DebugCall call = call();
        call.pageType(PageType.SS_REST);

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(at(call, 0x80)).isEqualTo(0x1122334455667788L);
    }

    @Test
    void aRefusedWriteWritesNothing() {
        DebugCall call = call();
        call.production();
        call.run();

        assertThat(at(call, 0x80)).isEqualTo(0x8786858483828180L);
    }

    private static long at(DebugCall call, int offset) {
        return Layouts.u64(call.machine.cpu.epc().page(call.page), offset);
    }
}
