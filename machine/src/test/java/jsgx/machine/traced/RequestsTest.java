package jsgx.machine.traced;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jsgx.machine.task.Attention;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What other threads ask of a tracer. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RequestsTest {

    private final Requests<String> requests = new Requests<>();
    private final List<String> done = new ArrayList<>();

    @Test
    void whoAsksWaitsUntilItIsDone() throws Exception {
        CompletableFuture<List<String>> seen = CompletableFuture.supplyAsync(() -> {
            requests.ask("first", () -> {});
            return List.copyOf(done);
        });
        while (!seen.isDone()) {
            requests.serve(done::add);
            Thread.onSpinWait();
        }

        assertThat(seen.get()).containsExactly("first");
    }

    @Test
    void itIsDoneByTheThreadThatHasTheDutyWhileItWaits() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            Future<Thread> server = threads.submit(() -> {
                Thread me = Thread.currentThread();
                Attention.duty(() -> requests.serve(what -> done.add(what + " by " + (Thread.currentThread() == me))));
                while (done.isEmpty()) {
                    Attention.attend();
                    Thread.onSpinWait();
                }
                Attention.duty(() -> {});
                return me;
            });
            threads.submit(() -> requests.ask("it", () -> {})).get();

            assertThat(server.get()).isNotNull();
            assertThat(done).containsExactly("it by true");
        }
    }

    @Test
    void aThreadWithoutDutyHasNothingToAttendTo() {
        Attention.attend();

        assertThat(done).isEmpty();
    }

    @Test
    void whatFailsIsOverForWhoAsked() throws Exception {
        CompletableFuture<Void> asked = CompletableFuture.runAsync(() -> requests.ask("fails", () -> {}));
        assertThatThrownBy(() -> {
                    while (true) {
                        requests.serve(what -> {
                            throw new IllegalStateException(what);
                        });
                        Thread.onSpinWait();
                    }
                })
                .isInstanceOf(IllegalStateException.class);

        assertThat(asked).satisfies(RequestsTest::ends);
    }

    private static void ends(CompletableFuture<Void> future) {
        try {
            future.get();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }
}
