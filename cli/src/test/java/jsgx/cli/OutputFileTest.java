package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFileTest {

    @TempDir
    private Path folder;

    @Test
    void aFileIsWrittenWhole() throws Exception {
        output("out").write(new byte[] {1, 2, 3});

        assertThat(folder.resolve("out")).hasBinaryContent(new byte[] {1, 2, 3});
        assertThat(names()).containsExactly("out");
    }

    @Test
    void whatWasThereIsReplaced() throws Exception {
        Files.writeString(folder.resolve("out"), "old");

        output("out").write(new byte[] {1});

        assertThat(folder.resolve("out")).hasBinaryContent(new byte[] {1});
    }

    @Test
    void aLinkStaysALink() throws Exception {
        Files.writeString(folder.resolve("real"), "old");
        Files.createSymbolicLink(folder.resolve("link"), Path.of("real"));

        output("link").write(new byte[] {1});

        assertThat(folder.resolve("link")).isSymbolicLink();
        assertThat(folder.resolve("real")).hasBinaryContent(new byte[] {1});
    }

    @Test
    void anInputIsNotOverwrittenUnderAnyName() throws Exception {
        Path input = Files.writeString(folder.resolve("input"), "input");
        Files.createLink(folder.resolve("other-name"), input);
        Files.createSymbolicLink(folder.resolve("link"), input);

        for (String name : new String[] {"input", "./input", "other-name", "link"}) {
            assertThatThrownBy(() -> new OutputFile(name, surroundings(), input))
                    .isInstanceOf(BadInput.class)
                    .hasMessageContaining("input of the command");
        }
        assertThat(input).hasContent("input");
    }

    @Test
    void whatIsNoFileIsNotReplaced() throws Exception {
        Files.createDirectory(folder.resolve("folder"));

        for (String name : new String[] {"folder", ".", "", "/dev/null", "no/such/folder", "a\u0000b"}) {
            assertThatThrownBy(() -> output(name)).isInstanceOf(BadInput.class);
        }
    }

    @Test
    void nothingIsLeftOfAFileThatCouldNotBeWritten() throws Exception {
        OutputFile output = output("out");
        // The folder under which the name was good is now in the way.
        Files.createDirectories(folder.resolve("out").resolve("in-the-way"));

        assertThatThrownBy(() -> output.write(new byte[] {1}))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("out: not written: ");
        assertThat(names()).containsExactly("out");
    }

    @Test
    void whatIsLongGoesToTheDiskWhileItIsMade() throws Exception {
        Files.writeString(folder.resolve("out"), "old");
        byte[] piece = new byte[1 << 16];

        output("out").write(content -> {
            for (int i = 1; i <= 16; i++) {
                content.write(piece);
                assertThat(written()).isEqualTo((long) i * piece.length + "old".length());
                assertThat(folder.resolve("out")).hasContent("old");
            }
        });

        assertThat(folder.resolve("out")).hasSize(16L * piece.length);
        assertThat(names()).containsExactly("out");
    }

    @Test
    void whatFailsWhileItIsMadeLeavesWhatWasThere() throws Exception {
        Files.writeString(folder.resolve("out"), "old");

        assertThatThrownBy(() -> output("out").write(content -> {
                    content.write(1);
                    throw new IOException("no more");
                }))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("out: not written: ");

        assertThat(folder.resolve("out")).hasContent("old");
        assertThat(names()).containsExactly("out");
    }

    /** Bytes of all files in the folder. */
    private long written() throws IOException {
        long bytes = 0;
        for (String name : names().toList()) {
            bytes += Files.size(folder.resolve(name));
        }
        return bytes;
    }

    private OutputFile output(String name) throws BadInput, IOException {
        return new OutputFile(name, surroundings());
    }

    private Stream<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList().stream();
        }
    }

    private Surroundings surroundings() {
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8);
        return new Surroundings(nowhere, nowhere, Map.of(), folder, Path.of("/"), false, InstantSource.system());
    }
}
