package jsgx.study.workload;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import jsgx.arch.struct.Attributes;
import jsgx.launch.token.TokenIdentity;
import jsgx.study.trace.Event;
import jsgx.study.trace.Recorded;
import jsgx.study.trace.TraceBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How much of a recording is run. */
@Timeout(60)
class RecordedWorkloadTest {

    private static RecordedWorkload recorded(int launches) {
        TraceBuilder trace = new TraceBuilder("recorded", 1);
        int workload = trace.workload("application", trace.machine("host", 0));
        trace.attacks(trace.workload("flood", 0));
        int enclave = trace.enclave(TokenIdentity.of(new byte[32], new byte[32], new Attributes(0, 3)));
        for (int i = 0; i < launches; i++) {
            trace.add(i, Event.LAUNCH, workload, enclave);
        }
        return new RecordedWorkload(new Recorded(trace.build(), List.of()));
    }

    @Test
    void aShortRecordingIsNotCut() {
        assertThat(recorded(400).trace(1, 0.004).size()).isEqualTo(400);
    }

    @Test
    void ofALongOneTheBeginningIsRun() {
        assertThat(recorded(20_000).trace(1, 0.004).size()).isEqualTo(RecordedWorkload.LEAST_EVENTS);
        assertThat(recorded(20_000).trace(1, 0.5).size()).isEqualTo(10_000);
        assertThat(recorded(20_000).trace(1, 0.5).attacks(1)).isTrue();
        assertThat(recorded(20_000).trace(1, 0.5).attacks(0)).isFalse();
    }
}
