package jsgx.arch.leaf;

import static jsgx.arch.TestMachine.succeeds;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epc;
import jsgx.arch.leaf.Pager.Evicted;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.VaPage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Nothing that was changed outside the EPC, and nothing that was loaded before, comes in. Each test ends with the page as it
 * was: a refusal takes nothing from the genuine one.
 */
class TamperTest {

    private static final int PCMD_SECINFO = 0;
    private static final int PCMD_ENCLAVEID = 64;
    private static final int PCMD_RSVD = 72;

    private final TestMachine machine = TestMachine.sgx2();
    private final TestEnclave enclave = TestEnclave.create(machine);
    private final Pager pager = new Pager(machine);
    private final int page = enclave.addUnmeasured(0x4000, TestEnclave.RX, new byte[] {1, 2, 3});
    private final Evicted evicted = evict(page);
    private final long version = pager.version(evicted.slot());

    @AfterEach
    void theGenuinePageLoads() {
        assertThat(machine.cpu.epcm().valid(page)).isFalse();
        assertThat(pager.version(evicted.slot())).isEqualTo(version);
        succeeds(pager.eldu(evicted, page, enclave.secsAt()));
        assertThat(machine.cpu.epc().page(page).get(ValueLayout.JAVA_INT, 0) & 0xff_ffff)
                .isEqualTo(0x030201);
        refused(pager.eldu(evicted, machine.freePage(), enclave.secsAt()));
    }

    @Test
    void anyByteOfTheCiphertext() {
        Random random = new Random(1);
        for (int at = 0; at < Epc.PAGE_SIZE; at++) {
            flipped(evicted.page(), at, 1 << random.nextInt(8));
        }
    }

    @Test
    void anyBitOfSecinfoReservedBytesAndMac() {
        MemorySegment pcmd = evicted.pcmd().memory();
        for (int at = PCMD_SECINFO; at < PCMD_ENCLAVEID; at++) {
            flippedEachBit(pcmd, at);
        }
        for (int at = PCMD_RSVD; at < pcmd.byteSize(); at++) {
            flippedEachBit(pcmd, at);
        }
    }

    /** PCMD.ENCLAVEID is for software: ELDU takes the EID from the SECS. */
    @Test
    void theHandleForSoftwareIsNotLookedAt() {
        evicted.pcmd().enclaveId(-1);
    }

    @Test
    void anyBitOfTheLinearAddress() {
        for (int bit = 0; bit < 64; bit++) {
            Evicted moved = new Evicted(evicted.page(), evicted.pcmd(), evicted.linAddr() ^ 1L << bit, evicted.slot());
            refused(pager.eldu(moved, page, enclave.secsAt()));
        }
    }

    @Test
    void anotherEnclave() {
        TestEnclave other = TestEnclave.create(machine);
        refused(pager.eldu(evicted, page, other.secsAt()));
    }

    @Test
    void anotherSlotAndAnEmptyOne() {
        Evicted neighbour = evict(enclave.addUnmeasured(0x5000, TestEnclave.RX, new byte[] {4}));
        refused(pager.eldu(at(evicted, neighbour.slot()), page, enclave.secsAt()));
        refused(pager.eldu(at(evicted, pager.freeSlot()), page, enclave.secsAt()));
        refused(pager.eldu(at(neighbour, evicted.slot()), page, enclave.secsAt()));
    }

    @Test
    void twoPagesMixed() {
        Evicted other = evict(enclave.addUnmeasured(0x5000, TestEnclave.RX, new byte[] {4}));
        Evicted itsPage = new Evicted(other.page(), evicted.pcmd(), evicted.linAddr(), evicted.slot());
        Evicted itsMetadata = new Evicted(evicted.page(), other.pcmd(), evicted.linAddr(), evicted.slot());
        refused(pager.eldu(itsPage, page, enclave.secsAt()));
        refused(pager.eldu(itsMetadata, page, enclave.secsAt()));
    }

    /** An older version of the same page in the same slot. */
    @Test
    void anOlderVersion() {
        int twin = enclave.addUnmeasured(0x6000, TestEnclave.RW, new byte[] {1});
        Evicted older = evict(twin);
        Evicted kept = older.copy();
        succeeds(pager.eldu(older, twin, enclave.secsAt()));
        machine.cpu.epc().page(twin).set(ValueLayout.JAVA_BYTE, 0, (byte) 2);
        pager.block(twin);
        Evicted newer = Pager.outside(older.slot());
        succeeds(pager.ewb(twin, newer));
        refused(pager.eldu(kept, twin, enclave.secsAt()));
        succeeds(pager.eldu(
                new Evicted(newer.page(), newer.pcmd(), older.linAddr(), older.slot()), twin, enclave.secsAt()));
        assertThat(machine.cpu.epc().page(twin).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 2);
    }

    /** The version was overwritten: code 12 when the second page left, and the first is lost. */
    @Test
    void aVersionThatWasOverwritten() {
        int first = enclave.addUnmeasured(0x6000, TestEnclave.RW, new byte[] {1});
        int second = enclave.addUnmeasured(0x7000, TestEnclave.RW, new byte[] {2});
        Evicted lost = evict(first);
        pager.block(second);
        Evicted other = Pager.outside(lost.slot());
        assertThat(pager.ewb(second, other))
                .isInstanceOfSatisfying(
                        Outcome.Error.class, e -> assertThat(e.code()).isEqualTo(SgxError.VA_SLOT_OCCUPIED));
        refused(pager.eldu(lost, first, enclave.secsAt()));
        succeeds(pager.eldu(
                new Evicted(other.page(), other.pcmd(), enclave.base() + 0x7000, other.slot()),
                second,
                enclave.secsAt()));
    }

    /** After a reset the version alone brings nothing back: the key is another. */
    @Test
    void aPageFromBeforeAReset() {
        TestMachine old = TestMachine.sgx2();
        TestEnclave before = TestEnclave.create(old);
        Pager oldPager = new Pager(old);
        int lost = before.addUnmeasured(0, TestEnclave.RW, new byte[] {1});
        oldPager.block(lost);
        Evicted kept = oldPager.evict(lost);
        long version = oldPager.version(kept.slot());
        old.cpu.powerLoss();

        TestEnclave after = TestEnclave.create(old);
        Pager newPager = new Pager(old);
        new VaPage(old.cpu.epc().page(newPager.va)).slot(0, version);
        assertThat(newPager.eldu(at(kept, newPager.slot(newPager.va, 0)), old.freePage(), after.secsAt()))
                .isInstanceOfSatisfying(
                        Outcome.Error.class, e -> assertThat(e.code()).isEqualTo(SgxError.MAC_COMPARE_FAIL));
    }

    private Evicted evict(int page) {
        pager.block(page);
        return pager.evict(page);
    }

    private static Evicted at(Evicted evicted, long slot) {
        return new Evicted(evicted.page(), evicted.pcmd(), evicted.linAddr(), slot);
    }

    private void flippedEachBit(MemorySegment memory, int at) {
        for (int bit = 0; bit < 8; bit++) {
            flipped(memory, at, 1 << bit);
        }
    }

    private void flipped(MemorySegment memory, int at, int bits) {
        byte genuine = memory.get(ValueLayout.JAVA_BYTE, at);
        memory.set(ValueLayout.JAVA_BYTE, at, (byte) (genuine ^ bits));
        refused(pager.eldu(evicted, page, enclave.secsAt()));
        assertThat(machine.cpu.epcm().valid(page)).isFalse();
        memory.set(ValueLayout.JAVA_BYTE, at, genuine);
    }

    /** Code 9 with ZF. */
    private static void refused(Outcome outcome) {
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Error.class, e -> {
            assertThat(e.code()).isEqualTo(SgxError.MAC_COMPARE_FAIL);
            assertThat(e.check()).isEqualTo(new Eld.Check(Leaf.ELDU, Eld.Step.MAC));
            assertThat(e.flags()).isEqualTo(Outcome.Flags.ZF);
        });
    }
}
