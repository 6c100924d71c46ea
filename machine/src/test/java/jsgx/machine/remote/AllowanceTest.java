package jsgx.machine.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import jsgx.machine.remote.Allowance.Resource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AllowanceTest {

    private static final long SECOND = 1_000_000_000;
    private static final long LEAST = SECOND / 10;

    private final AtomicLong now = new AtomicLong(-7);
    private final Allowance allowance =
            new Allowance(new Allowance.Limits(3, 1, 1, 1, 1), Duration.ofSeconds(5), now::get);

    @Test
    void aUserGetsSoManyAndGivesThemBack() {
        assertThat(allowance.take(Resource.FILES, 2)).isTrue();
        assertThat(allowance.take(Resource.FILES, 2)).isFalse();
        assertThat(allowance.take(Resource.FILES, 1)).isTrue();
        assertThat(allowance.take(Resource.FILES, 1)).isFalse();
        assertThat(allowance.refusal(Resource.FILES)).contains("have 3 files").contains("ask the administrator");
        assertThat(allowance.take(Resource.THREADS, 1)).as("of something else").isTrue();
        allowance.give(Resource.FILES, 3);
        assertThat(allowance.taken(Resource.FILES)).isZero();
        assertThat(allowance.take(Resource.FILES, 4)).isFalse();
        assertThat(allowance.isUntouched()).isFalse();
        allowance.give(Resource.THREADS, 1);
        assertThat(allowance.isUntouched()).isTrue();
    }

    @Test
    void whatOneSessionUsesUpOfThePatienceAnotherHasNot() {
        assertThat(allowance.patienceNanos(LEAST)).isEqualTo(5 * SECOND);
        assertThat(allowance.waited(3 * SECOND)).isFalse();
        assertThat(allowance.patienceNanos(LEAST)).isEqualTo(2 * SECOND);
        assertThat(allowance.waited(3 * SECOND)).isTrue();
        assertThat(allowance.patienceNanos(LEAST)).isEqualTo(LEAST);
        assertThat(allowance.untilPatient()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void aFifthOfTheTimeComesBack() {
        allowance.waited(6 * SECOND);
        now.addAndGet(5 * SECOND);
        assertThat(allowance.untilPatient()).isZero();
        now.addAndGet(10 * SECOND);
        assertThat(allowance.patienceNanos(LEAST)).isEqualTo(2 * SECOND);
        assertThat(allowance.isUntouched()).isFalse();
        now.addAndGet(15 * SECOND);
        assertThat(allowance.patienceNanos(LEAST)).isEqualTo(5 * SECOND);
        assertThat(allowance.isUntouched()).isTrue();
    }

    @Test
    void nobodyIsInDebtForEver() {
        for (int i = 0; i < 100; i++) {
            allowance.waited(5 * SECOND);
        }
        assertThat(allowance.untilPatient()).isEqualTo(Duration.ofSeconds(25));
    }
}
