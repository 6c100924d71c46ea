package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jsgx.arch.CpuFeatures;
import jsgx.arch.crypto.SignatureCache;
import org.junit.jupiter.api.Test;

/** Many enclaves of all interfaces at once, with more pages than the EPC has, so that everybody takes pages from everybody. */
class ConcurrencyTest {

    private static final int EPC = 96;
    private static final int THREADS = 4;
    private static final int ROUNDS = 6;

    @Test
    void enclavesThatReclaimEachOthersPagesKeepTheirContent() throws Exception {
        run(false);
    }

    @Test
    void soTheyDoWithAThreadThatReclaimsInTheBackground() throws Exception {
        run(true);
    }

    private static void run(boolean swapThread) throws Exception {
        try (Machine machine = new Machine(EPC, CpuFeatures.SGX2, options -> options.withSwapThread(swapThread))) {
            machine.cpu.signatureCache(new SignatureCache(64));
            try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
                List<Future<?>> done = new ArrayList<>();
                for (int i = 0; i < THREADS; i++) {
                    int thread = i;
                    done.add(threads.submit(() -> rounds(machine, thread)));
                }
                for (Future<?> future : done) {
                    future.get();
                }
            }
            assertThat(machine.driver.freePages()).isEqualTo(EPC);
        }
    }

    private static void rounds(Machine machine, int thread) {
        for (int round = 0; round < ROUNDS; round++) {
            InterfaceKind kind = InterfaceKind.values()[(thread + round) % 3];
            Plan plan = Plan.of(40 + thread, 100L * thread + round);
            try (Process process = machine.process(kind).launch(plan)) {
                for (Plan.Page page : plan.pages().subList(1, plan.pages().size())) {
                    assertThat(process.read(page.offset())).isEqualTo(page.content());
                }
            }
        }
    }
}
