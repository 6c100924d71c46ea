package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import jsgx.cli.Screen.Fact;
import org.junit.jupiter.api.Test;

class ScreenTest {

    private static final String HASH = "83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e";

    @Test
    void labelsAndValuesStandInColumns() {
        assertThat(shown(screen -> screen.facts(List.of(new Fact("expected", "4"), new Fact("what to do", "sign it")))))
                .isEqualTo("  expected    4\n  what to do  sign it\n");
    }

    @Test
    void aLongValueIsBrokenBetweenWordsBeneathItself() {
        String value = "word ".repeat(40).strip();

        String shown = shown(screen -> screen.facts(List.of(new Fact("x", value))));

        assertThat(shown.lines())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(116));
        assertThat(shown.lines().skip(1)).allSatisfy(line -> assertThat(line).startsWith("     word"));
        assertThat(shown.replaceAll("\\s+", " ").strip()).isEqualTo("x " + value);
    }

    @Test
    void aWordThatIsLongerThanALineStaysWhole() {
        assertThat(Screen.broken("a " + HASH + " b", 20)).containsExactly("a", HASH, "b");
        assertThat(Screen.broken(HASH, 20)).containsExactly(HASH);
        assertThat(Screen.broken("", 20)).containsExactly("");
    }

    @Test
    void rowsStandInColumns() {
        assertThat(shown(screen ->
                        screen.rows(List.of(List.of("ECREATE", "12 µs", ""), List.of("EADD 512", "1.71 ms", "x")))))
                .isEqualTo("  ECREATE   12 µs\n  EADD 512  1.71 ms  x\n");
    }

    @Test
    void colourIsOnlyThereWhereItWasAskedFor() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(out, false, StandardCharsets.UTF_8);

        assertThat(new Screen(stream, false, false).good("launched")).isEqualTo("launched");
        assertThat(new Screen(stream, true, false).good("launched")).isEqualTo("\u001b[32mlaunched\u001b[39m");
    }

    @Test
    void hashesAreWholeWhereThatWasAskedFor() {
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8);

        assertThat(new Screen(nowhere, false, false).hash(HASH)).isEqualTo("83d719e7…c7ce9e");
        assertThat(new Screen(nowhere, false, true).hash(HASH)).isEqualTo(HASH);
    }

    private static String shown(Consumer<Screen> output) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(out, false, StandardCharsets.UTF_8);
        output.accept(new Screen(stream, false, false));
        stream.flush();
        return out.toString(StandardCharsets.UTF_8);
    }
}
