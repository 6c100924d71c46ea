package jsgx.launch.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import jsgx.launch.LaunchException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserTokenCacheTest {

    @TempDir
    private Path folder;

    private final TestTokens.Clock clock = new TestTokens.Clock();
    private Path state = Path.of("");
    private int issued;

    @BeforeEach
    void stateFolder() {
        state = folder.resolve("state");
    }

    @Test
    void aTokenIsIssuedOnceAndThenComesFromMemoryAndAfterARestartFromTheStore() throws Exception {
        try (TokenStore store = TokenStore.in(state)) {
            UserTokenCache cache = cache(store);
            assertThat(get(cache, "loader", 1).source()).isEqualTo(UserToken.Source.ISSUED);
            UserToken again = get(cache, "loader", 1);
            assertThat(again.source()).isEqualTo(UserToken.Source.USER_CACHE);
            assertThat(again.token()).isEqualTo(TestTokens.token(TestTokens.identity(1), 1));
        }
        try (TokenStore store = TokenStore.in(state)) {
            assertThat(get(cache(store), "loader", 1).source()).isEqualTo(UserToken.Source.STORE);
        }
        assertThat(issued).isEqualTo(1);
    }

    private UserToken get(UserTokenCache cache, String label, int seed) throws LaunchException {
        return get(cache, label, seed, Terms.DEFAULT);
    }

    private UserToken get(UserTokenCache cache, String label, int seed, Terms terms) throws LaunchException {
        return cache.<RuntimeException>get(
                label, TestTokens.identity(seed), terms, identity -> TestTokens.token(identity, ++issued));
    }

    private UserTokenCache cache(TokenStore store) {
        return new UserTokenCache(store, () -> TestTokens.HERE, clock);
    }
}
