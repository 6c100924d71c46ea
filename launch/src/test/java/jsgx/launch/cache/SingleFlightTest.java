package jsgx.launch.cache;

import static jsgx.launch.cache.TestTokens.A;
import static jsgx.launch.cache.TestTokens.B;
import static jsgx.launch.cache.TestTokens.key;
import static jsgx.launch.cache.TestTokens.number;
import static jsgx.launch.cache.TestTokens.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.driver.Workload;
import jsgx.launch.cache.Lookup.Origin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What several threads see of one load. */
@Timeout(60)
class SingleFlightTest {

    private static final int JOINERS = 7;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final KernelTokenCache<IOException> cache =
            new KernelTokenCache<>(CacheLimits.ofBytes(1 << 20), Scheme.LRU, InstantSource.system());
    private final CountDownLatch mayLand = new CountDownLatch(1);
    private final AtomicInteger loads = new AtomicInteger();

    @AfterEach
    void end() {
        mayLand.countDown();
        threads.close();
    }

    @Test
    void concurrentMissesMakeOneLoad() throws Exception {
        Future<Lookup> first = start(A, 1);
        List<Future<Lookup>> joiners = join(JOINERS);
        mayLand.countDown();

        assertThat(first.get().origin()).isEqualTo(Origin.LOADED);
        for (Future<Lookup> joiner : joiners) {
            assertThat(joiner.get()).isEqualTo(new Lookup(token(1), Origin.JOINED));
        }
        assertThat(loads).hasValue(1);
        assertThat(of(A).entries()).isEqualTo(1);
        assertThat(of(B).joins()).isEqualTo(JOINERS);
        assertThat(of(B).entries()).isZero();
    }

    @Test
    void joinersGetCopiesOfTheirOwn() throws Exception {
        var _ = start(A, 1);
        List<Future<Lookup>> joiners = join(2);
        mayLand.countDown();
        joiners.get(0).get().token()[0] = 1;

        assertThat(joiners.get(1).get().token()).isEqualTo(token(1));
    }

    @Test
    void theFailureOfALoadGoesToAll() throws Exception {
        IOException failure = new IOException("the launch enclave died");
        Future<Lookup> first = startFailing(failure);
        List<Future<Lookup>> joiners = join(JOINERS);
        mayLand.countDown();

        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(first::get)
                .havingCause()
                .isSameAs(failure);
        for (Future<Lookup> joiner : joiners) {
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(joiner::get)
                    .havingCause()
                    .isSameAs(failure);
        }
        assertThat(load(1).origin()).isEqualTo(Origin.LOADED);
    }

    @Test
    void anErrorGoesToAllToo() throws Exception {
        Error failure = new StackOverflowError();
        Future<Lookup> first = startFailing(failure);
        List<Future<Lookup>> joiners = join(1);
        mayLand.countDown();

        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(first::get)
                .havingCause()
                .isSameAs(failure);
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(joiners.getFirst()::get)
                .havingCause()
                .isSameAs(failure);
        assertThat(load(1).origin()).isEqualTo(Origin.LOADED);
    }

    @Test
    void anInterruptedJoinerGivesUpAlone() throws Exception {
        Future<Lookup> first = start(A, 1);
        CountDownLatch gaveUp = new CountDownLatch(1);
        Thread impatient = Thread.ofVirtual().start(() -> {
            try {
                cache.get(key(1), B, () -> token(-1));
            } catch (InterruptedException e) {
                gaveUp.countDown();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        awaitJoins(1);
        List<Future<Lookup>> patient = join(1);
        impatient.interrupt();
        gaveUp.await();
        mayLand.countDown();

        assertThat(first.get().origin()).isEqualTo(Origin.LOADED);
        assertThat(patient.getFirst().get().origin()).isEqualTo(Origin.JOINED);
        assertThat(cache.get(key(1), A, () -> token(-1)).origin()).isEqualTo(Origin.HIT);
    }

    @Test
    void whoComesAfterAFlushDoesNotJoin() throws Exception {
        Future<Lookup> first = start(A, 1);
        List<Future<Lookup>> before = join(1);
        cache.flush(identity -> identity.isEnclave(TestTokens.mrEnclave(1)));
        Lookup after = load(2);
        mayLand.countDown();

        assertThat(number(first.get())).isEqualTo(1);
        assertThat(number(before.getFirst().get())).isEqualTo(1);
        assertThat(number(after)).isEqualTo(2);
        assertThat(number(cache.get(key(1), A, () -> token(-1)))).isEqualTo(2);
        assertThat(of(A).loads()).isEqualTo(2);
    }

    @Test
    void aNewGenerationIsNotKeptFromLoadingByAnOlderOne() throws Exception {
        Future<Lookup> first = start(A, 1);
        cache.generation(1);
        mayLand.countDown();

        assertThat(number(first.get())).isEqualTo(1);
        assertThat(cache.statistics().total().entries()).isZero();
    }

    @Test
    void otherKeysDoNotWait() throws Exception {
        var _ = start(A, 1);

        assertThat(cache.get(key(2), A, () -> token(2)).origin()).isEqualTo(Origin.LOADED);
    }

    @Test
    void aBackgroundThreadChargesWhomItWorksFor() throws Exception {
        threads.submit(() -> cache.get(key(3), B, () -> token(3))).get();

        assertThat(of(B).entries()).isEqualTo(1);
        assertThat(cache.statistics().workloads()).containsOnlyKeys(B);
    }

    /** A load that begins and does not end before it may land. */
    private Future<Lookup> start(Workload workload, int n) throws InterruptedException {
        return begin(workload, () -> token(n));
    }

    private Future<Lookup> startFailing(Throwable failure) throws InterruptedException {
        return begin(A, () -> {
            switch (failure) {
                case IOException e -> throw e;
                case Error e -> throw e;
                default -> throw new AssertionError(failure);
            }
        });
    }

    private Future<Lookup> begin(Workload workload, Loader<IOException> then) throws InterruptedException {
        CountDownLatch loading = new CountDownLatch(1);
        Future<Lookup> lookup = threads.submit(() -> cache.get(key(1), workload, () -> {
            loads.incrementAndGet();
            loading.countDown();
            awaitLanding();
            return then.load();
        }));
        loading.await();
        return lookup;
    }

    private List<Future<Lookup>> join(int joiners) throws InterruptedException {
        long before = joins();
        List<Future<Lookup>> joined = new ArrayList<>();
        for (int i = 0; i < joiners; i++) {
            joined.add(threads.submit(() -> cache.get(key(1), B, () -> token(-1))));
        }
        awaitJoins(before + joiners);
        return joined;
    }

    private void awaitJoins(long count) throws InterruptedException {
        while (joins() < count) {
            Thread.sleep(1);
        }
    }

    private Lookup load(int n) throws IOException, InterruptedException {
        return cache.get(key(1), A, () -> token(n));
    }

    private void awaitLanding() {
        try {
            mayLand.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private long joins() {
        return cache.statistics().total().joins();
    }

    private WorkloadStatistics of(Workload workload) {
        return Objects.requireNonNull(cache.statistics().workloads().get(workload));
    }
}
