package jsgx.launch.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GlobTest {

    /** Patterns and names of few letters, so that they meet often; a regular expression is the other opinion. */
    @Test
    void anAsteriskStandsForAnyCharacters() {
        Random random = new Random(5);
        int matches = 0;
        for (int i = 0; i < 50_000; i++) {
            String pattern = text(random, "ab*.");
            String name = text(random, "ab.");
            Pattern regex = Pattern.compile(
                    Stream.of(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
            boolean expected = regex.matcher(name).matches();
            assertThat(new Glob(pattern).matches(name))
                    .as("%s and %s", pattern, name)
                    .isEqualTo(expected);
            matches += expected ? 1 : 0;
        }
        assertThat(matches).isGreaterThan(1_000);
    }

    private static String text(Random random, String letters) {
        return random.ints(random.nextInt(7), 0, letters.length())
                .mapToObj(i -> letters.substring(i, i + 1))
                .collect(Collectors.joining());
    }
}
