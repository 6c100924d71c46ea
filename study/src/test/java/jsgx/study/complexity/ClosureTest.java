package jsgx.study.complexity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ClosureTest {

    /** A store and a trail both keep a log; the store alone has an index; main reaches all. */
    private final Closure closure = new Closure(Map.of(
            "Main", Set.of("Store", "Trail"),
            "Store", Set.of("Log", "Index", "java/util/List"),
            "Trail", Set.of("Log"),
            "Log", Set.of("File"),
            "File", Set.of(),
            "Index", Set.of("Store")));

    @Test
    void usesAllThatItReaches() {
        assertThat(closure.uses(List.of("Store"))).containsExactly("File", "Index", "Log", "Store");
    }

    @Test
    void whatOthersReachWithoutItIsNotItsAlone() {
        assertThat(closure.alone(List.of("Store"), List.of("Main"))).containsExactly("Index", "Store");
    }

    @Test
    void whatOthersReachThroughItAloneIsItsAlone() {
        assertThat(closure.alone(List.of("Trail", "Store"), List.of("Main")))
                .containsExactly("File", "Index", "Log", "Store", "Trail");
    }
}
