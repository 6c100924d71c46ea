package jsgx.study.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SamplerTest {

    @Test
    void fewSamplesStayAsTheyAre() {
        assertThat(Sampler.reduce(new long[] {3, 1, 2})).containsExactly(1, 2, 3);
    }

    @Test
    void manySamplesKeepTheirMeanAndTheirOutliers() {
        long[] samples = LongStream.range(0, 12_800).toArray();
        samples[77] = 1_000_000_000;
        long[] times = Sampler.reduce(samples);
        assertThat(times).hasSize(Sampler.TIMES).isSorted();
        double mean = LongStream.of(samples).average().orElseThrow();
        assertThat(LongStream.of(times).average().orElseThrow()).isCloseTo(mean, offset(1.0));
        assertThat(times[Sampler.TIMES - 1]).isGreaterThan(10_000_000);
    }

    @Test
    void samplesBelowZeroAreMadeUpForSoThatTheMeanStays() throws Exception {
        Iterator<Long> nanos = List.of(500L, -90L, 40L, -1L, 100L, 151L).iterator();
        Sampler sampler = new Sampler(nanos::next, 0);
        sampler.part(3);

        assertThat(sampler.times()).hasSize(6).containsExactly(0, 0, 0, 49, 151, 500);
    }

    @Test
    void spreadIsTheSlowestPartAgainstTheFastest() throws Exception {
        long[] nanos = {100};
        Sampler sampler = new Sampler(() -> nanos[0], 1);
        sampler.part(4);
        nanos[0] = 250;
        sampler.part(4);
        assertThat(sampler.spread()).isEqualTo(2.5);
    }

    @Test
    void aStepThatNeverGoesItsWayEndsTheCalibration() {
        Sampler sampler = new Sampler(() -> Sampler.NO_SAMPLE, 1);
        assertThatThrownBy(() -> sampler.warmUp(1)).isInstanceOf(IllegalStateException.class);
    }
}
