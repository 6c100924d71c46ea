package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every command that a document or a help text shows is run, document by document, as its reader would. */
class DocumentationTest {

    @TempDir
    private Path folder;

    @TestFactory
    Stream<DynamicTest> whatADocumentShowsWorksAndPrintsWhatItSays() {
        return Document.all().stream()
                .filter(document -> !document.commands().isEmpty())
                .map(document ->
                        dynamicTest(String.valueOf(document.file().getFileName()), () -> follow(document.commands())));
    }

    @Test
    void theExamplesOfTheHelpWork() throws Exception {
        for (String command : List.of(
                "demo",
                "inspect",
                "measure",
                "sign",
                "launch",
                "run",
                "serve",
                "host backup",
                "token show",
                "token verify",
                "token get",
                "token pin",
                "token expire",
                "token discard",
                "token list",
                "token budget",
                "token import",
                "token export",
                "policy check",
                "policy test",
                "policy explain",
                "policy sign",
                "policy reload",
                "audit tail",
                "audit query",
                "audit verify",
                "audit anchor",
                "audit export",
                "platform show",
                "platform new",
                "platform set",
                "study workloads",
                "study generate",
                "doctor")) {
            String help = new Jsgx(folder).line(command + " --help").out();
            String examples = help.substring(help.lastIndexOf("Example"));

            List<Document.Command> commands =
                    Document.parse(examples.lines().map(line -> "  " + line).toList());

            assertThat(commands).as(command).isNotEmpty();
            follow(commands);
        }
    }

    private void follow(List<Document.Command> commands) throws Exception {
        Path start = Files.createTempDirectory(folder, "reader");
        Jsgx reader = Samples.withProgramsIn(start);
        for (Document.Command command : commands) {
            List<String> words = command.words();
            switch (words.getFirst()) {
                case "cd" -> reader = reader.in(words.get(1));
                case "export" -> {
                    String[] variable = words.get(1).split("=", 2);
                    reader = reader.with(variable[0], variable[1]);
                }
                case "openssl" -> {
                    Path key = reader.directory().resolve(words.get(words.indexOf("-out") + 1));
                    Files.deleteIfExists(key);
                    Samples.signer().write(key);
                }
                default -> {
                    String[] args = words.subList(1, words.size()).toArray(String[]::new);
                    // What a program prints is not jsgx's to catch.
                    boolean program = args[0].equals("run");
                    Jsgx.Run run = program ? reader.process(args) : reader.run(args);
                    assumeThat(program && run.status() == 126)
                            .as("programs cannot be supervised here: " + run.err())
                            .isFalse();
                    assertThat(run.status())
                            .as("line %d: %s%n%s", command.line(), String.join(" ", words), run.err())
                            .isLessThan(ExitStatus.WRONG_USAGE);
                    assertThat(command.shows(run.out()))
                            .as(
                                    "line %d: %s%nThe document shows:%n%s%nThe command prints:%n%s",
                                    command.line(),
                                    String.join(" ", words),
                                    String.join("\n", command.output()),
                                    run.out())
                            .isTrue();
                }
            }
        }
    }

    @Test
    void aDocumentIsReadAsItsReaderReadsIt() {
        List<Document.Command> commands = Document.parse("""
                Text with `jsgx inspect x` in it, and a block:

                    ./jsgx demo     launches an enclave
                    ./verify        runs the tests

                ```sh
                $ cd folder
                $ jsgx measure enclave.sgxs # a comment
                enclave.sgxs  SGXS stream
                  MRENCLAVE 00000000…000000

                ```
                jsgx is not a command here.
                """.lines().toList());

        assertThat(commands)
                .extracting(command -> String.join(" ", command.words()))
                .containsExactly("jsgx demo", "cd folder", "jsgx measure enclave.sgxs");
        assertThat(commands.getFirst().output()).isEmpty();
        assertThat(commands.getLast().line()).isEqualTo(8);
        assertThat(commands.getLast().output()).hasSize(2);
        assertThat(commands.getLast().shows("enclave.sgxs  SGXS stream\n  MRENCLAVE 66edfcda…e744de\n"))
                .isTrue();
        assertThat(commands.getLast().shows("enclave.sgxs  SGXS stream\nMRSIGNER\n"))
                .isFalse();
    }

    @Test
    void anEllipsisStandsForAnyLines() {
        Document.Command command = new Document.Command(1, List.of("jsgx"), List.of("a", "…", "c"));

        assertThat(command.shows("a\nb\nb\nc\nd\n")).isTrue();
        assertThat(command.shows("x\na\nc\n")).isTrue();
        assertThat(command.shows("a\nb\n")).isFalse();
        assertThat(new Document.Command(1, List.of("jsgx"), List.of("a", "c")).shows("a\nb\nc\n"))
                .isFalse();
    }
}
