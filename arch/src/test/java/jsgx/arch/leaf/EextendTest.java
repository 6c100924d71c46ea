package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.TestSigner;
import jsgx.arch.crypto.Measurement;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.leaf.Eextend.Check;
import jsgx.arch.struct.PageType;
import org.junit.jupiter.api.Test;

class EextendTest extends LeafChecks<Check, EextendTest.Call> {

    private static final int UNUSED_PAGE = 50;
    private static final int CHUNK = 0x300;

    /** EEXTEND of a chunk in the one page of an enclave, beside another enclave. */
    static final class Call extends LeafCall {
        final TestEnclave enclave;
        final TestEnclave other;
        final int page;

        Call() {
            super(TestMachine.of(TestMachine.withCet()), Leaf.EEXTEND);
            enclave = TestEnclave.create(machine);
            other = TestEnclave.create(machine);
            byte[] content = new byte[4096];
            new Random(256).nextBytes(content);
            page = enclave.addUnmeasured(0x1000, TestEnclave.RX, content);
            rbx = enclave.secsAt();
            rcx = machine.epc(page) + CHUNK;
        }

        void pageType(PageType type) {
            epcm().flags(page, (epcm().flags(page) & ~Epcm.PT_MASK) | type.code() << Epcm.PT_SHIFT);
        }
    }

    EextendTest() {
        super(Check.class);
        gp(Check.SECS_ALIGNED, call -> call.rbx += 256);
        pf(Check.SECS_IN_EPC, call -> call.rbx, call -> call.rbx = call.machine.sourceAt);
        gp(Check.CHUNK_ALIGNED, call -> call.rcx += 128);
        pf(Check.CHUNK_IN_EPC, call -> call.rcx, call -> call.rcx = call.machine.sourceAt);
        gp(Check.PAGE_FREE, call -> call.holdExclusive(() -> call.pageAt(call.rcx, call.page)));
        pf(Check.PAGE_VALID, call -> call.rcx, call -> call.rcx = call.machine.epc(UNUSED_PAGE));
        pf(Check.PAGE_TYPE, call -> call.rcx, call -> call.rcx = call.enclave.secsAt());
        pf(Check.PAGE_TYPE, call -> call.rcx, call -> call.pageType(PageType.VA));
        pf(Check.PAGE_TYPE, call -> call.rcx, call -> call.pageType(PageType.TRIM));
        gp(Check.SECS_IS_THE_PAGES, call -> call.rbx = call.other.secsAt());
        gp(Check.SECS_IS_THE_PAGES, call -> call.rbx = call.machine.epc(UNUSED_PAGE));
        gp(Check.MEASUREMENT_FREE, call -> call.holdMeasuring(call.enclave::secsPage));
        gp(Check.SECS_UNINITIALIZED, call -> call.enclave.init());
        operand("SECS", (call, address) -> call.rbx = address);
        operand("chunk", (call, address) -> call.rcx = address);
    }

    @Override
    Call call() {
        return new Call();
    }

    @Test
    void aChunkIsMeasuredWithItsOffset() {
        Call call = call();
        call.enclave.extend(call.page, 0x1000, CHUNK);

        assertThat(measurement(call).value()).isEqualTo(call.enclave.mrEnclave());
        assertThat(measurement(call).blocks()).isEqualTo(1 + 1 + 5);
        assertThat(call.run()).isEqualTo(new Outcome.Success(Leaf.EEXTEND, Outcome.Flags.UNCHANGED));
        assertThat(measurement(call).blocks()).isEqualTo(1 + 1 + 5 + 5);
    }

    @Test
    void theSameChunksInAnotherOrderMeasureDifferently() {
        Call call = call();
        call.enclave.extend(call.page, 0x1000, 0);
        call.enclave.extend(call.page, 0x1000, 0x100);
        Call other = call();
        other.enclave.extend(other.page, 0x1000, 0x100);
        other.enclave.extend(other.page, 0x1000, 0);

        assertThat(measurement(call).value()).isNotEqualTo(measurement(other).value());
        assertThat(measurement(other).value()).isEqualTo(other.enclave.mrEnclave());
    }

    /** What is measured of a TCS is what EADD left in the EPC. */
    @Test
    void aThreadControlStructureIsMeasuredAsItIsInTheEpc() {
        TestMachine machine = TestMachine.sgx2();
        TestEnclave enclave = TestEnclave.create(machine);
        enclave.addTcs(0, tcs -> {
            tcs.cssa(5);
            tcs.aep(6);
            tcs.nssa(1);
        });
        TestEnclave clean = TestEnclave.create(TestMachine.sgx2());
        clean.addTcs(0, tcs -> tcs.nssa(1));

        assertThat(enclave.mrEnclave()).isEqualTo(clean.mrEnclave());
        enclave.init();
        assertThat(TestSigner.bytes(enclave.secsInEpc().mrEnclave())).isEqualTo(clean.mrEnclave());
    }

    @Test
    void theStateOfThePageDoesNotMatter() {
        Call call = call();
        call.epcm().flags(call.page, call.epcm().flags(call.page) | Epcm.BLOCKED | Epcm.PENDING | Epcm.MODIFIED);

        assertThat(call.run().isSuccess()).isTrue();
    }

    @Test
    void shadowStackPagesAreMeasuredToo() {
        Call call = call();
        call.pageType(PageType.SS_FIRST);
        assertThat(call.run().isSuccess()).isTrue();
        call.pageType(PageType.SS_REST);
        assertThat(call.run().isSuccess()).isTrue();
    }

    /** A removed enclave's SECS page becomes another enclave: an old page of another kind cannot be measured into it. */
    @Test
    void aPageOfARemovedEnclaveIsInvalid() {
        Call call = call();
        TestMachine.succeeds(Encls.eremove(call.machine.lp, call.machine.epc(call.page)));

        assertThat(((Outcome.Faulted) call.run()).check()).isEqualTo(Check.PAGE_VALID);
    }

    private static Measurement measurement(Call call) {
        SecsState state = call.machine.cpu.secs(call.enclave.secsPage());
        assertThat(state).isNotNull();
        Measurement measurement = state.measurement();
        assertThat(measurement).isNotNull();
        return measurement;
    }
}
