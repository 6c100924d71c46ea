package jsgx.arch.leaf;

import static jsgx.arch.leaf.EnclaveCall.CODE;
import static jsgx.arch.leaf.EnclaveCall.OPERAND_1;
import static jsgx.arch.leaf.EnclaveCall.ORDINARY;
import static jsgx.arch.leaf.EnclaveCall.TCS;
import static jsgx.arch.leaf.EnclaveCall.UNMAPPED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Enclu;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.LinearMemory;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.EnclaveAccess.Kind;
import jsgx.arch.leaf.EnclaveAccess.Result;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class EnclaveAccessTest {

    private static final int SGX = Fault.PF_PRESENT | Fault.PF_USER | Fault.PF_SGX;
    private static final long OUTSIDE = 0x50_0000;

    private final EnclaveCall call = new EnclaveCall(Leaf.EENTER, EnclaveCall.Kind.SGX2);
    private final LogicalProcessor lp = call.machine.lp;
    private final MemorySegment ordinary = MemorySegment.ofArray(new byte[Epc.PAGE_SIZE]);

    EnclaveAccessTest() {
        call.memory.map(OUTSIDE, ordinary);
    }

    private static MemorySegment granted(Result result) {
        assertThat(result).isInstanceOf(Result.Granted.class);
        return ((Result.Granted) result).memory();
    }

    private static Fault refused(Result result) {
        assertThat(result).isInstanceOf(Result.Refused.class);
        assertThat(((Result.Refused) result).why()).isNotBlank();
        return ((Result.Refused) result).fault();
    }

    private Result access(long offset, Kind kind) {
        return EnclaveAccess.access(lp, call.at(offset), 8, kind);
    }

    @Test
    void theEnclaveUsesItsPages() {
        call.enter();
        granted(access(OPERAND_1 + 0x10, Kind.WRITE)).set(Layouts.U64, 0, 0x1122);
        assertThat(granted(access(OPERAND_1 + 0x10, Kind.READ)).get(Layouts.U64, 0))
                .isEqualTo(0x1122);
        assertThat(Layouts.u64(call.content(OPERAND_1), 0x10)).isEqualTo(0x1122);
        granted(access(CODE, Kind.FETCH));
    }

    @ParameterizedTest
    @CsvSource({"READ,0", "WRITE,2", "FETCH,16"})
    void theEpcmRefusesWithAFaultOfItsOwn(Kind kind, int bit) {
        long offset = kind == Kind.FETCH ? CODE : OPERAND_1;
        PageCondition permission = switch (kind) {
            case READ -> PageCondition.R;
            case WRITE -> PageCondition.W;
            case FETCH -> PageCondition.X;
        };
        PageCondition[] conditions = {
            PageCondition.VALID,
            PageCondition.NOT_BLOCKED,
            PageCondition.PT_REG,
            PageCondition.OWN_SECS,
            PageCondition.ENCLAVEADDRESS,
            PageCondition.NOT_PENDING,
            PageCondition.NOT_MODIFIED,
            permission
        };
        for (PageCondition condition : conditions) {
            EnclaveCall fresh = new EnclaveCall(Leaf.EENTER, EnclaveCall.Kind.SGX2).enter();
            granted(EnclaveAccess.access(fresh.machine.lp, fresh.at(offset), 1, kind));
            fresh.spoil(offset, condition);
            long address = fresh.at(offset) + 5;
            assertThat(refused(EnclaveAccess.access(fresh.machine.lp, address, 1, kind)))
                    .as(condition.name())
                    .isEqualTo(Fault.pf(address, SGX | bit));
        }
    }

    @Test
    void noPageButAnOrdinaryOneIsData() {
        call.enter();
        assertThat(refused(access(TCS, Kind.READ))).isEqualTo(Fault.pf(call.at(TCS), SGX));
    }

    @Test
    void aProcessorWithoutSgx2HasNoFaultOfItsOwn() {
        TestMachine machine = TestMachine.of(CpuFeatures.SGX1);
        TestEnclave enclave = TestEnclave.create(machine);
        enclave.add(0, TestEnclave.RX, new byte[0]);
        enclave.addTcs(0x1000, 0x2000);
        enclave.add(0x2000, TestEnclave.RW, new byte[0]);
        enclave.secsInEpc().attributes(enclave.attributes().with(Attributes.INIT));
        machine.lp.cpl(3);
        TestMachine.succeeds(Enclu.eenter(machine.lp, enclave.base() + 0x1000, 0x1000));
        assertThat(refused(EnclaveAccess.access(machine.lp, enclave.base(), 1, Kind.WRITE)))
                .isEqualTo(Fault.gp());
        assertThat(refused(EnclaveAccess.access(machine.lp, enclave.base() + 0x8000, 1, Kind.WRITE)))
                .as("nothing is mapped there: the page tables speak first")
                .isEqualTo(Fault.pf(enclave.base() + 0x8000, Fault.PF_WRITE | Fault.PF_USER));
    }

    @ParameterizedTest
    @EnumSource
    void elrangeHasNothingButTheEpc(Kind kind) {
        call.enter();
        assertThat(refused(access(ORDINARY, kind)).errorCode() & SGX).isEqualTo(SGX);
        assertThat(refused(access(UNMAPPED, kind)).errorCode() & (Fault.PF_PRESENT | Fault.PF_SGX))
                .isZero();
    }

    @Test
    void outsideSeesTheAbortPage() {
        Layouts.u64(call.content(OPERAND_1), 0, 0x5ec2e7);
        MemorySegment seen = granted(access(OPERAND_1, Kind.READ));
        assertThat(Layouts.u64(seen, 0)).isEqualTo(-1L);
        granted(access(OPERAND_1, Kind.WRITE)).fill((byte) 0);
        assertThat(Layouts.u64(call.content(OPERAND_1), 0)).isEqualTo(0x5ec2e7);
        assertThat(Layouts.u64(granted(access(CODE, Kind.FETCH)), 0)).isEqualTo(-1L);
    }

    @Test
    void anotherEnclavesPageIsTheAbortPageToo() {
        call.enter();
        call.memory.mapEpc(OUTSIDE + 0x1000, call.page(OPERAND_1));
        assertThat(Layouts.u64(granted(EnclaveAccess.access(lp, OUTSIDE + 0x1000, 8, Kind.READ)), 0))
                .isEqualTo(-1L);
    }

    @Test
    void ordinaryMemoryIsSharedButNotExecuted() {
        for (boolean inside : new boolean[] {false, true}) {
            if (inside) {
                call.enter();
            }
            granted(EnclaveAccess.access(lp, OUTSIDE + 8, 8, Kind.WRITE)).set(Layouts.U64, 0, 7);
            assertThat(Layouts.u64(ordinary, 8)).isEqualTo(7);
            Result fetch = EnclaveAccess.access(lp, OUTSIDE, 1, Kind.FETCH);
            if (inside) {
                assertThat(refused(fetch)).isEqualTo(Fault.gp());
            } else {
                granted(fetch);
            }
        }
    }

    @Test
    void thePageTablesSpeakFirst() {
        call.enter();
        call.spoil(OPERAND_1, PageCondition.W);
        call.memory.mapEpc(call.at(OPERAND_1), call.page(OPERAND_1), LinearMemory.PROT_READ);
        granted(access(OPERAND_1, Kind.READ));
        assertThat(refused(access(OPERAND_1, Kind.WRITE)))
                .isEqualTo(Fault.pf(call.at(OPERAND_1), Fault.PF_PRESENT | Fault.PF_WRITE | Fault.PF_USER));
        call.memory.map(OUTSIDE, ordinary.asReadOnly());
        assertThat(refused(EnclaveAccess.access(lp, OUTSIDE, 1, Kind.WRITE)))
                .isEqualTo(Fault.pf(OUTSIDE, Fault.PF_PRESENT | Fault.PF_WRITE | Fault.PF_USER));
    }

    @Test
    void anAddressMustBeCanonicalAndAnAccessInOnePage() {
        assertThat(refused(EnclaveAccess.access(lp, EntryChecks.NOT_CANONICAL, 1, Kind.READ)))
                .isEqualTo(Fault.gp());
        assertThatThrownBy(() -> access(OPERAND_1 + 0xffc, Kind.READ)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> EnclaveAccess.access(lp, OUTSIDE, 0, Kind.READ))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatEmodprTookIsGoneAtOnce() {
        call.enter();
        call.epcm().update(call.page(OPERAND_1), Epcm.W, Epcm.PR);
        granted(access(OPERAND_1, Kind.READ));
        assertThat(refused(access(OPERAND_1, Kind.WRITE)).errorCode()).isEqualTo(SGX | Fault.PF_WRITE);
        assertThat(PageType.of(call.epcm().pageType(call.page(OPERAND_1)))).isEqualTo(PageType.REG);
    }
}
