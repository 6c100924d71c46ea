package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.CpuFeatures;
import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Edbgrd.Check;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.VaPage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EdbgrdTest extends LeafChecks<Check, DebugCall> {

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EDBGRD, Outcome.Flags.CLEARED);

    EdbgrdTest() {
        super(Check.class);
        gp(Check.ADDRESS_ALIGNED, call -> call.rcx += 4);
        gp(Check.ADDRESS_ALIGNED, call -> {
            call.machine.lp.mode64(false);
            call.rcx += 2;
        });
        pf(Check.ADDRESS_IN_EPC, call -> call.rcx, call -> call.rcx = call.machine.sourceAt);
        gp(Check.PAGE_FREE, call -> call.holdExclusive(() -> call.pageAt(call.rcx, call.page)));
        pf(Check.PAGE_VALID, call -> call.rcx, call -> call.rcx = call.machine.epc(40));
        pf(Check.PAGE_TYPE, call -> call.rcx, call -> call.rcx = call.enclave.secsAt());
        pf(Check.PAGE_TYPE, call -> call.rcx, call -> call.pageType(PageType.TRIM));
        error(Check.PAGE_DEBUGGABLE, SgxError.PAGE_NOT_DEBUGGABLE, call -> call.set(Epcm.PENDING));
        error(Check.PAGE_DEBUGGABLE, SgxError.PAGE_NOT_DEBUGGABLE, call -> call.set(Epcm.MODIFIED));
        gp(Check.DEBUG, DebugCall::production);

        on(EdbgrdTest::tcs);
        gp(Check.TCS_LIMIT, call -> call.rcx = call.machine.epc(call.page) + 88);
        gp(Check.TCS_LIMIT, call -> call.rcx = call.machine.epc(call.page) + 4088);
        on(EdbgrdTest::tcsBeforeCet);
        gp(Check.TCS_LIMIT, call -> call.rcx = call.machine.epc(call.page) + 72);

        operand("address", (call, address) -> call.rcx = address);
    }

    @Override
    DebugCall call() {
        return DebugCall.reg(Leaf.EDBGRD);
    }

    private static DebugCall tcs() {
        return DebugCall.tcs(Leaf.EDBGRD, TestMachine.withCet());
    }

    private static DebugCall tcsBeforeCet() {
        return DebugCall.tcs(Leaf.EDBGRD, CpuFeatures.SGX1);
    }

    @ParameterizedTest
    @CsvSource({"true, 0x8786858483828180", "false, 0x83828180"})
    void whatIsReadIsInRbx(boolean mode64, String expected) {
        DebugCall call = call();
        call.machine.lp.mode64(mode64);

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(call.machine.lp.registers().get(Register.RBX))
                .isEqualTo(Long.parseUnsignedLong(expected.substring(2), 16));
    }

    @Test
    void outsideSixtyFourBitModeEveryDoublewordIsRead() {
        DebugCall call = call();
        call.machine.lp.mode64(false);
        call.rcx += 4;

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(call.machine.lp.registers().get(Register.RBX)).isEqualTo(0x87868584L);
    }

    @Test
    void permissionsAndBlockedDoNotMatter() {
        DebugCall call = call();
        call.epcm().flags(call.page, (call.epcm().flags(call.page) & ~Epcm.RWX) | Epcm.BLOCKED);

        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    @Test
    void theLastFieldOfATcsIsRead() {
        DebugCall call = tcsBeforeCet();
        call.rcx = call.machine.epc(call.page) + 64;

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(call.machine.lp.registers().get(Register.RBX)).isEqualTo(0x2222_2222_1111_1111L);
    }

    /** Of a version array only whether a slot is in use: no debug enclave is needed. */
    @ParameterizedTest
    @ValueSource(longs = {0, 7, 8, -1})
    void aSlotIsInUseOrNot(long version) {
        DebugCall call = call();
        call.production();
        int va = call.machine.freePage();
        call.rcx = call.machine.epc(va) + 16;
        TestMachine.succeeds(Encls.epa(call.machine.lp, PageType.VA.code(), call.machine.epc(va)));
        new VaPage(call.machine.cpu.epc().page(va)).slot(2, version);
        boolean used = version >>> 3 != 0;

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(call.machine.lp.registers().get(Register.RBX)).isEqualTo(used ? -1L : 0L);
        call.machine.lp.mode64(false);
        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(call.machine.lp.registers().get(Register.RBX)).isEqualTo(used ? 0xffff_ffffL : 0L);
    }

    @Test
    void aShadowStackIsTheEnclaves() {
        DebugCall call = call();
        call.pageType(PageType.SS_FIRST);
        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(call.machine.lp.registers().get(Register.RBX)).isEqualTo(0x8786858483828180L);
        call.production();
        assertThat(((Outcome.Faulted) call.run()).check()).isEqualTo(Check.DEBUG);
    }

    @Test
    void aRefusedReadLeavesRbxAlone() {
        DebugCall call = call();
        call.machine.lp.registers().set(Register.RBX, 5);
        call.set(Epcm.PENDING);
        call.run();

        assertThat(call.machine.lp.registers().get(Register.RBX)).isEqualTo(5);
    }
}
