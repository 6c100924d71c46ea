package jsgx.driver.core;

import java.time.Duration;
import java.util.function.Function;
import jsgx.arch.Outcome;
import jsgx.arch.struct.SgxError;
import jsgx.driver.AddressSpace;

/**
 * How a driver tries EINIT, which an interrupt makes return SGX_UNMASKED_EVENT: 20 times at once, then again after 20 ms, 50
 * times. Each attempt has a logical processor to itself, as a kernel does that has disabled preemption.
 */
public final class EinitLoop {

    /** SGX_EINIT_SPIN_COUNT. */
    public static final int SPIN_COUNT = 20;

    /** SGX_EINIT_SLEEP_COUNT. */
    public static final int SLEEP_COUNT = 50;

    /** SGX_EINIT_SLEEP_TIME. */
    public static final Duration SLEEP_TIME = Duration.ofMillis(20);

    /**
     * How it ended.
     *
     * @param outcome what the last EINIT did
     * @param interrupted whether a signal ended the loop
     */
    public record Result(Outcome outcome, boolean interrupted) {}

    private EinitLoop() {}

    /** Runs the loop; the attempt executes EINIT on the processor that it is given. */
    public static Result run(Kernel kernel, AddressSpace caller, Function<Processor, Outcome> attempt) {
        Outcome outcome = spin(kernel, attempt);
        for (int slept = 0; isUnmaskedEvent(outcome) && slept < SLEEP_COUNT; slept++) {
            try {
                kernel.options().pause().sleep(SLEEP_TIME);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Result(outcome, true);
            }
            if (caller.signalPending()) {
                return new Result(outcome, true);
            }
            if (slept < SLEEP_COUNT - 1) {
                outcome = spin(kernel, attempt);
            }
        }
        return new Result(outcome, false);
    }

    private static Outcome spin(Kernel kernel, Function<Processor, Outcome> attempt) {
        Outcome outcome = once(kernel, attempt);
        for (int spun = 1; isUnmaskedEvent(outcome) && spun < SPIN_COUNT; spun++) {
            outcome = once(kernel, attempt);
        }
        return outcome;
    }

    private static Outcome once(Kernel kernel, Function<Processor, Outcome> attempt) {
        Processor processor = kernel.processors().acquire();
        try {
            return attempt.apply(processor);
        } finally {
            kernel.processors().release(processor);
        }
    }

    private static boolean isUnmaskedEvent(Outcome outcome) {
        return outcome instanceof Outcome.Error error && error.code() == SgxError.UNMASKED_EVENT;
    }
}
