package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import jsgx.arch.Enclu;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.struct.Tcs;
import org.junit.jupiter.api.Test;

/** Several processors want the same TCSs at once, while the kernel tracks: never two are inside with one TCS. */
class EntryRaceTest {

    private static final int PROCESSORS = 4;
    private static final int TCSES = 2;
    private static final int ROUNDS = 5_000;
    private static final int DUELS = 1_000;

    private final EnclaveProcess process = new EnclaveProcess(PROCESSORS, TCSES);
    private final AtomicIntegerArray inside = new AtomicIntegerArray(TCSES);

    @Test
    void aTcsHasOneThreadAtATime() throws ExecutionException, InterruptedException {
        AtomicBoolean done = new AtomicBoolean();
        try (ExecutorService executor = Executors.newFixedThreadPool(PROCESSORS + 1)) {
            Future<Integer> tracker = executor.submit(() -> {
                int epochs = 0;
                while (!done.get()) {
                    epochs += process.etrack().isSuccess() ? 1 : 0;
                    Thread.onSpinWait();
                }
                return epochs;
            });
            List<Future<Integer>> runners = new ArrayList<>();
            for (int i = 0; i < PROCESSORS; i++) {
                LogicalProcessor lp = process.lps.get(i);
                Random random = new Random(i);
                runners.add(executor.submit(() -> run(lp, random)));
            }
            int entries = 0;
            for (Future<Integer> runner : runners) {
                entries += runner.get();
            }
            done.set(true);
            assertThat(entries).isPositive();
            int epochs = tracker.get();
            assertThat(process.state().epoch()).isEqualTo(1L + epochs);
        }
        assertThat(process.state().threads()).isZero();
        for (int i = 0; i < TCSES; i++) {
            assertThat(process.tcs(i).state()).isEqualTo(Tcs.INACTIVE);
            assertThat(process.tcs(i).cssa()).isBetween(0, EnclaveProcess.FRAMES);
        }
        assertThat(process.etrack().isSuccess()).isTrue();
    }

    /** Two processors execute EENTER of one TCS at the same moment, again and again. */
    @Test
    void ofTwoAtOnceOneEnters() throws ExecutionException, InterruptedException {
        AtomicInteger arrived = new AtomicInteger();
        AtomicIntegerArray winners = new AtomicIntegerArray(DUELS);
        try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
            List<Future<?>> duellists = new ArrayList<>();
            for (LogicalProcessor lp : process.lps.subList(0, 2)) {
                duellists.add(executor.submit(() -> {
                    for (int duel = 0; duel < DUELS; duel++) {
                        await(arrived, 4 * duel + 2);
                        boolean won = Enclu.eenter(lp, process.tcsAt(0), 0x1000).isSuccess();
                        winners.addAndGet(duel, won ? 1 : 0);
                        await(arrived, 4 * duel + 4);
                        if (won) {
                            Enclu.eexit(lp, 0x1000);
                        }
                    }
                }));
            }
            for (Future<?> duellist : duellists) {
                duellist.get();
            }
        }
        for (int duel = 0; duel < DUELS; duel++) {
            assertThat(winners.get(duel)).as("winners of duel %d", duel).isLessThanOrEqualTo(1);
        }
    }

    private static void await(AtomicInteger arrived, int all) {
        arrived.incrementAndGet();
        while (arrived.get() < all) {
            Thread.onSpinWait();
        }
    }

    private int run(LogicalProcessor lp, Random random) {
        int entries = 0;
        for (int round = 0; round < ROUNDS; round++) {
            int tcs = random.nextInt(TCSES);
            boolean resume = random.nextBoolean();
            Outcome outcome = resume
                    ? Enclu.eresume(lp, process.tcsAt(tcs), 0x1000)
                    : Enclu.eenter(lp, process.tcsAt(tcs), 0x1000);
            if (!outcome.isSuccess()) {
                continue;
            }
            entries++;
            assertThat(inside.incrementAndGet(tcs)).isEqualTo(1);
            long mark = 1000L * tcs + process.tcs(tcs).cssa();
            if (resume) {
                assertThat(lp.registers().get(Register.RDI))
                        .as("the frame's own thread")
                        .isEqualTo(mark);
            }
            lp.registers().set(Register.RDI, mark);
            lp.registers().set(Register.RIP, process.base());
            inside.decrementAndGet(tcs);
            if (random.nextBoolean()) {
                Aex.run(lp, Aex.Event.interrupt(32));
            } else {
                Enclu.eexit(lp, 0x1000);
            }
        }
        return entries;
    }
}
