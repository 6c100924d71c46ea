package jsgx.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/threat-model.md names the test of each of its claims. */
class ThreatModelTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern NAMED = Pattern.compile("`([A-Z][A-Za-z0-9]*Test)(?:\\.([a-z][A-Za-z0-9]*))?`");

    @Test
    void everyTestThatItNamesIsThere() throws IOException {
        String page = Files.readString(ROOT.resolve("docs/threat-model.md"), UTF_8);
        List<String> missing = new ArrayList<>();
        Matcher named = NAMED.matcher(page);
        int count = 0;
        while (named.find()) {
            count++;
            String source = source(named.group(1));
            String method = named.group(2);
            if (source.isEmpty() || (method != null && !source.contains("void " + method + "("))) {
                missing.add(named.group());
            }
        }
        assertThat(missing).isEmpty();
        assertThat(count).isGreaterThan(1);
    }

    @Test
    void everyClaimNamesATest() throws IOException {
        List<String> rows = Files.readAllLines(ROOT.resolve("docs/threat-model.md"), UTF_8);
        List<String> without = new ArrayList<>();
        boolean claims = false;
        for (String row : rows) {
            claims = row.startsWith("|") && (claims || row.startsWith("| claim |"));
            boolean head = row.startsWith("| claim |") || row.startsWith("| ---");
            if (claims && !head && !NAMED.matcher(row).find() && !row.endsWith("| above |")) {
                without.add(row);
            }
        }
        assertThat(without).isEmpty();
    }

    private static String source(String test) throws IOException {
        for (String module : List.of("arch", "driver", "image", "launch", "machine", "host", "cli")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/test/java"))) {
                List<Path> found =
                        files.filter(file -> file.endsWith(test + ".java")).toList();
                if (!found.isEmpty()) {
                    return Files.readString(found.getFirst(), UTF_8);
                }
            }
        }
        return "";
    }
}
