package jsgx.study.calibration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jsgx.study.cost.Step;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(value = ExecutionMode.SAME_THREAD, reason = "a test looks for threads that a calibration left")
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class CalibrationTest {

    @Test
    void measuresEachStepAndLeavesNothing(@TempDir Path folder) throws Exception {
        List<String> told = new ArrayList<>();
        CostsFile measured =
                Calibration.quick().in(folder).withProgress(told::add).measure();
        for (Step step : Step.values()) {
            assertThat(measured.costs().times(step)).as(step.toString()).hasSizeBetween(16, Sampler.TIMES);
            assertThat(measured.costs().median(step)).as(step.toString()).isPositive();
            assertThat(told).contains(step.toString());
        }
        assertThat(measured.spread())
                .hasSize(Step.values().length)
                .allSatisfy((step, spread) -> assertThat(spread).isGreaterThanOrEqualTo(1));
        assertThat(measured.costs().machine()).contains("Java " + Runtime.version());
        assertThat(CostsFile.of(measured.toMap()).json()).isEqualTo(measured.json());
        try (var left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().startsWith("calibration"));
    }

    @Test
    void asksTheLaunchEnclaveThatItIsGiven(@TempDir Path folder) throws Exception {
        int[] switchedOn = new int[1];
        Machines counted = (platform, governance) -> {
            switchedOn[0]++;
            return Machines.JAVA.switchOn(platform, governance);
        };
        CostsFile measured = Calibration.quick()
                .in(folder)
                .withLaunchEnclave("another", counted)
                .measure();
        assertThat(measured.launchEnclave()).isEqualTo("another");
        assertThat(switchedOn[0]).isEqualTo(1);
    }
}
