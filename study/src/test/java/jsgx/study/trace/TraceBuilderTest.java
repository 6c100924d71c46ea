package jsgx.study.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Traces in the making. */
@Timeout(60)
class TraceBuilderTest {

    private final TraceBuilder builder = new TraceBuilder("t", 1);
    private final int machine = builder.machine("m", 0);
    private final int workload = builder.workload("w", machine);
    private final int enclave = builder.enclave(Tests.identity(1));
    private final int other = builder.enclave(Tests.identity(2));

    @Test
    void whatIsRefusedLeavesTheTraceAsItWas() {
        builder.add(10, Event.LAUNCH, workload, enclave);

        assertThatThrownBy(() -> builder.add(9, Event.LAUNCH, workload, enclave))
                .hasMessageContaining("10 µs or later");
        assertThatThrownBy(() -> builder.add(10, Event.LAUNCH, workload, enclave))
                .hasMessageContaining("a second time");
        assertThatThrownBy(() -> builder.add(11, Event.LAUNCH, 1, enclave)).hasMessageContaining("one of 1 workloads");
        assertThatThrownBy(() -> builder.add(11, Event.LAUNCH, workload, 2)).hasMessageContaining("one of 2 enclaves");
        assertThatThrownBy(() -> builder.add(11, Event.REBOOT, -1, 0)).hasMessageContaining("one of 1 machines");
        assertThatThrownBy(() -> builder.add(11, Event.REBOOT, 0, 1)).hasMessageContaining("names nothing there");

        builder.add(10, Event.LAUNCH, workload, other);
        assertThat(builder.build().size()).isEqualTo(2);
    }

    @Test
    void theThirdOfThreeAtATimeMayNotBeTheFirstAgain() {
        builder.add(10, Event.LAUNCH, workload, enclave);
        builder.add(10, Event.LAUNCH, workload, other);

        assertThatThrownBy(() -> builder.add(10, Event.LAUNCH, workload, enclave))
                .hasMessageContaining("a second time");

        builder.add(11, Event.LAUNCH, workload, enclave);
        builder.add(11, Event.LAUNCH, workload, other);
        assertThat(builder.size()).isEqualTo(4);
    }

    @Test
    void onlyTheLastLaunchOfAnEnclaveKnowsThatItIsTheLast() {
        int ignorant = builder.workload("x", machine);
        builder.add(0, Event.LAUNCH, workload, enclave);
        builder.add(1, Event.LAUNCH, ignorant, enclave);
        builder.add(2, Event.LAUNCH, workload, enclave);
        builder.add(3, Event.LAUNCH, workload, other);
        BitSet knowing = new BitSet();
        knowing.set(workload);

        builder.markLastLaunches(knowing);

        Trace trace = builder.build();
        assertThat(trace.event(0)).isEqualTo(Event.LAUNCH);
        assertThat(trace.event(1)).isEqualTo(Event.LAUNCH);
        assertThat(trace.event(2)).isEqualTo(Event.LAST_LAUNCH);
        assertThat(trace.event(3)).isEqualTo(Event.LAST_LAUNCH);
    }

    @Test
    void aBuiltTraceDoesNotGrow() {
        builder.add(0, Event.LAUNCH, workload, enclave);
        builder.build();

        assertThatThrownBy(() -> builder.add(1, Event.LAUNCH, workload, enclave))
                .isInstanceOf(IllegalStateException.class);
    }
}
