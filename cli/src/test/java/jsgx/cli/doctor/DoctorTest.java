package jsgx.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import jsgx.cli.DoctorReports;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The doctor on machines that are described in pairs of files: an environment, and what its report must (+) and must not (-)
 * contain.
 */
class DoctorTest {

    @TempDir
    private Path root;

    private final Map<String, String> environment = new HashMap<>();
    private final Map<String, String> properties = new HashMap<>();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sgx2-server",
                "laptop-without-sgx",
                "container",
                "unlimited-cgroup",
                "no-home",
                "home-is-a-file",
                "daemon",
                "daemon-of-another",
                "daemon-gone",
                "daemon-open"
            })
    void saysWhatItMustAndNotWhatItMustNot(String machine) throws IOException {
        build(resource(machine + ".environment"));

        String report = DoctorReports.of(new Host(root, environment, properties));

        for (String line : resource(machine + ".report")) {
            String text = line.substring(2);
            switch (line.charAt(0)) {
                case '+' -> assertThat(report).contains(text);
                case '-' -> assertThat(report).doesNotContain(text);
                default -> throw new IllegalArgumentException(machine + ": " + line);
            }
        }
    }

    private void build(List<String> lines) throws IOException {
        Path file = root;
        for (String line : lines) {
            String[] words = line.split(" ", 3);
            switch (words[0]) {
                case "#" -> {}
                case "property" -> properties.put(words[1], words[2]);
                case "env" -> environment.put(words[1], words[2]);
                case "folder" -> permissions(Files.createDirectories(path(words[1])), words[2]);
                case "file" -> {
                    file = path(words[1]);
                    Files.createDirectories(Objects.requireNonNull(file.getParent()));
                    Files.createFile(file);
                    if (words.length == 3) {
                        permissions(file, words[2]);
                    }
                }
                case "" -> Files.writeString(file, Files.readString(file) + line.strip() + "\n");
                default -> throw new IllegalArgumentException(line);
            }
        }
    }

    private Path path(String absolute) {
        return root.resolve(absolute.substring(1));
    }

    private static void permissions(Path path, String permissions) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    private static List<String> resource(String name) throws IOException {
        try (InputStream stream =
                Objects.requireNonNull(DoctorTest.class.getResourceAsStream(name), () -> "no resource " + name)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
    }
}
