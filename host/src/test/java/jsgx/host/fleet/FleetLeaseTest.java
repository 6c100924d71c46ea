package jsgx.host.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import jsgx.launch.LaunchException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The lease, by a clock that the test sets. */
@Timeout(30)
class FleetLeaseTest {

    private static final long SECOND = 1_000_000_000L;

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - SECOND);
    private final List<String> records = new ArrayList<>();
    private boolean full;

    private FleetLease lease(boolean goOn) {
        return new FleetLease(Duration.ofSeconds(1), goOn, now::get, (verdict, what) -> {
            if (full) {
                throw new LaunchException("the disk is full");
            }
            records.add(verdict);
        });
    }

    @Test
    void itCountsFromTheQuestionNotFromTheAnswer() {
        FleetLease lease = lease(false);
        long asked = now.get();
        now.addAndGet(SECOND * 9 / 10);
        lease.renew(asked);
        assertThat(lease.refusal()).isEmpty();

        now.addAndGet(SECOND / 10 - 1);
        assertThat(lease.refusal()).isEmpty();
        now.addAndGet(1);
        assertThat(lease.refusal()).contains("heard nothing from its fleet for 1000 ms, its lease is 1000 ms");
    }

    @Test
    void anAnswerThatComesAfterTheLeaseRenewsNothing() {
        FleetLease lease = lease(false);
        long asked = now.get();
        now.addAndGet(2 * SECOND);
        lease.renew(asked);

        assertThat(lease.refusal()).isNotEmpty();
    }

    @Test
    void aHostThatNeverHeardLaunchesNothing() {
        assertThat(lease(false).refusal()).contains("has not heard from its fleet since it started");
        assertThat(lease(true).refusal()).contains("has not heard from its fleet since it started");
    }

    @Test
    void aHostThatGoesOnRecordsThatBeforeAnythingLaunchesAndItsEnd() {
        FleetLease lease = lease(true);
        now.addAndGet(SECOND);

        assertThat(lease.refusal()).isEmpty();
        assertThat(records).containsExactly("partition-continue");
        assertThat(lease.goesOn()).isTrue();
        assertThat(lease.refusal()).isEmpty();
        assertThat(records).as("once").hasSize(1);

        lease.renew(now.get());
        assertThat(records).containsExactly("partition-continue", "partition-over");
        assertThat(lease.goesOn()).isFalse();
    }

    @Test
    void aHostThatHearsJustThenDoesNotGoOnWithoutItsFleet() {
        AtomicInteger looks = new AtomicInteger();
        AtomicReference<FleetLease> self = new AtomicReference<>();
        FleetLease lease = new FleetLease(
                Duration.ofSeconds(1),
                true,
                () -> {
                    // One that never heard looks first at how long it has waited.
                    if (looks.incrementAndGet() == 1 && self.get() != null) {
                        self.get().renew(now.get());
                    }
                    return now.get();
                },
                (verdict, what) -> records.add(verdict));
        self.set(lease);
        now.addAndGet(SECOND);
        looks.set(0);

        assertThat(lease.refusal()).isEmpty();
        assertThat(looks).hasValueGreaterThan(1);
        assertThat(records).isEmpty();
        assertThat(lease.goesOn()).isFalse();
    }

    @Test
    void aHostThatCannotRecordThatItGoesOnRefuses() {
        FleetLease lease = lease(true);
        now.addAndGet(SECOND);
        full = true;
        assertThat(lease.refusal()).contains("cannot be recorded: the disk is full");

        full = false;
        assertThat(lease.refusal()).isEmpty();
        assertThat(records).containsExactly("partition-continue");
    }

    @Test
    void anEndThatCannotBeRecordedIsRecordedLater() {
        FleetLease lease = lease(true);
        now.addAndGet(SECOND);
        lease.refusal();
        full = true;
        lease.renew(now.get());
        assertThat(records).hasSize(1);

        full = false;
        lease.recordChange();
        assertThat(records).containsExactly("partition-continue", "partition-over");
    }

    @Test
    void refusalsAreRecordedOnceAndTheirEnd() {
        FleetLease lease = lease(false);
        lease.fail("no route");
        lease.recordChange();
        lease.recordChange();
        assertThat(records).containsExactly("partition-refuse");
        assertThat(lease.refusal()).contains("no route");

        lease.renew(now.get());
        assertThat(records).containsExactly("partition-refuse", "partition-over");
    }
}
