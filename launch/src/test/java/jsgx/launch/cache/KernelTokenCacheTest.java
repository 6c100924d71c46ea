package jsgx.launch.cache;

import static jsgx.launch.cache.TestTokens.A;
import static jsgx.launch.cache.TestTokens.B;
import static jsgx.launch.cache.TestTokens.C;
import static jsgx.launch.cache.TestTokens.key;
import static jsgx.launch.cache.TestTokens.mrEnclave;
import static jsgx.launch.cache.TestTokens.mrSigner;
import static jsgx.launch.cache.TestTokens.number;
import static jsgx.launch.cache.TestTokens.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import jsgx.driver.Workload;
import jsgx.launch.cache.Lookup.Origin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KernelTokenCacheTest {

    private static final long EACH = Scheme.LRU.entryBytes();
    private static final CacheLimits TEN = CacheLimits.ofBytes(10 * EACH);

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    private final KernelTokenCache<IOException> cache = new KernelTokenCache<>(TEN, Scheme.LRU, now::get);

    @Test
    void aTokenIsLoadedOnceAndThenFound() throws Exception {
        Lookup first = get(1, A);
        Lookup second = cache.get(key(1), A, () -> {
            throw new AssertionError("it is in the cache");
        });

        assertThat(first.origin()).isEqualTo(Origin.LOADED);
        assertThat(second.origin()).isEqualTo(Origin.HIT);
        assertThat(second.token()).isEqualTo(token(1));
    }

    @Test
    void whatACallerDoesToItsTokenTheCacheDoesNotSee() throws Exception {
        byte[] loaded = token(1);
        cache.get(key(1), A, () -> loaded).token()[0] = 1;
        loaded[0] = 1;
        get(1, A).token()[0] = 1;

        assertThat(get(1, A).token()).isEqualTo(token(1));
    }

    @Test
    void anotherLaunchEnclaveOrGenerationIsAnotherKey() throws Exception {
        get(1, A);

        assertThat(cache.get(key(1, 1), A, () -> token(2)).origin()).isEqualTo(Origin.LOADED);
    }

    @Test
    void aTokenThatEinitRefusedIsDroppedAndNoOtherInItsPlace() throws Exception {
        get(1, A);
        get(2, B);
        assertThat(cache.bytes()).isEqualTo(2 * EACH);
        assertThat(cache.bytes(A)).isEqualTo(EACH);

        assertThat(cache.refused(key(1), token(2))).as("another token").isFalse();
        assertThat(cache.refused(key(3), token(3))).as("never there").isFalse();
        assertThat(cache.refused(key(1), token(1))).isTrue();

        assertThat(cache.bytes(A)).isZero();
        assertThat(cache.bytes(C)).as("never asked").isZero();
        assertThat(get(1, A).origin()).isEqualTo(Origin.LOADED);
        assertThat(get(2, B).origin()).isEqualTo(Origin.HIT);
    }

    @Test
    void aTokenHas304Bytes() throws Exception {
        assertThatIllegalStateException()
                .isThrownBy(() -> cache.get(key(1), A, () -> new byte[303]))
                .withMessage("a token has 304 bytes, and the loader gave 303");
        assertThat(get(1, A).origin()).isEqualTo(Origin.LOADED);
    }

    @Test
    void aFailureIsNotCached() throws Exception {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> cache.get(key(1), A, () -> {
                    throw new IOException("no launch enclave");
                }));

        assertThat(get(1, A).origin()).isEqualTo(Origin.LOADED);
        assertThat(of(A).loadFailures()).isEqualTo(1);
        assertThat(of(A).loads()).isEqualTo(1);
    }

    @Test
    void anErrorLeavesNoStuckFlight() throws Exception {
        assertThatExceptionOfType(StackOverflowError.class)
                .isThrownBy(() -> cache.get(key(1), A, () -> {
                    throw new StackOverflowError();
                }));

        assertThat(get(1, A).origin()).isEqualTo(Origin.LOADED);
        assertThat(of(A).loading()).isZero();
    }

    @Test
    void aLoaderThatAsksForItsOwnTokenIsToldSo() throws Exception {
        assertThatIllegalStateException()
                .isThrownBy(() -> cache.get(
                        key(1), A, () -> uninterrupted(() -> get(1, A)).token()))
                .withMessageStartingWith("the loader of a token asks for the same token: MRENCLAVE 00000001");

        assertThat(get(1, A).origin()).isEqualTo(Origin.LOADED);
    }

    @Test
    void aLoaderMayAskForAnotherToken() throws Exception {
        Lookup outer = cache.get(key(1), A, () -> uninterrupted(() -> get(2, A)).token());

        assertThat(number(outer)).isEqualTo(2);
        assertThat(get(2, A).origin()).isEqualTo(Origin.HIT);
    }

    @Test
    void theLeastRecentlyUsedGoes() throws Exception {
        load(A, 0, 10);
        get(0, A);
        get(10, A);

        assertThat(get(0, A).origin()).isEqualTo(Origin.HIT);
        assertThat(get(1, A).origin()).isEqualTo(Origin.LOADED);
        assertThat(of(A).evictions()).containsEntry(EvictionCause.SIZE, 2L);
    }

    @Test
    void anEntryIsChargedToWhoCausedItAndAHitCountsForWhoAsks() throws Exception {
        get(1, A);
        get(1, B);

        assertThat(of(A).bytes()).isEqualTo(EACH);
        assertThat(of(A).hits()).isZero();
        assertThat(of(B).bytes()).isZero();
        assertThat(of(B).hits()).isEqualTo(1);
    }

    @Test
    void theBoundInEntriesHoldsToo() throws Exception {
        cache.limits(TEN.withMaxEntries(3));
        load(A, 0, 5);

        assertThat(total().entries()).isEqualTo(3);
        assertThat(total().evictions()).containsEntry(EvictionCause.ENTRIES, 2L);
    }

    @Test
    void aboveItsCeilingAWorkloadGivesOfItsOwn() throws Exception {
        cache.limits(TEN.withWorkload(A, WorkloadLimits.ceiling(2 * EACH)));
        load(B, 100, 105);
        load(A, 0, 10);

        assertThat(of(A).entries()).isEqualTo(2);
        assertThat(of(B).entries()).isEqualTo(5);
        assertThat(of(A).evictions()).containsEntry(EvictionCause.CEILING, 8L);
    }

    @Test
    void theDefaultCeilingIsForAllWithoutTheirOwn() throws Exception {
        cache.limits(TEN.withDefaultCeiling(EACH).withWorkload(A, WorkloadLimits.ceiling(3 * EACH)));
        load(A, 0, 5);
        load(B, 100, 105);
        load(C, 200, 205);

        assertThat(of(A).entries()).isEqualTo(3);
        assertThat(of(B).entries()).isEqualTo(1);
        assertThat(of(C).entries()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void aStormTakesNothingOfAFloor(Scheme scheme) throws Exception {
        cache.scheme(scheme);
        long each = scheme.entryBytes();
        cache.limits(CacheLimits.ofBytes(10 * each).withWorkload(B, WorkloadLimits.floor(4 * each)));
        load(B, 100, 104);
        for (int n = 0; n < 10_000; n++) {
            get(n % 3000, A);
            get(n % 50, C);
        }

        for (int n = 100; n < 104; n++) {
            assertThat(cache.get(key(n), B, () -> token(-1)).origin()).isEqualTo(Origin.HIT);
        }
        assertThat(total().bytes()).isEqualTo(10 * each);
    }

    @ParameterizedTest
    @EnumSource
    void aFloorCanBeHadWheneverItIsAskedFor(Scheme scheme) throws Exception {
        cache.scheme(scheme);
        long each = scheme.entryBytes();
        cache.limits(CacheLimits.ofBytes(10 * each).withWorkload(B, WorkloadLimits.floor(4 * each)));
        load(A, 0, 1000);
        for (int n = 100; n < 104; n++) {
            get(n, B);
            load(A, 1000 * n, 1000 * n + 100);
        }

        assertThat(of(B).entries()).isEqualTo(4);
    }

    @Test
    void whereFloorsFillTheCacheNothingElseIsKept() throws Exception {
        cache.limits(TEN.withWorkload(B, WorkloadLimits.floor(10 * EACH)));
        load(B, 0, 10);

        assertThat(number(get(10, A))).isEqualTo(10);
        assertThat(of(A).entries()).isZero();
        assertThat(of(B).entries()).isEqualTo(10);
    }

    @Test
    void floorsThatDoNotFitAreRefused() {
        CacheLimits limits = CacheLimits.ofBytes(1000).withWorkload(A, WorkloadLimits.floor(600));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> limits.withWorkload(B, WorkloadLimits.floor(401)))
                .withMessage("the floors of 2 workloads are 1001 bytes together, and the cache is bounded to 1000:"
                        + " lower a floor or raise the bound");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CacheLimits.ofBytes(CacheLimits.UNLIMITED)
                        .withWorkload(A, WorkloadLimits.floor(CacheLimits.UNLIMITED))
                        .withWorkload(B, WorkloadLimits.floor(1))
                        .withMaxBytes(1));
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        TEN.withWorkload(A, WorkloadLimits.floor(3 * EACH)).withMaxEntries(2))
                .withMessageContaining("have room for 3 entries");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new WorkloadLimits(2, 1))
                .withMessage("a ceiling of 1 bytes is below the floor of 2 bytes: raise it, or lower the floor");
        assertThatIllegalArgumentException().isThrownBy(() -> new WorkloadLimits(-1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> CacheLimits.ofBytes(-1));
    }

    @Test
    void flushesByWorkloadEnclaveAndSigner() throws Exception {
        load(A, 0, 4);
        load(B, 4, 8);

        assertThat(cache.flush(identity -> identity.isEnclave(mrEnclave(5)))).isEqualTo(1);
        assertThat(cache.flush(identity -> identity.isSignedBy(mrSigner(1)))).isEqualTo(1);
        assertThat(cache.flush(A)).isEqualTo(3);
        assertThat(of(B).entries()).isEqualTo(3);
        assertThat(cache.flush()).isEqualTo(3);
        assertThat(total().evictions()).containsEntry(EvictionCause.FLUSH, 8L);
    }

    @Test
    void aFlushDuringALoadKeepsTheResultOut() throws Exception {
        Lookup loaded = cache.get(key(1), A, () -> {
            cache.flush(identity -> identity.isEnclave(mrEnclave(1)));
            return token(1);
        });

        assertThat(number(loaded)).isEqualTo(1);
        assertThat(total().entries()).isZero();
        assertThat(get(1, A).origin()).isEqualTo(Origin.LOADED);
    }

    @Test
    void aFlushOfAnotherEnclaveDuringALoadLeavesItAlone() throws Exception {
        cache.get(key(1), A, () -> {
            cache.flush(identity -> identity.isEnclave(mrEnclave(2)));
            cache.flush(B);
            return token(1);
        });

        assertThat(get(1, A).origin()).isEqualTo(Origin.HIT);
    }

    @Test
    void aNewGenerationDropsWhatIsOlderAtOnce() throws Exception {
        load(A, 0, 5);
        cache.get(key(1, 1), A, () -> token(11));

        assertThat(total().entries()).isEqualTo(1);
        assertThat(total().evictions()).containsEntry(EvictionCause.GENERATION, 5L);

        cache.generation(2);
        assertThat(total().entries()).isZero();
    }

    @Test
    void aTokenOfAnOlderGenerationIsHandedOnButNotKept() throws Exception {
        cache.generation(5);

        assertThat(cache.get(key(1, 4), A, () -> token(1)).origin()).isEqualTo(Origin.LOADED);
        assertThat(total().entries()).isZero();

        cache.get(key(1, 5), A, () -> {
            cache.generation(6);
            return token(1);
        });
        assertThat(total().entries()).isZero();
    }

    @Test
    void limitsChangeWhileItRunsAndWhatFitsStays() throws Exception {
        load(A, 0, 10);
        cache.limits(CacheLimits.ofBytes(4 * EACH + EACH / 2));

        assertThat(total().entries()).isEqualTo(4);
        for (int n = 6; n < 10; n++) {
            assertThat(get(n, A).origin()).isEqualTo(Origin.HIT);
        }
        cache.limits(TEN);
        load(A, 0, 6);
        assertThat(total().entries()).isEqualTo(10);
    }

    @ParameterizedTest
    @EnumSource
    void theSchemeChangesWhileItRunsAndWhatFitsStays(Scheme scheme) throws Exception {
        load(A, 0, 10);
        cache.scheme(scheme);
        long fits = TEN.maxBytes() / scheme.entryBytes();

        assertThat(cache.scheme()).isEqualTo(scheme);
        assertThat(total().entries()).isEqualTo(fits);
        assertThat(total().evictions()).containsEntry(EvictionCause.SCHEME, 10 - fits);
        for (int n = 9; n > 9 - fits; n--) {
            assertThat(get(n, A).origin()).isEqualTo(Origin.HIT);
        }
    }

    @Test
    void shrinksToASizeFloorsLast() throws Exception {
        cache.limits(TEN.withWorkload(A, WorkloadLimits.floor(3 * EACH)));
        load(A, 0, 3);
        load(B, 3, 10);

        assertThat(cache.shrink(4 * EACH)).isEqualTo(6 * EACH);
        assertThat(of(A).entries()).isEqualTo(3);
        assertThat(cache.shrink(EACH)).isEqualTo(3 * EACH);
        assertThat(of(A).entries()).isEqualTo(1);
        assertThat(cache.limits().maxBytes()).isEqualTo(10 * EACH);
        assertThat(total().evictions()).containsEntry(EvictionCause.SHRINK, 9L);
    }

    @Test
    void givesMoreAsPressureRises() throws Exception {
        load(A, 0, 8);

        assertThat(cache.pressure(MemoryPressure.LOW)).isEqualTo(2 * EACH);
        assertThat(cache.pressure(MemoryPressure.MEDIUM)).isEqualTo(3 * EACH);
        assertThat(cache.pressure(MemoryPressure.CRITICAL)).isEqualTo(3 * EACH);
        assertThat(total().bytes()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void aHitThatComesLateTouchesNothing(Scheme scheme) throws Exception {
        cache.scheme(scheme);
        cache.limits(CacheLimits.ofBytes(4 * scheme.entryBytes()));
        load(A, 0, 4);
        Entry dropped = Objects.requireNonNull(cache.table.find(key(1)));
        cache.flush(identity -> identity.isEnclave(mrEnclave(1)));
        dropped.share.order().hit(dropped);
        load(A, 10, 30);

        assertThat(total().entries()).isEqualTo(4);
        cache.shrink(0);
        assertThat(total().entries()).isZero();
        load(A, 0, 3);
        assertThat(total().entries()).isEqualTo(3);
    }

    @Test
    void agesAreOfTheEntriesNow() throws Exception {
        get(1, A);
        advance(Duration.ofSeconds(10));
        get(2, A);
        advance(Duration.ofSeconds(10));
        get(3, B);
        advance(Duration.ofSeconds(1));

        assertThat(of(A).oldest()).isEqualTo(Duration.ofSeconds(21));
        assertThat(of(A).meanAge()).isEqualTo(Duration.ofSeconds(16));
        assertThat(total().oldest()).isEqualTo(Duration.ofSeconds(21));
        assertThat(total().meanAge()).isEqualTo(Duration.ofSeconds(11));
        cache.flush();
        assertThat(total().oldest()).isZero();
    }

    @Test
    void aClockThatIsSetBackMakesNothingNegative() throws Exception {
        cache.get(key(1), A, () -> {
            advance(Duration.ofHours(-1));
            return token(1);
        });
        advance(Duration.ofHours(-1));

        assertThat(total().oldest()).isZero();
    }

    private Lookup get(int n, Workload workload) throws IOException, InterruptedException {
        return cache.get(key(n), workload, () -> token(n));
    }

    private void load(Workload workload, int from, int to) throws IOException, InterruptedException {
        for (int n = from; n < to; n++) {
            get(n, workload);
        }
    }

    private WorkloadStatistics of(Workload workload) {
        return Objects.requireNonNull(cache.statistics().workloads().get(workload));
    }

    private WorkloadStatistics total() {
        return cache.statistics().total();
    }

    private void advance(Duration by) {
        now.updateAndGet(instant -> instant.plus(by));
    }

    private interface Interruptible<T> {
        T call() throws IOException, InterruptedException;
    }

    private static <T> T uninterrupted(Interruptible<T> action) throws IOException {
        try {
            return action.call();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
