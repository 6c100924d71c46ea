package jsgx.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who differs from whom, and by how much it takes. */
@Timeout(60)
class ComparisonTest {

    @Test
    void aDifferenceThatAllSeedsShareIsOne() {
        Comparison comparison = Comparison.of(Metric.MEAN, List.of(10.0, 20.0, 30.0), List.of(12.0, 22.5, 32.2));

        assertThat(comparison.verdict()).isEqualTo(Verdict.LESS);
        assertThat(Comparison.of(Metric.MEAN, List.of(12.0, 22.5, 32.2), List.of(10.0, 20.0, 30.0))
                        .verdict())
                .isEqualTo(Verdict.MORE);
    }

    @Test
    void aDifferenceWithinTheSpreadIsNone() {
        // Differences 1, -1 and 3: their mean is 1 and half the interval 4.303 · 2 / √3.
        Comparison comparison = Comparison.of(Metric.MEAN, List.of(11.0, 9.0, 13.0), List.of(10.0, 10.0, 10.0));

        assertThat(comparison.verdict()).isEqualTo(Verdict.SAME);
        assertThat(comparison.difference()).isEqualTo(1);
        assertThat(comparison.margin()).isCloseTo(4.969, org.assertj.core.api.Assertions.within(0.001));
    }

    @Test
    void aSureDifferenceThatIsTooSmallToMatterIsNone() {
        assertThat(Comparison.of(Metric.MEAN, List.of(100.5, 200.5), List.of(100.0, 200.0))
                        .verdict())
                .isEqualTo(Verdict.SAME);
        assertThat(Comparison.of(Metric.HIT_RATIO, List.of(0.504, 0.604), List.of(0.5, 0.6))
                        .verdict())
                .isEqualTo(Verdict.SAME);
        assertThat(Comparison.of(Metric.HIT_RATIO, List.of(0.506, 0.606), List.of(0.5, 0.6))
                        .verdict())
                .isEqualTo(Verdict.MORE);
    }

    @Test
    void oneSeedHasNoSpread() {
        assertThat(Comparison.of(Metric.MEAN, List.of(10.0), List.of(20.0)).verdict())
                .isEqualTo(Verdict.UNKNOWN);
        assertThat(Comparison.of(Metric.MEAN, List.of(10.0), List.of(10.0)).verdict())
                .isEqualTo(Verdict.SAME);
        assertThat(Comparison.of(Metric.MEAN, List.of(), List.of()).verdict()).isEqualTo(Verdict.UNKNOWN);
    }
}
