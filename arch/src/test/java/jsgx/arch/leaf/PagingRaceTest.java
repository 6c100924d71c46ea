package jsgx.arch.leaf;

import static jsgx.arch.TestMachine.succeeds;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import jsgx.arch.Encls;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Pager.Evicted;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;

/** Two logical processors at once on the same pages. */
class PagingRaceTest {

    private static final int ROUNDS = 2_000;

    /** After so many a thread lets others run: there may be fewer processors than threads. */
    private static final int SPINS = 1_000;

    private final TestMachine one = TestMachine.sgx2();
    private final TestMachine two = one.another();
    private final TestEnclave enclave = TestEnclave.create(one);
    private final Pager pager = new Pager(one);
    private final Epcm epcm = one.cpu.epcm();

    /** One page, one version, two destinations: it comes in once. */
    @Test
    void aPageIsLoadedOnce() throws Exception {
        Pager other = new Pager(two);
        int page = enclave.addUnmeasured(0, TestEnclave.RW, new byte[] {1});
        int elsewhere = one.freePage();
        int inUse = page;
        try (Pair pair = new Pair()) {
            for (int i = 0; i < ROUNDS; i++) {
                pager.block(inUse);
                Evicted evicted = Pager.outside(pager.slot(pager.va, i % 512));
                succeeds(pager.ewb(inUse, evicted));
                Evicted loaded = new Evicted(evicted.page(), evicted.pcmd(), one.pageinfo.linAddr(), evicted.slot());
                List<Outcome> outcomes = pair.run(
                        () -> pager.eldu(loaded, page, enclave.secsAt()),
                        () -> other.eldu(loaded, elsewhere, enclave.secsAt()));
                assertThat(outcomes).filteredOn(Outcome::isSuccess).hasSize(1);
                assertThat(outcomes).filteredOn(o -> !o.isSuccess()).allSatisfy(PagingRaceTest::lostTheRace);
                assertThat(epcm.valid(page)).isNotEqualTo(epcm.valid(elsewhere));
                assertThat(pager.version(evicted.slot())).isZero();
                inUse = epcm.valid(page) ? page : elsewhere;
            }
        }
    }

    private static void lostTheRace(Outcome outcome) {
        switch (outcome) {
            case Outcome.Error error -> assertThat(error.code()).isEqualTo(SgxError.MAC_COMPARE_FAIL);
            case Outcome.Faulted faulted -> {
                assertThat(faulted.check().name()).isEqualTo(Eld.Step.VERSION_UNCHANGED.name());
                assertThat(faulted.fault()).isEqualTo(Fault.gp());
            }
            case Outcome.Success success -> throw new AssertionError("both loaded the page");
        }
    }

    /** EBLOCK and EMODPR share the page: neither loses what the other wrote. */
    @Test
    void aBlockStaysWhileAnotherRestricts() throws Exception {
        LeafAttempt attempt = new LeafAttempt(Leaf.EMODPR);
        TestMachine second = attempt.machine.another();
        attempt.secinfo.flags(Secinfo.R);
        AtomicInteger restricted = new AtomicInteger();
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            Future<Outcome> restricting = other.submit(() -> {
                Outcome outcome;
                do {
                    outcome = Encls.emodpr(attempt.machine.lp, attempt.machine.secinfoAt, attempt.epc(attempt.reg));
                    restricted.incrementAndGet();
                } while (outcome.isSuccess() && !done.get());
                return outcome;
            });
            for (int i = 0; i < ROUNDS && !restricting.isDone(); i++) {
                attempt.epcm.update(attempt.reg, Epcm.BLOCKED, 0);
                succeeds(Encls.eblock(second.lp, second.epc(attempt.reg)));
                // The EMODPR that ran beside EBLOCK ends before a second one after it begins.
                int before = restricted.get();
                while (restricted.get() < before + 2 && !restricting.isDone()) {
                    Thread.onSpinWait();
                }
                assertThat(attempt.epcm.has(attempt.reg, Epcm.BLOCKED)).isTrue();
            }
            done.set(true);
            assertThat(restricting.get().isSuccess()).isTrue();
        } finally {
            done.set(true);
            other.shutdownNow();
        }
    }

    /** Two pages leave into one slot: one EWB finds it occupied, and one page can come back. */
    @Test
    void aSlotHasOneVersion() throws Exception {
        Pager other = new Pager(two);
        int first = enclave.addUnmeasured(0, TestEnclave.RW, new byte[] {1});
        int second = enclave.addUnmeasured(0x1000, TestEnclave.RW, new byte[] {2});
        long slot = pager.freeSlot();
        pager.block(first);
        succeeds(Encls.eblock(one.lp, one.epc(second)));
        succeeds(Encls.etrack(one.lp, enclave.secsAt()));
        Evicted a = Pager.outside(slot);
        Evicted b = Pager.outside(slot);
        try (Pair pair = new Pair()) {
            List<Outcome> outcomes = pair.run(() -> pager.ewb(first, a), () -> other.ewb(second, b));
            assertThat(outcomes).filteredOn(Outcome::isSuccess).hasSize(1);
            assertThat(outcomes)
                    .filteredOn(o -> !o.isSuccess())
                    .allSatisfy(o -> assertThat(((Outcome.Error) o).code()).isEqualTo(SgxError.VA_SLOT_OCCUPIED));
        }
        assertThat(epcm.valid(first) || epcm.valid(second)).isFalse();
        Outcome firstBack = pager.eldu(new Evicted(a.page(), a.pcmd(), enclave.base(), slot), first, enclave.secsAt());
        Outcome secondBack =
                pager.eldu(new Evicted(b.page(), b.pcmd(), enclave.base() + 0x1000, slot), second, enclave.secsAt());
        assertThat(List.of(firstBack.isSuccess(), secondBack.isSuccess())).containsExactlyInAnyOrder(true, false);
    }

    /** Each processor takes its own enclave's pages out and in, as fast as it can, with versions in the same array. */
    @Test
    void twoEnclavesDoNotMeet() throws Exception {
        TestEnclave another = TestEnclave.create(two);
        int mine = enclave.addUnmeasured(0, TestEnclave.RW, new byte[] {1});
        int its = another.addUnmeasured(0, TestEnclave.RX, new byte[] {2});
        Pager other = new Pager(two);
        try (Pair pair = new Pair()) {
            List<Outcome> outcomes = pair.run(
                    () -> outAndIn(pager, enclave, mine, pager.slot(pager.va, 0)),
                    () -> outAndIn(other, another, its, other.slot(pager.va, 1)));
            assertThat(outcomes).allMatch(Outcome::isSuccess);
        }
        assertThat(one.cpu.epc().page(mine).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 1);
        assertThat(one.cpu.epc().page(its).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 2);
    }

    private static Outcome outAndIn(Pager pager, TestEnclave enclave, int page, long slot) {
        Evicted outside = Pager.outside(slot);
        Outcome last = Encls.eblock(pager.machine.lp, pager.machine.epc(page));
        for (int i = 0; i < ROUNDS && last.isSuccess(); i++) {
            succeeds(Encls.etrack(pager.machine.lp, enclave.secsAt()));
            succeeds(pager.ewb(page, outside));
            long linAddr = pager.machine.pageinfo.linAddr();
            last = pager.eldb(new Evicted(outside.page(), outside.pcmd(), linAddr, slot), page, enclave.secsAt());
        }
        return last;
    }

    /** This thread and another, which spin until both are ready, so that they meet within a leaf. */
    private static final class Pair implements AutoCloseable {
        private final ExecutorService other = Executors.newSingleThreadExecutor();

        List<Outcome> run(Callable<Outcome> first, Callable<Outcome> second) throws Exception {
            AtomicInteger ready = new AtomicInteger();
            Future<Outcome> future = other.submit(() -> {
                meet(ready);
                return second.call();
            });
            meet(ready);
            Outcome outcome = first.call();
            return List.of(outcome, future.get());
        }

        private static void meet(AtomicInteger ready) {
            ready.incrementAndGet();
            for (int spins = 0; ready.get() < 2; spins++) {
                if (spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.parkNanos(1_000);
                }
            }
        }

        @Override
        public void close() {
            other.shutdownNow();
        }
    }
}
