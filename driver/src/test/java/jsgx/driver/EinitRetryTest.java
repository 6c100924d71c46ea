package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.arch.CpuFeatures;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An interrupt makes EINIT return SGX_UNMASKED_EVENT: 20 attempts, then 20 ms of sleep, 50 times. */
class EinitRetryTest {

    private static final Plan PLAN = Plan.of(1);

    private static long init(InterfaceKind kind, AtomicInteger attempts, int interrupted, List<Long> sleeps) {
        try (Machine machine = new Machine(
                        16,
                        CpuFeatures.SGX2,
                        options -> options.withProcessors(1).withPause(duration -> sleeps.add(duration.toMillis())));
                Process process = machine.process(kind).build(PLAN)) {
            // The hash is in the MSRs from the start, so that v5 needs no second attempt for that.
            machine.driver.kernel().processors().any().pendingEvent(() -> attempts.incrementAndGet() <= interrupted);
            return process.init(PLAN);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptOrTwoAreNotNoticed(InterfaceKind kind) {
        AtomicInteger attempts = new AtomicInteger();
        List<Long> sleeps = new ArrayList<>();
        assertThat(init(kind, attempts, 2, sleeps)).isZero();
        assertThat(attempts).hasValue(3);
        assertThat(sleeps).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptStormIsWaitedFor(InterfaceKind kind) {
        AtomicInteger attempts = new AtomicInteger();
        List<Long> sleeps = new ArrayList<>();
        assertThat(init(kind, attempts, 45, sleeps)).isZero();
        assertThat(attempts).hasValue(46);
        assertThat(sleeps).containsExactly(20L, 20L);
    }

    @ParameterizedTest
    @EnumSource
    void anEndlessStormEndsTheCall(InterfaceKind kind) {
        AtomicInteger attempts = new AtomicInteger();
        List<Long> sleeps = new ArrayList<>();
        long result = init(kind, attempts, Integer.MAX_VALUE, sleeps);
        assertThat(result).isEqualTo(kind == InterfaceKind.MAINLINE ? Errno.EPERM.result() : 128);
        assertThat(attempts).hasValue(1000);
        assertThat(sleeps).hasSize(50);
    }
}
