package jsgx.arch.epc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jsgx.arch.struct.PageType;
import org.junit.jupiter.api.Test;

class EpcmTest {

    private static final int PAGE = 1;

    private final Epcm epcm = new Epcm(3);

    @Test
    void anEntryIsWrittenWhole() {
        epcm.recordEpoch(PAGE, 9);
        epcm.set(PAGE, Epcm.R | Epcm.X | PageType.TCS.code() << Epcm.PT_SHIFT, 0x7000_0000_1000L, 2);

        assertThat(epcm.valid(PAGE)).isTrue();
        assertThat(epcm.has(PAGE, Epcm.W)).isFalse();
        assertThat(epcm.has(PAGE, Epcm.X)).isTrue();
        assertThat(PageType.of(epcm.pageType(PAGE))).isEqualTo(PageType.TCS);
        assertThat(epcm.enclaveAddress(PAGE)).isEqualTo(0x7000_0000_1000L);
        assertThat(epcm.enclaveSecs(PAGE)).isEqualTo(2);
        assertThat(epcm.blockEpoch(PAGE)).isZero();
        assertThat(epcm.valid(0)).isFalse();
        assertThat(epcm.valid(2)).isFalse();
    }

    @Test
    void invalidatingClearsOneBit() {
        epcm.set(PAGE, Epcm.R | Epcm.BLOCKED, 0x1000, 2);
        epcm.invalidate(PAGE);

        assertThat(epcm.flags(PAGE)).isEqualTo(Epcm.R | Epcm.BLOCKED);
        assertThat(epcm.enclaveAddress(PAGE)).isEqualTo(0x1000);
    }

    @Test
    void oneLeafHasAPageForItself() {
        assertThat(epcm.tryExclusive(PAGE)).isTrue();
        assertThat(epcm.tryExclusive(PAGE)).isFalse();
        assertThat(epcm.tryShared(PAGE)).isFalse();
        epcm.releaseExclusive(PAGE);
        assertThat(epcm.tryShared(PAGE)).isTrue();
    }

    @Test
    void leavesShareAPage() {
        assertThat(epcm.tryShared(PAGE)).isTrue();
        assertThat(epcm.tryShared(PAGE)).isTrue();
        assertThat(epcm.tryExclusive(PAGE)).isFalse();
        epcm.releaseShared(PAGE);
        assertThat(epcm.tryExclusive(PAGE)).isFalse();
        epcm.releaseShared(PAGE);
        assertThat(epcm.tryExclusive(PAGE)).isTrue();
    }

    /** So many that share never look like one that has the page for itself. */
    @Test
    void thereIsAnEndToSharing() {
        int sharers = 0;
        while (epcm.tryShared(PAGE)) {
            sharers++;
        }
        assertThat(sharers).isEqualTo(0xfffe);
        epcm.releaseShared(PAGE);
        assertThat(epcm.tryShared(PAGE)).isTrue();
    }

    @Test
    void theOtherLocksAreApart() {
        assertThat(epcm.tryExclusive(PAGE)).isTrue();
        assertThat(epcm.trySgx2(PAGE)).isTrue();
        assertThat(epcm.tryMeasuring(PAGE)).isTrue();
        assertThat(epcm.tryTracking(PAGE)).isTrue();
        assertThat(epcm.trySgx2(PAGE)).isFalse();
        assertThat(epcm.tryMeasuring(PAGE)).isFalse();
        assertThat(epcm.tryTracking(PAGE)).isFalse();
        epcm.releaseMeasuring(PAGE);
        assertThat(epcm.tryMeasuring(PAGE)).isTrue();
        epcm.releaseExclusive(PAGE);
        assertThat(epcm.tryShared(PAGE)).isTrue();
        assertThat(epcm.trySgx2(PAGE)).isFalse();
        epcm.releaseSgx2(PAGE);
        epcm.releaseTracking(PAGE);
        assertThat(epcm.trySgx2(PAGE)).isTrue();
        assertThat(epcm.tryTracking(PAGE)).isTrue();
        assertThat(epcm.tryExclusive(0)).isTrue();
    }

    @Test
    void clearingLosesAllEntries() {
        epcm.set(0, Epcm.R, 0, 2);
        epcm.set(2, Epcm.R, 0, Epcm.NO_SECS);
        epcm.clear();

        assertThat(epcm.valid(0)).isFalse();
        assertThat(epcm.flags(2)).isZero();
    }

    /** Threads that take locks at random never have a page both shared and exclusively, and leave it free. */
    @Test
    void locksExcludeEachOther() throws Exception {
        int[] counts = new int[2];
        try (var pool = Executors.newFixedThreadPool(3)) {
            List<Future<?>> threads = new ArrayList<>();
            for (int seed = 0; seed < 3; seed++) {
                Random random = new Random(seed);
                threads.add(pool.submit(() -> {
                    for (int i = 0; i < 20_000; i++) {
                        if (random.nextBoolean()) {
                            if (epcm.tryExclusive(PAGE)) {
                                counts[0]++;
                                epcm.releaseExclusive(PAGE);
                            }
                        } else if (epcm.tryShared(PAGE)) {
                            if (epcm.tryMeasuring(PAGE)) {
                                counts[1]++;
                                epcm.releaseMeasuring(PAGE);
                            }
                            epcm.releaseShared(PAGE);
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> thread : threads) {
                thread.get();
            }
        }
        assertThat(counts[0]).isPositive();
        assertThat(counts[1]).isPositive();
        assertThat(epcm.tryExclusive(PAGE)).isTrue();
    }
}
