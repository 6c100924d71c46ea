package jsgx.host.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import jsgx.host.admin.ConsoleSessions.Secrets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ConsoleSessionsTest {

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T08:00:00Z"));
    private final ConsoleSessions sessions = new ConsoleSessions(now::get);

    private Secrets begin() {
        return sessions.follow(sessions.link("uid:7")).orElseThrow();
    }

    private void pass(Duration time) {
        now.updateAndGet(instant -> instant.plus(time));
    }

    @Test
    void neitherSecretIsWorthAnythingAlone() {
        Secrets one = begin();
        Secrets other = begin();
        assertThat(sessions.use(one)).contains("uid:7");
        assertThat(sessions.use(new Secrets(one.cookie(), ""))).isEmpty();
        assertThat(sessions.use(new Secrets("", one.page()))).isEmpty();
        assertThat(sessions.use(new Secrets(one.cookie(), other.page()))).isEmpty();
        assertThat(sessions.use(new Secrets(one.page(), one.cookie()))).isEmpty();
    }

    @Test
    void aLinkWorksOnceAndNotForLong() {
        String link = sessions.link("uid:7");
        assertThat(sessions.follow(link)).isPresent();
        assertThat(sessions.follow(link)).isEmpty();
        String late = sessions.link("uid:7");
        pass(Duration.ofMinutes(2));
        assertThat(sessions.follow(late)).isEmpty();
    }

    @Test
    void aSessionEndsWithoutUse() {
        Secrets session = begin();
        pass(Duration.ofMinutes(119));
        assertThat(sessions.use(session)).isPresent();
        pass(Duration.ofMinutes(119));
        assertThat(sessions.holds(session)).isTrue();
        pass(Duration.ofMinutes(1));
        assertThat(sessions.use(session)).as("to be looked at is no use").isEmpty();
    }

    @Test
    void aSessionEndsHoweverMuchItIsUsed() {
        Secrets session = begin();
        for (int hour = 1; hour < 12; hour++) {
            pass(Duration.ofHours(1));
            assertThat(sessions.use(session)).as("after %d hours", hour).isPresent();
        }
        pass(Duration.ofHours(1));
        assertThat(sessions.use(session)).isEmpty();
    }

    @Test
    void whoLeavesIsOut() {
        Secrets session = begin();
        assertThat(sessions.end(new Secrets(session.cookie(), ""))).isFalse();
        assertThat(sessions.end(session)).isTrue();
        assertThat(sessions.use(session)).isEmpty();
        assertThat(sessions.end(session)).isFalse();
    }
}
