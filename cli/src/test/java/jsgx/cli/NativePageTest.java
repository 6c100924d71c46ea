package jsgx.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/native.md names the test that shows each of its lines. */
class NativePageTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern NAMED = Pattern.compile("`([A-Z][A-Za-z0-9]*Test|abi-suite)[. ]([a-z][A-Za-z0-9_]*)`");

    @Test
    void everyTestThatItNamesIsThere() throws IOException {
        String page = Files.readString(ROOT.resolve("docs/native.md"), UTF_8);
        List<String> missing = new ArrayList<>();
        Matcher named = NAMED.matcher(page);
        while (named.find()) {
            boolean program = named.group(1).equals("abi-suite");
            String test = program ? "TEST(" + named.group(2) : "void " + named.group(2) + "(";
            if (!(program ? programs() : source(named.group(1))).contains(test)) {
                missing.add(named.group());
            }
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void everyLineNamesATest() throws IOException {
        List<String> rows = Files.readAllLines(ROOT.resolve("docs/native.md"), UTF_8).stream()
                .filter(row -> row.startsWith("|") && !row.startsWith("| ---"))
                .filter(row -> !row.startsWith("| natively |") && !row.startsWith("| refused |"))
                .toList();

        assertThat(rows)
                .hasSizeGreaterThan(1)
                .allSatisfy(row -> assertThat(row.split("\\|", -1)[2]).containsPattern(NAMED));
    }

    /** All programs of the suite. */
    private static String programs() throws IOException {
        StringBuilder all = new StringBuilder();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(ROOT.resolve("interop/abi-suite"), "*.c")) {
            for (Path file : files) {
                all.append(Files.readString(file, UTF_8));
            }
        }
        return all.toString();
    }

    private static String source(String test) throws IOException {
        try (Stream<Path> files = Files.walk(ROOT.resolve("machine/src/test/java"))) {
            List<Path> found =
                    files.filter(file -> file.endsWith(test + ".java")).toList();
            return found.isEmpty() ? "" : Files.readString(found.getFirst(), UTF_8);
        }
    }
}
