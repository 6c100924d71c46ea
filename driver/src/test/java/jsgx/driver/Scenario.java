package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.UnaryOperator;
import jsgx.arch.CpuFeatures;
import jsgx.arch.LogicalProcessor;
import jsgx.driver.core.Launches;

/**
 * How one rule of a call is broken, everything before it being in order: a machine, a process, and a call that must fail by just this
 * rule.
 *
 * @param cause the rule
 * @param result what the call returns
 * @param setup the machine
 * @param call what is done; it gives the result of the call that fails
 */
record Scenario(Refusal.Cause cause, long result, Setup setup, Call call) {

    /** What happens on the machine. */
    interface Call {
        long run(Stage stage) throws Exception;
    }

    /** A machine that a scenario asks for. */
    record Setup(int pages, CpuFeatures features, UnaryOperator<DriverOptions> change) {}

    static final Setup PLAIN = new Setup(64, CpuFeatures.SGX2, options -> options);

    /** What a scenario has at hand. */
    record Stage(Machine machine, Process process, FaultyMemory memory, Limit limit) {}

    /** An account that has room for so many pages. */
    static final class Limit implements EpcAccount {
        private int left = Integer.MAX_VALUE;
        private Runnable onCharge = () -> {};

        void set(int pages) {
            left = pages;
        }

        /** Does something whenever a page is charged: in the middle of a call. */
        void onCharge(Runnable action) {
            onCharge = action;
        }

        @Override
        public synchronized boolean charge(Workload workload, int pages) {
            onCharge.run();
            if (left < pages) {
                return false;
            }
            left -= pages;
            return true;
        }

        @Override
        public synchronized void uncharge(Workload workload, int pages) {
            left += pages;
        }
    }

    static Scenario of(Refusal.Cause cause, Call call) {
        return new Scenario(cause, cause.result(), PLAIN, call);
    }

    Scenario returning(long other) {
        return new Scenario(cause, other, setup, call);
    }

    Scenario on(int pages) {
        return new Scenario(cause, result, new Setup(pages, setup.features(), setup.change()), call);
    }

    Scenario on(CpuFeatures features) {
        return new Scenario(cause, result, new Setup(setup.pages(), features, setup.change()), call);
    }

    Scenario with(UnaryOperator<DriverOptions> change) {
        return new Scenario(cause, result, new Setup(setup.pages(), setup.features(), change), call);
    }

    /** Plays it, and expects that the call fails by this rule and no other. */
    void play(InterfaceKind kind) throws Exception {
        FaultyMemory memory = new FaultyMemory();
        Limit limit = new Limit();
        UnaryOperator<DriverOptions> change = options ->
                setup.change().apply(options.withAccount(limit).withFirmware(processor -> boot(processor, memory)));
        try (Machine machine = new Machine(setup.pages(), setup.features(), change);
                Process process = machine.process(kind)) {
            long returned;
            try {
                returned = call.run(new Stage(machine, process, memory, limit));
            } finally {
                memory.hole(address -> false);
                // Some scenarios are about a signal.
                boolean ignored = Thread.interrupted();
            }
            assertThat(process.file.lastRefusal())
                    .as("refusal, with result %d", returned)
                    .hasValueSatisfying(refusal -> assertThat(refusal.cause()).isEqualTo(cause));
            assertThat(returned).isEqualTo(result);
        }
    }

    private static void boot(LogicalProcessor processor, FaultyMemory memory) {
        processor.firmwareLePubKeyHash(Launches.msrs(Machine.LE.mrSigner()));
        memory.install(processor);
    }

    @Override
    public String toString() {
        return cause.getClass().getEnclosingClass() == null
                ? cause.name()
                : cause.getClass().getEnclosingClass().getSimpleName() + "." + cause.name();
    }
}
