package jsgx.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The commands that a Markdown document shows: in its fenced or indented blocks the lines that begin with {@code jsgx} or
 * {@code ./jsgx}, after a prompt or without, and what a user types between them to get there: {@code cd}, {@code export}
 * and {@code openssl genrsa}. Two blanks end a command. The lines beneath a command are what it prints; {@code …} alone in a
 * line stands for any lines.
 */
record Document(Path file, List<Command> commands) {

    private static final String ANY_LINES = "…";
    private static final Pattern COMMAND =
            Pattern.compile("^\\s*(?:\\$ )?((?:\\./)?jsgx(?: .*)?|cd \\S+|export [A-Z_]+=\\S+|openssl genrsa .*)$");
    private static final Pattern VOLATILE = Pattern.compile(
            "[0-9a-f]{8}…[0-9a-f]{6}|\\b[0-9a-f]{16,}\\b|[0-9.]+ (?:µs|ms|s)\\b|known as [0-9a-f]{8}|\\b20\\d\\d-\\d\\d-\\d\\d\\b");

    /**
     * One command and the lines that the document shows beneath it.
     *
     * @param line its line in the document, from 1
     */
    record Command(int line, List<String> words, List<String> output) {

        /** Whether these lines are what the document shows, but for hashes, times and days. */
        boolean shows(String printed) {
            List<String> actual = printed.lines().map(Document::stable).toList();
            int at = 0;
            boolean anywhere = true;
            for (String line : output) {
                String wanted = stable(line);
                if (wanted.equals(ANY_LINES)) {
                    anywhere = true;
                    continue;
                }
                int found = at;
                while (anywhere && found < actual.size() && !actual.get(found).equals(wanted)) {
                    found++;
                }
                if (found >= actual.size() || !actual.get(found).equals(wanted)) {
                    return false;
                }
                at = found + 1;
                anywhere = false;
            }
            return true;
        }
    }

    /** The documents of the repository that users read. */
    static List<Document> all() {
        Path root = root();
        try (Stream<Path> top = Files.list(root);
                Stream<Path> docs = Files.list(root.resolve("docs"))) {
            return Stream.concat(top, docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .map(Document::read)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Document read(Path file) {
        try {
            return new Document(file, parse(Files.readAllLines(file)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The text of the YAML block of a document that begins with the comment that it is this file. */
    static String block(String document, String name) {
        try {
            String text = Files.readString(root().resolve(document));
            int start = text.indexOf("```yaml\n# " + name + "\n") + "```yaml\n".length();
            return text.substring(start, text.indexOf("```", start));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Command> parse(List<String> lines) {
        List<Command> commands = new ArrayList<>();
        boolean fenced = false;
        boolean beneath = false;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.strip().startsWith("```")) {
                fenced = !fenced;
                beneath = false;
                continue;
            }
            boolean code = fenced || line.startsWith("    ");
            var command = COMMAND.matcher(line);
            if (code && command.matches()) {
                commands.add(new Command(i + 1, words(command.group(1)), new ArrayList<>()));
                beneath = true;
            } else if (code && beneath && !line.strip().startsWith("./") && !line.startsWith("$ ")) {
                commands.getLast().output().add(line);
            } else if (!line.isBlank()) {
                beneath = false;
            }
        }
        // A blank line before the next command or the end of a block is the writer's.
        commands.forEach(command -> {
            while (!command.output().isEmpty() && command.output().getLast().isBlank()) {
                command.output().removeLast();
            }
        });
        return commands;
    }

    private static List<String> words(String command) {
        String line = command.split("  | # ", 2)[0].strip();
        return List.of(line.replaceFirst("^\\./", "").split(" "));
    }

    private static String stable(String line) {
        return VOLATILE.matcher(line).replaceAll("#").replaceAll("\\s+", " ").strip();
    }

    /** The repository's root: the nearest folder above this one that holds the launcher. */
    static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("mvnw"))) {
            folder = folder.resolve("..").normalize();
        }
        return folder;
    }
}
