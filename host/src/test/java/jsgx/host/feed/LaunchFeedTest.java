package jsgx.host.feed;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.governor.IssuedToken;
import jsgx.launch.governor.TokenIssue;
import jsgx.launch.policy.PolicyVerdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class LaunchFeedTest {

    private final LaunchFeed feed = new LaunchFeed(
            ending -> {
                throw new AssertionError("no launch ended");
            },
            InstantSource.system());

    private void issue(String id) {
        AuditEvent event = new AuditEvent(
                id, Instant.EPOCH, AuditEvent.Kind.TOKEN, "uid:1", "", "", "", 0, 0, "issued", "", 0, "none", "", "");
        feed.issued(event, new IssuedToken(PolicyVerdict.allow("", "", 0), TokenIssue.NONE, 0));
    }

    private static List<String> ids(LaunchFeed.Batch batch) {
        return batch.entries().stream().map(FeedEntry::id).toList();
    }

    @Test
    void aReaderGetsWhatCameSinceInItsOrder() {
        issue("a");
        issue("b");
        LaunchFeed.Batch first = feed.after(0);
        assertThat(ids(first)).containsExactly("a", "b");
        assertThat(feed.after(first.next()).entries()).isEmpty();
        issue("c");
        assertThat(ids(feed.after(first.next()))).containsExactly("c");
        assertThat(feed.latest(2).stream().map(FeedEntry::id)).containsExactly("c", "b");
    }

    @Test
    void aSlowReaderIsToldHowManyItMissed() {
        for (int i = 0; i < LaunchFeed.KEPT + 10; i++) {
            issue("n" + i);
        }
        LaunchFeed.Batch batch = feed.after(0);
        assertThat(batch.lost()).isEqualTo(10);
        assertThat(batch.entries()).hasSize(LaunchFeed.KEPT);
        assertThat(batch.entries().getFirst().id()).isEqualTo("n10");
        assertThat(batch.next()).isEqualTo(feed.last());
    }

    @Test
    void aReaderOfAnotherLifeOfTheProcessBeginsAnew() {
        issue("a");
        LaunchFeed.Batch batch = feed.after(500);
        assertThat(ids(batch)).containsExactly("a");
        assertThat(batch.lost()).isZero();
    }

    @Test
    void theProcessIsThatOfWhomTheThreadServes() {
        LaunchFeed.calledBy(17, () -> {
            issue("a");
            LaunchFeed.calledBy(18, () -> issue("b"));
            issue("c");
        });
        issue("d");
        assertThat(feed.after(0).entries().stream().map(FeedEntry::pid)).containsExactly(17, 18, 17, 0);
    }

    @Test
    void whoReadsWhileManyLaunchGetsEachOnceOrIsToldOfIt() throws Exception {
        int threads = 4;
        int each = 5000;
        CountDownLatch begin = new CountDownLatch(1);
        try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> launching = new java.util.ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                launching.add(executor.submit(() -> {
                    begin.await();
                    for (int i = 0; i < each; i++) {
                        issue(thread + "-" + i);
                    }
                    return null;
                }));
            }
            begin.countDown();
            Set<Long> seen = new HashSet<>();
            long lost = 0;
            long next = 0;
            while (next < (long) threads * each) {
                LaunchFeed.Batch batch = feed.after(next);
                for (FeedEntry entry : batch.entries()) {
                    assertThat(seen.add(entry.number())).isTrue();
                }
                lost += batch.lost();
                next = batch.next();
            }
            for (Future<?> future : launching) {
                future.get();
            }
            assertThat(seen.size() + lost).isEqualTo((long) threads * each);
        }
    }
}
