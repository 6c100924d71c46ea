package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.TestSigner;
import jsgx.arch.crypto.Measurement;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.leaf.Eadd.Check;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Tcs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EaddTest extends LeafChecks<Check, EaddTest.Call> {

    private static final long RW = Secinfo.R | Secinfo.W;
    private static final long OFFSET = 0x2000;
    private static final int NO_SECS_PAGE = 50;

    /** EADD of the machine's source page to an enclave at {@link #OFFSET}. */
    static final class Call extends LeafCall {
        final TestEnclave enclave;
        final int page;

        Call(TestEnclave enclave, PageType type, long rwx) {
            super(enclave.machine(), Leaf.EADD);
            this.enclave = enclave;
            page = machine.freePage();
            machine.pageinfo.linAddr(enclave.base() + OFFSET);
            machine.pageinfo.srcPge(machine.sourceAt);
            machine.pageinfo.secinfo(machine.secinfoAt);
            machine.pageinfo.secs(enclave.secsAt());
            machine.secinfo.flags(rwx);
            machine.secinfo.pageType(type);
            machine.source.fill((byte) 0);
            rbx = machine.pageinfoAt;
            rcx = machine.epc(page);
        }

        Tcs tcs() {
            return new Tcs(machine.source);
        }

        void secinfoFlags(long set, long clear) {
            machine.secinfo.flags((machine.secinfo.flags() | set) & ~clear);
        }

        /** Changes the address; the token of a first shadow-stack page follows. */
        void moveTo(long linAddr) {
            machine.pageinfo.linAddr(linAddr);
            if (machine.secinfo.pageType() == PageType.SS_FIRST) {
                token(linAddr + 0x1000 | 1);
            }
        }

        void token(long token) {
            Layouts.u64(machine.source, 4088, token);
        }

        int secsPage() {
            return pageAt(machine.pageinfo.secs(), enclave.secsPage());
        }
    }

    EaddTest() {
        super(Check.class);
        gp(Check.PAGEINFO_ALIGNED, call -> call.rbx += 16);
        gp(Check.EPC_PAGE_ALIGNED, call -> call.rcx += 8);
        pf(Check.EPC_PAGE_IN_EPC, call -> call.rcx, call -> call.rcx = call.machine.sourceAt);
        gp(Check.SRCPGE_ALIGNED, call -> call.machine.pageinfo.srcPge(call.machine.sourceAt + 256));
        gp(Check.SECS_ALIGNED, call -> call.machine.pageinfo.secs(call.enclave.secsAt() + 256));
        gp(Check.SECINFO_ALIGNED, call -> call.machine.pageinfo.secinfo(call.machine.secinfoAt + 32));
        gp(Check.LINADDR_ALIGNED, call -> call.machine.pageinfo.linAddr(call.machine.pageinfo.linAddr() + 1));
        pf(
                Check.SECS_IN_EPC,
                call -> call.machine.pageinfo.secs(),
                call -> call.machine.pageinfo.secs(call.machine.sourceAt));
        gp(Check.SECINFO_RESERVED, call -> call.secinfoFlags(1 << 6, 0));
        gp(Check.SECINFO_RESERVED, call -> call.secinfoFlags(1L << 16, 0));
        gp(Check.SECINFO_RESERVED, call -> Layouts.u8(call.machine.secinfo.memory(), 8, 1));
        for (PageType type : new PageType[] {PageType.SECS, PageType.VA, PageType.TRIM, PageType.RESERVED}) {
            gp(Check.SECINFO_PT, call -> call.machine.secinfo.pageType(type));
        }
        gp(Check.EPC_PAGE_FREE, call -> call.holdShared(() -> call.page));
        pf(Check.EPCM_INVALID, call -> call.rcx, call -> call.epcm().set(call.page, 0, 0, Epcm.NO_SECS));
        gp(Check.SECS_FREE, call -> call.holdExclusive(call::secsPage));
        pf(
                Check.SECS_VALID,
                call -> call.machine.pageinfo.secs(),
                call -> call.machine.pageinfo.secs(call.machine.epc(NO_SECS_PAGE)));
        pf(Check.SECS_VALID, call -> call.machine.pageinfo.secs(), call -> {
            call.epcm().set(NO_SECS_PAGE, PageType.VA.code() << Epcm.PT_SHIFT, 0, Epcm.NO_SECS);
            call.machine.pageinfo.secs(call.machine.epc(NO_SECS_PAGE));
        });
        gp(Check.LINADDR_IN_ELRANGE, call -> call.moveTo(call.enclave.base() - 0x1000));
        gp(Check.LINADDR_IN_ELRANGE, call -> call.moveTo(call.enclave.base() + call.enclave.size()));
        gp(Check.MEASUREMENT_FREE, call -> call.holdMeasuring(call::secsPage));
        gp(Check.SECS_UNINITIALIZED, call -> call.enclave.init());

        on(EaddTest::reg);
        gp(Check.REG_W_NEEDS_R, call -> call.secinfoFlags(Secinfo.W, Secinfo.R));

        on(EaddTest::tcs);
        gp(Check.TCS_RESERVED, call -> Layouts.u8(call.machine.source, 88, 1));
        gp(Check.TCS_RESERVED, call -> Layouts.u8(call.machine.source, 4095, 1));
        gp(Check.TCS_RESERVED, call -> call.tcs().flags(4));
        gp(Check.TCS_PREVSSP, call -> call.tcs().prevSsp(8));

        on(EaddTest::tcsBeforeCet);
        gp(Check.SECINFO_PT, call -> call.machine.secinfo.pageType(PageType.SS_FIRST));
        gp(Check.SECINFO_PT, call -> call.machine.secinfo.pageType(PageType.SS_REST));
        gp(Check.TCS_RESERVED, call -> call.tcs().ocetSsa(16));
        gp(Check.TCS_RESERVED, call -> call.tcs().prevSsp(8));
        gp(Check.TCS_RESERVED, call -> call.tcs().flags(Tcs.AEXNOTIFY));

        on(EaddTest::tcs32);
        gp(Check.TCS_LIMITS, call -> call.tcs().fsLimit(0xffe));
        gp(Check.TCS_LIMITS, call -> call.tcs().gsLimit(0x1000));

        on(EaddTest::ssFirst);
        gp(Check.CR4_CET, call -> call.machine.lp.cr4Cet(false));
        gp(Check.SS_NOT_AT_EDGE, call -> call.moveTo(call.enclave.base()));
        gp(Check.SS_NOT_AT_EDGE, call -> call.moveTo(call.enclave.base() + call.enclave.size() - 0x1000));
        gp(Check.SS_ZERO, call -> Layouts.u8(call.machine.source, 4087, 1));
        gp(Check.SS_FIRST_TOKEN, call -> call.token(call.machine.pageinfo.linAddr() + 0x1000));
        gp(Check.SS_READ_WRITE, call -> call.secinfoFlags(0, Secinfo.R));
        gp(Check.SS_READ_WRITE, call -> call.secinfoFlags(0, Secinfo.W));
        gp(Check.SS_READ_WRITE, call -> call.secinfoFlags(Secinfo.X, 0));

        on(EaddTest::ssRest);
        gp(Check.CR4_CET, call -> call.machine.lp.cr4Cet(false));
        gp(Check.SS_NOT_AT_EDGE, call -> call.moveTo(call.enclave.base()));
        gp(Check.SS_REST_TOKEN, call -> call.token(1));

        operand("PAGEINFO", (call, address) -> call.rbx = address);
        operand("EPC page", (call, address) -> call.rcx = address);
        operand("SRCPGE", (call, address) -> call.machine.pageinfo.srcPge(address));
        operand("SECINFO", (call, address) -> call.machine.pageinfo.secinfo(address));
        operand("SECS", (call, address) -> call.machine.pageinfo.secs(address));
    }

    @Override
    Call call() {
        return reg();
    }

    private static Call reg() {
        return new Call(enclave(), PageType.REG, RW);
    }

    private static Call tcs() {
        return new Call(enclave(), PageType.TCS, 0);
    }

    private static Call tcsBeforeCet() {
        return new Call(TestEnclave.create(TestMachine.of(CpuFeatures.SGX1_FLC)), PageType.TCS, 0);
    }

    private static Call tcs32() {
        TestMachine machine = TestMachine.of(TestMachine.withCet());
        TestEnclave enclave = TestEnclave.create(machine, secs -> {
            secs.baseAddr(0x1000_0000);
            secs.attributes(secs.attributes().without(Attributes.MODE64BIT));
        });
        Call call = new Call(enclave, PageType.TCS, 0);
        call.tcs().fsLimit(0xfff);
        call.tcs().gsLimit(0xffff_ffff);
        return call;
    }

    private static Call ssFirst() {
        Call call = new Call(enclave(), PageType.SS_FIRST, RW);
        call.moveTo(call.machine.pageinfo.linAddr());
        return call;
    }

    private static Call ssRest() {
        return new Call(enclave(), PageType.SS_REST, RW);
    }

    private static TestEnclave enclave() {
        TestMachine machine = TestMachine.of(TestMachine.withCet());
        machine.lp.cr4Cet(true);
        return TestEnclave.create(machine);
    }

    @Test
    void aPageBelongsToTheEnclave() {
        Call call = call();
        call.machine.source.fill((byte) 0x42);

        assertThat(call.run()).isEqualTo(new Outcome.Success(Leaf.EADD, Outcome.Flags.UNCHANGED));
        assertThat(call.epcm().flags(call.page))
                .isEqualTo(Epcm.VALID | Epcm.R | Epcm.W | PageType.REG.code() << Epcm.PT_SHIFT);
        assertThat(call.epcm().enclaveAddress(call.page)).isEqualTo(call.enclave.base() + OFFSET);
        assertThat(call.epcm().enclaveSecs(call.page)).isEqualTo(call.enclave.secsPage());
        assertThat(state(call).children()).isEqualTo(1);
        assertThat(TestSigner.bytes(call.machine.cpu.epc().page(call.page)))
                .isEqualTo(TestSigner.bytes(call.machine.source));
    }

    @Test
    void whatAThreadControlStructureMayNotSayIsCleared() {
        Call call = tcs();
        call.secinfoFlags(Secinfo.R | Secinfo.W | Secinfo.X, 0);
        Tcs tcs = call.tcs();
        tcs.state(Tcs.ACTIVE);
        tcs.flags(Tcs.DBGOPTIN | Tcs.AEXNOTIFY);
        tcs.ossa(0x3000);
        tcs.cssa(2);
        tcs.nssa(3);
        tcs.oentry(0x10);
        tcs.aep(0x1234);
        tcs.ocetSsa(0x40);
        Tcs expected = Tcs.allocate();
        expected.memory().copyFrom(tcs.memory());
        expected.state(Tcs.INACTIVE);
        expected.flags(Tcs.AEXNOTIFY);
        expected.cssa(0);
        expected.aep(0);
        long flags = call.machine.secinfo.flags();

        assertThat(call.run().isSuccess()).isTrue();
        assertThat(TestSigner.bytes(call.machine.cpu.epc().page(call.page)))
                .isEqualTo(TestSigner.bytes(expected.memory()));
        assertThat(call.epcm().flags(call.page)).isEqualTo(Epcm.VALID | PageType.TCS.code() << Epcm.PT_SHIFT);
        assertThat(call.machine.secinfo.flags()).as("the caller's SECINFO").isEqualTo(flags);
        // Measured with R, W and X cleared.
        assertThat(measured(call, PageType.TCS.code() << 8)).isTrue();
    }

    /** The manual has no check of these bits: they are measured as given and do not reach the EPCM. */
    @ParameterizedTest
    @ValueSource(longs = {Secinfo.PENDING, Secinfo.MODIFIED, Secinfo.PR})
    void stateBitsAreMeasuredOnly(long bit) {
        Call call = call();
        call.secinfoFlags(bit, 0);
        long flags = call.machine.secinfo.flags();

        assertThat(call.run().isSuccess()).isTrue();
        assertThat(call.epcm().has(call.page, (int) bit)).isFalse();
        assertThat(measured(call, flags)).isTrue();
    }

    @Test
    void aShadowStackPageIsAddedAndMeasured() {
        for (Call call : new Call[] {ssFirst(), ssRest()}) {
            long flags = call.machine.secinfo.flags();

            assertThat(call.run().isSuccess()).isTrue();
            assertThat(call.epcm().flags(call.page)).isEqualTo(Epcm.VALID | (int) flags);
            assertThat(measured(call, flags)).isTrue();
        }
    }

    @Test
    void aSourceInTheEpcReadsAsAllOnes() {
        Call call = call();
        call.machine.pageinfo.srcPge(call.enclave.secsAt());

        assertThat(call.run().isSuccess()).isTrue();
        assertThat(TestSigner.bytes(call.machine.cpu.epc().page(call.page))).containsOnly(0xff);
    }

    @Test
    void whatIsRefusedIsNotMeasured() {
        Call call = call();
        byte[] before = measurement(call);
        call.secinfoFlags(Secinfo.W, Secinfo.R);

        assertThat(call.run().isSuccess()).isFalse();
        assertThat(measurement(call)).isEqualTo(before);
        assertThat(state(call).children()).isZero();
    }

    /** Whether the measurement is now that of ECREATE and one EADD with these flags. */
    private static boolean measured(Call call, long flags) {
        byte[] block = new byte[64];
        System.arraycopy(new byte[] {'E', 'A', 'D', 'D'}, 0, block, 0, 4);
        block[9] = (byte) (OFFSET >> 8);
        block[16] = (byte) flags;
        block[17] = (byte) (flags >> 8);
        byte[] ecreate = call.enclave.log();
        byte[] all = Arrays.copyOf(ecreate, ecreate.length + block.length);
        System.arraycopy(block, 0, all, ecreate.length, block.length);
        return Arrays.equals(TestSigner.sha256(all), measurement(call));
    }

    private static byte[] measurement(Call call) {
        Measurement measurement = state(call).measurement();
        assertThat(measurement).isNotNull();
        return measurement.value();
    }

    private static SecsState state(Call call) {
        SecsState state = call.machine.cpu.secs(call.enclave.secsPage());
        assertThat(state).isNotNull();
        return state;
    }
}
