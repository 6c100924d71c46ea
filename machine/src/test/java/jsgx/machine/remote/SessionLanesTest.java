package jsgx.machine.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SessionLanesTest {

    private static final Duration LONG = Duration.ofMinutes(10);

    private static final Lane.Server NOBODY = new Lane.Server() {
        @Override
        public void serve(Lane lane, Op op, In in, Out out) {
            throw new AssertionError("nobody asks");
        }

        @Override
        public void event(In in) {
            throw new AssertionError("nothing happens");
        }
    };

    /** Who opens many sessions and lets each be lost in its turn has the patience of one. */
    @Test
    void whatOneSessionHasUsedUpOfTheUsersPatienceAnotherDoesNotGet() throws Exception {
        Allowance allowance = new Allowance(Allowance.Limits.DEFAULT, LONG);
        allowance.waited(LONG.multipliedBy(2).toNanos());
        for (boolean eviction : new boolean[] {false, true}) {
            SessionLanes lanes = new SessionLanes(allowance);
            try {
                lanes.connect(NOBODY);
                assertThat(lanes.ask(eviction, Op.EVICT, new Out(), "lost", in -> "answered"))
                        .isEqualTo("lost");
                assertThat(lanes.why()).contains("no answer in time");
            } finally {
                lanes.closeOthers();
                lanes.close();
            }
        }
        assertThat(allowance.untilPatient()).isPositive();
    }
}
