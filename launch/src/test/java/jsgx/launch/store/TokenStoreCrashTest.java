package jsgx.launch.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import jsgx.launch.LaunchException;
import jsgx.launch.file.CrashFiles;
import jsgx.launch.file.CrashFiles.Operation;
import jsgx.launch.file.CrashStates;
import jsgx.launch.token.TokenIdentity;
import org.junit.jupiter.api.Test;

/** Whatever a crash or a full disk leaves of a store: it opens, and what was acknowledged is in it. */
class TokenStoreCrashTest {

    private static final Path FILE = Path.of("/state/tokens");
    private static final int LABELS = 7;

    private final CrashFiles files = new CrashFiles();
    private final TestTokens.Clock clock = new TestTokens.Clock();
    private final Random random = new Random(29);

    /** What a store holds, by label, but for the uses: those are not acknowledged. */
    private static Map<String, String> content(TokenStore store) throws LaunchException {
        Map<String, String> content = new TreeMap<>();
        for (StoredToken token : store.list()) {
            content.put(
                    token.label(),
                    "%s %s %s".formatted(Arrays.hashCode(token.token()), token.expiresAt(), token.pinned()));
        }
        return content;
    }

    private UserTokenCache cache(TokenStore store) {
        return new UserTokenCache(store, () -> TestTokens.HERE, clock);
    }

    /** One change at random; or a use, which changes nothing that is acknowledged. */
    private void change(UserTokenCache cache, int step) throws LaunchException {
        String label = "label " + random.nextInt(LABELS);
        TokenIdentity identity = TestTokens.identity(random.nextInt(3));
        clock.now = clock.now.plusSeconds(90);
        switch (random.nextInt(12)) {
            case 0 -> cache.pin(label, random.nextBoolean());
            case 1 -> cache.expire(label, clock.now.plusSeconds(random.nextInt(5000)));
            case 2 -> cache.discard(label);
            case 3 -> cache.budget(1500 + random.nextInt(3000));
            case 4 -> cache.purge(token -> token.label().equals(label));
            case 5, 6 -> cache.find(label);
            default -> cache.keep(label, TestTokens.token(identity, step), Duration.ofHours(random.nextInt(9)));
        }
    }

    @Test
    void nothingAcknowledgedIsLostAtAThousandKillPoints() throws Exception {
        List<Map<String, String>> acknowledged = new ArrayList<>(List.of(Map.of()));
        TokenStore store = TokenStore.open(files, FILE);
        for (int step = 0; step < 420; step++) {
            try {
                change(cache(store), step);
            } catch (LaunchException e) {
                assertThat(e).hasMessageContaining("no room");
            }
            acknowledged.add(content(store));
            files.mark(step);
            if (random.nextInt(50) == 0) {
                store.close();
                store = TokenStore.open(files, FILE);
            }
        }
        store.close();
        assertThat(files.operations())
                .filteredOn(Operation.Rename.class::isInstance)
                .hasSizeGreaterThan(2);

        CrashStates.Count count = CrashStates.check(files, 31, 5, (after, marks) -> {
            Map<String, String> before = acknowledged.get(marks.size());
            Map<String, String> next = acknowledged.get(Math.min(marks.size() + 1, acknowledged.size() - 1));
            try (TokenStore recovered = TokenStore.open(after, FILE)) {
                isBetween(content(recovered), before, next);
                recovered.budget(Long.MAX_VALUE);
                recovered.keep(TestTokens.stored("after the crash", 77));
            }
            try (TokenStore again = TokenStore.open(after, FILE)) {
                assertThat(content(again)).containsKey("after the crash");
            }
        });

        assertThat(count.points()).isGreaterThan(1000);
        assertThat(count.states()).isGreaterThan(3000);
    }

    @Test
    void aCompactionWhoseNewNameIsNotDurableLosesNothing() throws Exception {
        TokenStore store = TokenStore.open(files, FILE);
        List<Map<String, String>> acknowledged = new ArrayList<>(List.of(Map.of()));
        store.keep(TestTokens.stored("first", 1));
        acknowledged.add(content(store));
        files.mark(0);
        files.failWhere(Operation.SyncFolder.class::isInstance);
        boolean compacted = false;
        for (int step = 1; !compacted; step++) {
            store.keep(TestTokens.stored("label " + step % LABELS, step));
            acknowledged.add(content(store));
            files.mark(step);
            compacted = files.operations().stream()
                            .filter(Operation.Rename.class::isInstance)
                            .count()
                    > 1;
        }
        TokenStore failed = store;
        assertThatThrownBy(() -> failed.keep(TestTokens.stored("after", 1)))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("until it is opened anew");

        CrashStates.check(files, 41, 4, (after, marks) -> {
            Map<String, String> before = acknowledged.get(marks.size());
            Map<String, String> next = acknowledged.get(Math.min(marks.size() + 1, acknowledged.size() - 1));
            try (TokenStore recovered = TokenStore.open(after, FILE)) {
                isBetween(content(recovered), before, next);
            }
        });
    }

    /** Every label is as it was acknowledged, or as the change in flight left it. */
    private static void isBetween(Map<String, String> found, Map<String, String> before, Map<String, String> next) {
        Set<String> labels = new TreeSet<>(found.keySet());
        labels.addAll(before.keySet());
        labels.addAll(next.keySet());
        for (String label : labels) {
            assertThat(String.valueOf(found.get(label)))
                    .as(label)
                    .isIn(String.valueOf(before.get(label)), String.valueOf(next.get(label)));
        }
    }

    @Test
    void aFullDiskLosesNothingAndFailsNoLaunch() throws Exception {
        boolean[] full = {false};
        try (TokenStore store = TokenStore.open(files, FILE)) {
            UserTokenCache cache = cache(store);
            cache.keep("kept", TestTokens.token(TestTokens.identity(1), 1), Duration.ofDays(1));
            Map<String, String> before = content(store);
            files.failWhere(operation -> full[0] && operation instanceof Operation.Write);
            full[0] = true;

            UserToken token = cache.<RuntimeException>get(
                    "new", TestTokens.identity(2), identity -> TestTokens.token(identity, 2));

            assertThat(token.token()).isEqualTo(TestTokens.token(TestTokens.identity(2), 2));
            assertThat(token.notKept()).contains("No space left on device");
            assertThat(cache.<RuntimeException>get("kept", TestTokens.identity(1), identity -> new byte[304])
                            .source())
                    .isEqualTo(UserToken.Source.USER_CACHE);
            assertThat(content(store)).isEqualTo(before);
            try (TokenStore other = TokenStore.open(files, FILE)) {
                assertThat(content(other)).isEqualTo(before);
            }
            full[0] = false;
            assertThat(cache.<RuntimeException>get(
                                    "new", TestTokens.identity(2), identity -> TestTokens.token(identity, 3))
                            .notKept())
                    .isEmpty();
            assertThat(content(store)).containsKeys("kept", "new");
        }
    }

    @Test
    void aDiskThatFillsNowAndThenLosesNothing() throws Exception {
        TokenStore store = TokenStore.open(files, FILE);
        for (int step = 0; step < 600; step++) {
            Map<String, String> before = content(store);
            int fate = random.nextInt(6);
            files.failWhere(operation -> (fate == 0 && operation instanceof Operation.Write)
                    || (fate == 1 && operation instanceof Operation.Force)
                    || (fate == 2 && operation instanceof Operation.Create)
                    || (fate == 3 && operation instanceof Operation.Rename));
            boolean failed = false;
            try {
                change(cache(store), step);
            } catch (LaunchException e) {
                failed = true;
            }
            files.failWhere(operation -> false);
            if (failed) {
                store.close();
                store = TokenStore.open(files, FILE);
                Map<String, String> after = content(store);
                // One change touches one label, or evicts: what it did not touch is there.
                assertThat(before.entrySet()).as("step %d", step).containsAll(withoutOne(after, before));
            } else {
                TokenStore other = TokenStore.open(files, FILE);
                assertThat(content(other)).as("step %d", step).isEqualTo(content(store));
                other.close();
            }
        }
        store.close();
    }

    private static Set<Map.Entry<String, String>> withoutOne(Map<String, String> after, Map<String, String> before) {
        Map<String, String> same = new TreeMap<>(after);
        List<String> touched = same.keySet().stream()
                .filter(label -> !String.valueOf(same.get(label)).equals(before.get(label)))
                .toList();
        assertThat(touched).hasSizeLessThanOrEqualTo(1);
        same.keySet().removeAll(touched);
        return same.entrySet();
    }
}
