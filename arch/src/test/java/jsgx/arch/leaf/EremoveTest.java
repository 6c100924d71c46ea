package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.leaf.Eremove.Check;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EremoveTest extends LeafChecks<Check, EremoveTest.Call> {

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EREMOVE, Outcome.Flags.CLEARED);

    /** EREMOVE of the one page of an enclave. */
    static final class Call extends LeafCall {
        final TestEnclave enclave;
        final int page;

        Call() {
            super(TestMachine.sgx2(), Leaf.EREMOVE);
            enclave = TestEnclave.create(machine);
            page = enclave.add(0x1000, TestEnclave.RW, new byte[0]);
            rcx = machine.epc(page);
        }

        SecsState secsState() {
            SecsState state = machine.cpu.secs(enclave.secsPage());
            assertThat(state).isNotNull();
            return state;
        }

        void pageType(PageType type, int more) {
            epcm().flags(page, Epcm.VALID | more | type.code() << Epcm.PT_SHIFT);
        }
    }

    EremoveTest() {
        super(Check.class);
        gp(Check.PAGE_ALIGNED, call -> call.rcx += 8);
        pf(Check.PAGE_IN_EPC, call -> call.rcx, call -> call.rcx = call.machine.sourceAt);
        gp(Check.PAGE_FREE, call -> call.holdShared(() -> call.pageAt(call.rcx, call.page)));
        error(Check.NO_CHILDREN, SgxError.CHILD_PRESENT, call -> call.rcx = call.enclave.secsAt());
        error(
                Check.NO_ACTIVE_THREADS,
                SgxError.ENCLAVE_ACT,
                call -> call.secsState().enter());
        operand("page", (call, address) -> call.rcx = address);
    }

    @Override
    Call call() {
        return new Call();
    }

    @Test
    void anEnclaveIsTakenDown() {
        Call call = call();

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(call.epcm().valid(call.page)).isFalse();
        assertThat(call.secsState().children()).isZero();
        call.rcx = call.enclave.secsAt();
        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(call.epcm().valid(call.enclave.secsPage())).isFalse();
        assertThat(call.machine.cpu.secs(call.enclave.secsPage())).isNull();
    }

    @Test
    void aFreePageIsRemovedAgainAndAgain() {
        Call call = call();
        call.run();

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(call.secsState().children()).isZero();
        call.rcx = call.machine.epc(40);
        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    @ParameterizedTest
    @EnumSource(names = {"TCS", "REG", "TRIM", "SS_FIRST", "SS_REST"})
    void aPageOfARunningEnclaveStays(PageType type) {
        Call call = call();
        call.pageType(type, Epcm.MODIFIED);
        long epoch = call.secsState().enter();

        assertThat(call.run())
                .isInstanceOfSatisfying(
                        Outcome.Error.class, error -> assertThat(error.code()).isEqualTo(SgxError.ENCLAVE_ACT));
        assertThat(call.epcm().valid(call.page)).isTrue();
        assertThat(call.secsState().children()).isEqualTo(1);
        call.secsState().leave(epoch);
        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(call.secsState().children()).isZero();
    }

    @Test
    void aTrimmedPageThatTheEnclaveAcceptedGoesWithThreadsInside() {
        Call call = call();
        call.pageType(PageType.TRIM, 0);
        call.secsState().enter();

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(call.epcm().valid(call.page)).isFalse();
        assertThat(call.secsState().children()).isZero();
    }

    @Test
    void aSecsWithThreadsAndNoPagesGoes() {
        Call call = call();
        call.run();
        call.secsState().enter();
        call.rcx = call.enclave.secsAt();

        assertThat(call.run()).isEqualTo(SUCCESS);
    }

    @Test
    void aVersionArrayGoes() {
        Call call = call();
        int va = call.machine.freePage();
        call.rcx = call.machine.epc(va);
        TestMachine.succeeds(Encls.epa(call.machine.lp, PageType.VA.code(), call.rcx));

        assertThat(call.run()).isEqualTo(SUCCESS);
        assertThat(call.epcm().valid(va)).isFalse();
    }

    @Test
    void onlyValidIsCleared() {
        Call call = call();
        int flags = call.epcm().flags(call.page);
        call.run();

        assertThat(call.epcm().flags(call.page)).isEqualTo(flags & ~Epcm.VALID);
        assertThat(call.epcm().enclaveAddress(call.page)).isEqualTo(call.enclave.base() + 0x1000);
    }
}
