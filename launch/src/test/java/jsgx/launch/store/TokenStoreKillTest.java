package jsgx.launch.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import jsgx.launch.LaunchException;
import jsgx.launch.file.KillHarness;
import jsgx.launch.token.TokenIdentity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that keep tokens in one store and are killed: 25 in all. */
class TokenStoreKillTest {

    private static final int ROUNDS = 5;
    private static final int PROCESSES = 5;
    private static final int LABELS = 12;
    private static final int DISCARD_EACH = 7;
    private static final TokenIdentity IDENTITY = TestTokens.identity(5);

    @TempDir
    private Path folder;

    /** Keeps and discards tokens for ever, each step acknowledged. */
    static final class Keeper {
        private Keeper() {}

        public static void main(String[] args) throws LaunchException {
            TokenStore store = TokenStore.in(Path.of(args[0]));
            UserTokenCache cache = new UserTokenCache(store, () -> TestTokens.HERE, () -> Instant.EPOCH);
            for (int step = 0; ; step++) {
                String label = label(args[1], step);
                if (discards(step)) {
                    cache.discard(label);
                } else {
                    cache.keep(label, TestTokens.token(IDENTITY, step), Duration.ofDays(1));
                }
                KillHarness.acknowledge(String.valueOf(step));
            }
        }
    }

    private static String label(String process, int step) {
        return process + "/" + step % LABELS;
    }

    private static boolean discards(int step) {
        return step % DISCARD_EACH == DISCARD_EACH - 1;
    }

    @Test
    void nothingAcknowledgedIsLost() throws Exception {
        Path state = folder.resolve("state");
        Random random = new Random(37);
        int steps = 0;
        for (int round = 0; round < ROUNDS; round++) {
            int number = round;
            List<String> names = IntStream.range(0, PROCESSES)
                    .mapToObj(i -> number + "-" + i)
                    .toList();
            List<List<String>> told = KillHarness.kill(
                    random,
                    Keeper.class,
                    names.stream().map(name -> List.of(state.toString(), name)).toList());
            try (TokenStore store = TokenStore.in(state)) {
                for (int i = 0; i < PROCESSES; i++) {
                    steps += told.get(i).size();
                    check(store, names.get(i), told.get(i).size());
                }
            }
        }
        assertThat(steps).isGreaterThan(ROUNDS * PROCESSES);
    }

    /** Each label is as its last acknowledged step left it, or the step after. */
    private static void check(TokenStore store, String process, int acknowledged) throws LaunchException {
        for (int i = 0; i < LABELS; i++) {
            String label = label(process, i);
            Optional<byte[]> found = store.find(label).map(kept -> kept.token().token());
            assertThat(isAfter(found, i, acknowledged) || isAfter(found, i, acknowledged + 1))
                    .as("%s after %d steps", label, acknowledged)
                    .isTrue();
        }
    }

    private static boolean isAfter(Optional<byte[]> found, int label, int steps) {
        int last = -1;
        for (int step = label; step < steps; step += LABELS) {
            last = step;
        }
        if (last < 0 || discards(last)) {
            return found.isEmpty();
        }
        return found.isPresent() && Arrays.equals(found.get(), TestTokens.token(IDENTITY, last));
    }
}
