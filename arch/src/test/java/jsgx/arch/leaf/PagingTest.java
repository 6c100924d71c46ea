package jsgx.arch.leaf;

import static jsgx.arch.TestMachine.succeeds;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import jsgx.arch.Encls;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Pager.Evicted;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.VaPage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What leaves the EPC comes back the same, whatever it is and wherever it goes. */
class PagingTest {

    private static final int STATES = Epcm.RWX | Epcm.PENDING | Epcm.MODIFIED | Epcm.PR;

    private final TestMachine machine = TestMachine.sgx2();
    private final TestEnclave enclave = TestEnclave.create(machine);
    private final Pager pager = new Pager(machine);
    private final Epcm epcm = machine.cpu.epcm();

    @ParameterizedTest
    @EnumSource(names = {"REG", "TCS", "TRIM", "SS_FIRST", "SS_REST"})
    void aPageOfAnEnclaveInAnyState(PageType type) {
        Random random = new Random(type.code());
        int here = enclave.addUnmeasured(0x3000, TestEnclave.RW, new byte[0]);
        int there = machine.freePage();
        for (int i = 0; i < 200; i++) {
            byte[] content = fill(here, random);
            epcm.update(here, STATES | Epcm.PT_MASK, (random.nextInt() & STATES) | type.code() << Epcm.PT_SHIFT);
            int flags = epcm.flags(here);
            int children = machine.cpu.requireSecs(enclave.secsPage()).children();
            pager.block(here);

            Evicted evicted = pager.evict(here);
            assertThat(evicted.linAddr()).isEqualTo(enclave.base() + 0x3000);
            assertThat(epcm.valid(here)).isFalse();
            assertThat(bytes(evicted.page())).isNotEqualTo(content);
            boolean blocked = random.nextBoolean();
            succeeds(
                    blocked
                            ? pager.eldb(evicted, there, enclave.secsAt())
                            : pager.eldu(evicted, there, enclave.secsAt()));

            assertThat(bytes(machine.cpu.epc().page(there))).isEqualTo(content);
            assertThat(epcm.flags(there)).isEqualTo(blocked ? flags | Epcm.BLOCKED : flags);
            assertThat(epcm.enclaveAddress(there)).isEqualTo(enclave.base() + 0x3000);
            assertThat(epcm.enclaveSecs(there)).isEqualTo(enclave.secsPage());
            assertThat(pager.version(evicted.slot())).isZero();
            assertThat(machine.cpu.requireSecs(enclave.secsPage()).children()).isEqualTo(children);
            epcm.update(there, Epcm.BLOCKED, 0);
            int page = here;
            here = there;
            there = page;
        }
    }

    @Test
    void noCiphertextComesTwice() {
        int page = enclave.addUnmeasured(0, TestEnclave.RW, new byte[0]);
        pager.block(page);
        Evicted first = pager.evict(page);
        succeeds(pager.eldb(first, page, enclave.secsAt()));
        succeeds(Encls.etrack(machine.lp, enclave.secsAt()));
        Evicted second = pager.evict(page);
        assertThat(bytes(second.page())).isNotEqualTo(bytes(first.page()));
        assertThat(bytes(second.pcmd().mac())).isNotEqualTo(bytes(first.pcmd().mac()));
    }

    @Test
    void aVersionArrayLeavesAndTheVersionsInItComeBack() {
        int page = enclave.addUnmeasured(0, TestEnclave.RW, new byte[] {42});
        pager.block(page);
        Evicted evicted = pager.evict(page);
        Deque<Evicted> arrays = new ArrayDeque<>();
        int slots = pager.va;
        // The array leaves into a slot of another, and that one into a third.
        for (int i = 0; i < 3; i++) {
            int next = Pager.version(machine);
            Evicted array = Pager.outside(pager.slot(next, 511 - i));
            succeeds(pager.ewb(slots, array));
            assertThat(epcm.valid(slots)).isFalse();
            arrays.push(array);
            slots = next;
        }
        int loaded = slots;
        while (!arrays.isEmpty()) {
            Evicted array = arrays.pop();
            int destination = machine.freePage();
            int slot = (int) (array.slot() & (Epc.PAGE_SIZE - 1)) / VaPage.SLOT_SIZE;
            succeeds(pager.eldu(new Evicted(array.page(), array.pcmd(), 0, pager.slot(loaded, slot)), destination, 0));
            assertThat(epcm.flags(destination)).isEqualTo(Epcm.VALID | PageType.VA.code() << Epcm.PT_SHIFT);
            loaded = destination;
        }
        int slot = (int) (evicted.slot() & (Epc.PAGE_SIZE - 1)) / VaPage.SLOT_SIZE;
        Evicted moved = new Evicted(evicted.page(), evicted.pcmd(), evicted.linAddr(), pager.slot(loaded, slot));
        succeeds(pager.eldu(moved, page, enclave.secsAt()));
        assertThat(machine.cpu.epc().page(page).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 42);
    }

    @Test
    void aSecsLeavesAfterItsChildrenAndTheyFindItElsewhere() {
        int page = enclave.addUnmeasured(0, TestEnclave.RW, new byte[] {7});
        setInit();
        long eid = machine.cpu.requireSecs(enclave.secsPage()).eid();
        byte[] secs = bytes(machine.cpu.epc().page(enclave.secsPage()));
        pager.block(page);
        Evicted child = pager.evict(page);
        Evicted parent = pager.evict(enclave.secsPage());
        assertThat(parent.linAddr()).isZero();
        assertThat(parent.pcmd().enclaveId())
                .isEqualTo(eid)
                .isEqualTo(child.pcmd().enclaveId());
        assertThat(machine.cpu.secs(enclave.secsPage())).isNull();

        int elsewhere = machine.freePage();
        succeeds(pager.eldb(parent, elsewhere, 0));
        assertThat(epcm.flags(elsewhere)).isEqualTo(Epcm.VALID);
        assertThat(bytes(machine.cpu.epc().page(elsewhere))).isEqualTo(secs);
        assertThat(machine.cpu.requireSecs(elsewhere).eid()).isEqualTo(eid);
        assertThat(machine.cpu.requireSecs(elsewhere).children()).isZero();
        assertThat(machine.cpu.requireSecs(elsewhere).measurement()).isNull();
        succeeds(pager.eldu(child, page, machine.epc(elsewhere)));
        assertThat(epcm.enclaveSecs(page)).isEqualTo(elsewhere);
        assertThat(machine.cpu.requireSecs(elsewhere).children()).isEqualTo(1);
    }

    @Test
    void anEnclaveLeavesBeforeItIsInitialisedAndIsFinishedLater() {
        int first = enclave.add(0, TestEnclave.RX, new byte[] {1});
        pager.block(first);
        Evicted child = pager.evict(first);
        Evicted parent = pager.evict(enclave.secsPage());
        // Another enclave is measured meanwhile.
        TestEnclave other = TestEnclave.create(machine);
        other.add(0, TestEnclave.RX, new byte[] {2});

        succeeds(pager.eldu(parent, enclave.secsPage(), 0));
        succeeds(pager.eldu(child, first, enclave.secsAt()));
        enclave.add(0x1000, TestEnclave.RW, new byte[] {3});
        enclave.init();
        other.init();
        assertThat(bytes(enclave.secsInEpc().mrEnclave())).isEqualTo(enclave.mrEnclave());
        assertThat(bytes(other.secsInEpc().mrEnclave())).isEqualTo(other.mrEnclave());
    }

    @Test
    void twoEnclavesSwapPlaces() {
        TestEnclave other = TestEnclave.create(machine);
        int mine = enclave.addUnmeasured(0, TestEnclave.RW, new byte[] {1});
        int its = other.addUnmeasured(0, TestEnclave.RX, new byte[] {2});
        pager.block(mine);
        pager.block(its);
        Evicted a = pager.evict(mine);
        Evicted b = pager.evict(its);
        succeeds(pager.eldu(a, its, enclave.secsAt()));
        succeeds(pager.eldu(b, mine, other.secsAt()));
        assertThat(epcm.enclaveSecs(its)).isEqualTo(enclave.secsPage());
        assertThat(epcm.enclaveSecs(mine)).isEqualTo(other.secsPage());
        assertThat(machine.cpu.epc().page(its).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 1);
        assertThat(machine.cpu.epc().page(mine).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 2);
    }

    private byte[] fill(int page, Random random) {
        byte[] content = new byte[Epc.PAGE_SIZE];
        random.nextBytes(content);
        machine.cpu.epc().page(page).copyFrom(MemorySegment.ofArray(content));
        return content;
    }

    private void setInit() {
        Secs secs = enclave.secsInEpc();
        secs.attributes(new Attributes(
                secs.attributes().flags() | Attributes.INIT, secs.attributes().xfrm()));
        machine.cpu.requireSecs(enclave.secsPage()).endMeasurement();
    }

    private static byte[] bytes(MemorySegment memory) {
        return memory.toArray(ValueLayout.JAVA_BYTE);
    }
}
