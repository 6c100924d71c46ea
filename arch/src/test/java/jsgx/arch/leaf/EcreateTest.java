package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.UnaryOperator;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.Outcome;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.TestSigner;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.leaf.Ecreate.Check;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.MiscSelect;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EcreateTest extends LeafChecks<Check, EcreateTest.Call> {

    private static final long BASE_32 = 0x1000_0000L;
    private static final int PAGE = 0;

    /** ECREATE with PAGEINFO, SECINFO and the source image of the machine. */
    static final class Call extends LeafCall {
        final Secs secs;

        Call(TestMachine machine) {
            super(machine, Leaf.ECREATE);
            secs = new Secs(machine.source);
            secs.memory().copyFrom(TestEnclave.secs().memory());
            machine.pageinfo.srcPge(machine.sourceAt);
            machine.pageinfo.secinfo(machine.secinfoAt);
            rbx = machine.pageinfoAt;
            rcx = machine.epc(PAGE);
        }

        void attributes(UnaryOperator<Attributes> change) {
            secs.attributes(change.apply(secs.attributes()));
        }

        void xfrm(long set, long clear) {
            attributes(a -> new Attributes(a.flags(), (a.xfrm() | set) & ~clear));
        }

        void byteAt(int at) {
            Layouts.u8(secs.memory(), at, 1);
        }
    }

    EcreateTest() {
        super(Check.class);
        gp(Check.PAGEINFO_ALIGNED, call -> call.rbx += 8);
        gp(Check.EPC_PAGE_ALIGNED, call -> call.rcx += 2048);
        pf(Check.EPC_PAGE_IN_EPC, call -> call.rcx, call -> call.rcx = call.machine.sourceAt);
        gp(Check.SRCPGE_ALIGNED, call -> call.machine.pageinfo.srcPge(call.machine.sourceAt + 64));
        gp(Check.SECINFO_ALIGNED, call -> call.machine.pageinfo.secinfo(call.machine.secinfoAt + 32));
        gp(Check.LINADDR_ZERO, call -> call.machine.pageinfo.linAddr(0x1000));
        gp(Check.PAGEINFO_SECS_ZERO, call -> call.machine.pageinfo.secs(call.machine.epc(1)));
        gp(Check.SECINFO_RESERVED, call -> call.machine.secinfo.flags(1 << 7));
        gp(Check.SECINFO_RESERVED, call -> Layouts.u8(call.machine.secinfo.memory(), 63, 1));
        gp(Check.SECINFO_PT_SECS, call -> call.machine.secinfo.pageType(PageType.REG));
        gp(Check.EPC_PAGE_FREE, call -> call.holdShared(() -> PAGE));
        pf(Check.EPCM_INVALID, call -> call.rcx, call -> call.epcm().set(PAGE, 0, 0, Epcm.NO_SECS));
        gp(Check.XFRM_LOW_BITS, call -> call.xfrm(0, 1));
        gp(Check.XFRM_LOW_BITS, call -> call.xfrm(0, 2));
        gp(Check.XFRM_LEGAL, call -> call.xfrm(1L << 62, 0));
        gp(Check.XFRM_LEGAL, call -> call.xfrm(0xe0, 4));
        gp(Check.CET_ATTRIBUTES_NEED_CET, call -> {
            call.attributes(a -> a.without(Attributes.CET));
            call.secs.cetAttributes(4);
        });
        gp(Check.CET_LEG_BITMAP_OFFSET_NEEDS_CET, call -> {
            call.attributes(a -> a.without(Attributes.CET));
            call.secs.cetAttributes(0);
            call.secs.cetLegBitmapOffset(0x1000);
        });
        gp(Check.MISCSELECT_SUPPORTED, call -> call.secs.miscSelect(1 << 31));
        gp(Check.SSAFRAMESIZE, call -> call.secs.ssaFrameSize(0));
        gp(Check.SIZE_POWER_OF_TWO, call -> call.secs.size(0x3000));
        gp(Check.SIZE_POWER_OF_TWO, call -> call.secs.size(0x1000));
        gp(Check.SIZE_POWER_OF_TWO, call -> call.secs.size(0));
        gp(Check.BASEADDR_NATURALLY_ALIGNED, call -> call.secs.baseAddr(call.secs.baseAddr() + 0x1000));
        gp(Check.ATTRIBUTES_SUPPORTED, call -> call.attributes(a -> a.with(Attributes.INIT)));
        gp(Check.ATTRIBUTES_SUPPORTED, call -> call.attributes(a -> a.with(1 << 3)));
        gp(Check.ATTRIBUTES_SUPPORTED, call -> call.attributes(a -> a.with(Long.MIN_VALUE)));
        for (int reserved : new int[] {33, 47, 96, 127, 160, 191, 262, 3072, 4095}) {
            gp(Check.SECS_RESERVED, call -> call.byteAt(reserved));
        }
        gp(Check.CONFIG_NEEDS_KSS, call -> call.byteAt(192 + 63));
        gp(Check.CONFIG_NEEDS_KSS, call -> call.secs.configSvn(1));

        on(EcreateTest::mode64);
        gp(Check.CET_LEG_BITMAP_CANONICAL, call -> {
            call.attributes(a -> a.with(Attributes.CET));
            call.secs.cetLegBitmapOffset(0x1000_0000_0000L);
        });
        gp(Check.CET_ATTRIBUTES_RESERVED, call -> {
            call.attributes(a -> a.with(Attributes.CET));
            call.secs.cetAttributes(0x40);
        });
        gp(Check.CET_LEG_BITMAP_OFFSET_ALIGNED, call -> {
            call.attributes(a -> a.with(Attributes.CET));
            call.secs.cetLegBitmapOffset(call.secs.cetLegBitmapOffset() | 0x800);
        });
        gp(Check.BASEADDR_CANONICAL, call -> call.secs.baseAddr(0x8000_0000_0000L));
        gp(Check.SIZE_MAXIMUM_64, call -> call.secs.size(1L << 56));
        gp(Check.SIZE_MAXIMUM_64, call -> call.secs.size(Long.MIN_VALUE));

        on(EcreateTest::mode32);
        gp(Check.CET_LEG_BITMAP_BELOW_4G, call -> {
            call.attributes(a -> a.with(Attributes.CET));
            call.secs.cetLegBitmapOffset(0x1_0000_0000L);
        });
        gp(Check.BASEADDR_BELOW_4G, call -> call.secs.baseAddr(0x1_0000_0000L));
        gp(Check.SIZE_MAXIMUM_32, call -> call.secs.size(1L << 31));

        on(EcreateTest::withoutCet);
        gp(Check.CET_LEG_BITMAP_OFFSET_NEEDS_IBT, call -> {
            call.attributes(a -> a.with(Attributes.CET));
            call.secs.cetLegBitmapOffset(0x1000);
        });
        gp(Check.CET_ATTRIBUTES_NEED_IBT, call -> {
            call.attributes(a -> a.with(Attributes.CET));
            call.secs.cetAttributes(call.secs.cetAttributes() | 4);
        });
        gp(Check.CET_ATTRIBUTES_NEED_SS, call -> {
            call.attributes(a -> a.with(Attributes.CET));
            call.secs.cetAttributes(call.secs.cetAttributes() | 2);
        });

        // The bitmap lies at BASEADDR + offset, which is not canonical either.
        apart(Check.CET_LEG_BITMAP_OFFSET_ALIGNED, Check.BASEADDR_CANONICAL);

        operand("PAGEINFO", (call, address) -> call.rbx = address);
        operand("EPC page", (call, address) -> call.rcx = address);
        operand("SRCPGE", (call, address) -> call.machine.pageinfo.srcPge(address));
        operand("SECINFO", (call, address) -> call.machine.pageinfo.secinfo(address));
    }

    @Override
    Call call() {
        return mode64();
    }

    private static Call mode64() {
        return new Call(TestMachine.of(TestMachine.withCet()));
    }

    private static Call mode32() {
        Call call = mode64();
        call.attributes(a -> a.without(Attributes.MODE64BIT));
        call.secs.baseAddr(BASE_32);
        return call;
    }

    private static Call withoutCet() {
        return new Call(TestMachine.sgx2());
    }

    @Test
    void aSecsIsMade() {
        Call call = call();
        call.secs.isvProdId(7);
        call.secs.isvSvn(8);
        call.machine.lp.registers().set(Register.RFLAGS, 0x8d5);

        assertThat(call.run()).isEqualTo(new Outcome.Success(Leaf.ECREATE, Outcome.Flags.UNCHANGED));
        assertThat(call.machine.lp.registers().get(Register.RFLAGS)).isEqualTo(0x8d5);
        assertThat(call.epcm().flags(PAGE)).isEqualTo(Epcm.VALID);
        assertThat(call.epcm().enclaveAddress(PAGE)).isZero();
        assertThat(call.epcm().enclaveSecs(PAGE)).isEqualTo(Epcm.NO_SECS);
        Secs secs = new Secs(call.machine.cpu.epc().page(PAGE));
        assertThat(secs.baseAddr()).isEqualTo(TestEnclave.BASE);
        assertThat(secs.isvProdId()).isZero();
        assertThat(secs.isvSvn()).isZero();
        SecsState state = call.machine.cpu.secs(PAGE);
        assertThat(state).isNotNull();
        assertThat(state.children()).isZero();
        assertThat(new SecsInternals(secs.memory()).virtChildCnt()).isZero();
        assertThat(state.eid()).isEqualTo(new SecsInternals(secs.memory()).eid());
    }

    @Test
    void eachEnclaveHasAnEidOfItsOwn() {
        Call call = call();
        call.run();
        call.rcx = call.machine.epc(1);
        call.run();

        assertThat(new SecsInternals(call.machine.cpu.epc().page(1)).eid())
                .isEqualTo(new SecsInternals(call.machine.cpu.epc().page(0)).eid() + 1);
    }

    @Test
    void theMeasurementBeginsWithTheCetBitmapOfAProcessorThatHasOne() {
        TestEnclave enclave = TestEnclave.create(TestMachine.of(TestMachine.withCet()), secs -> {
            secs.attributes(secs.attributes().with(Attributes.CET));
            secs.cetAttributes(0x3f);
            secs.cetLegBitmapOffset(0x4000);
        });

        SecsState state = enclave.machine().cpu.secs(enclave.secsPage());
        assertThat(state).isNotNull();
        assertThat(state.measurement()).isNotNull();
        assertThat(state.measurement().value()).isEqualTo(TestSigner.sha256(enclave.log()));
        assertThat(state.measurement().blocks()).isEqualTo(1);
    }

    @Test
    void kssAllowsConfigidAndConfigsvn() {
        Call call = call();
        call.byteAt(192);
        call.secs.configSvn(3);
        call.attributes(a -> a.with(Attributes.KSS));

        assertThat(call.run().isSuccess()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {0x2000, 1L << 35})
    void theSmallestAndTheLargestSizeAreAccepted(long size) {
        Call call = new Call(TestMachine.of(CpuFeatures.SGX1_FLC));
        call.secs.size(size);
        call.secs.baseAddr(size);

        assertThat(call.run().isSuccess()).isTrue();
    }

    /** XFRM with AMX needs 11192 bytes with GPRSGX, and 11208 with EXINFO. */
    @ParameterizedTest
    @CsvSource({"2, false", "3, true"})
    void theFrameHasRoomForAllThatAnAexSaves(int frameSize, boolean accepted) {
        CpuFeatures f = CpuFeatures.SGX2;
        long amx = 0x6_0000;
        CpuFeatures features = new CpuFeatures(
                f.sgx2(),
                f.flc(),
                f.kss(),
                f.enclsC(),
                f.edeccssa(),
                f.aexNotify(),
                f.eupdatesvn(),
                f.cet(),
                f.miscSelect(),
                f.xfrm() | amx,
                f.log2MaxSize32(),
                f.log2MaxSize64());
        Call call = new Call(TestMachine.of(features));
        call.xfrm(amx, 0);
        call.secs.miscSelect(MiscSelect.EXINFO);
        call.secs.ssaFrameSize(frameSize);

        Outcome outcome = call.run();
        assertThat(outcome.isSuccess()).isEqualTo(accepted);
        if (!accepted) {
            assertThat(checkOfFault(outcome)).isEqualTo(Check.SSAFRAMESIZE);
        }
    }

    /** SSAFRAMESIZE is 32 bits wide and not signed. */
    @Test
    void aHugeFrameIsLargeEnough() {
        Call call = call();
        call.secs.ssaFrameSize(-1);

        assertThat(call.run().isSuccess()).isTrue();
    }

    @Test
    void aSourceInTheEpcReadsAsAllOnes() {
        Call call = call();
        call.machine.pageinfo.srcPge(call.machine.epc(1));
        assertThat(checkOfFault(call.run())).isEqualTo(Check.XFRM_LEGAL);
        assertThat(call.machine.cpu.epc().page(PAGE).get(Layouts.U64, 0)).isEqualTo(-1);

        Call other = call();
        other.machine.pageinfo.secinfo(other.machine.epc(1));
        assertThat(checkOfFault(other.run())).isEqualTo(Check.SECINFO_RESERVED);
    }

    @Test
    void aPageThatWasRemovedCanBeASecsAgain() {
        Call call = call();
        call.run();
        TestMachine.succeeds(Encls.eremove(call.machine.lp, call.rcx));

        assertThat(call.run().isSuccess()).isTrue();
    }

    private static LeafCheck checkOfFault(Outcome outcome) {
        return ((Outcome.Faulted) outcome).check();
    }
}
