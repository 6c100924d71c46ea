package jsgx.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditReader;
import jsgx.launch.json.Json;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code jsgx audit export}. */
@Command(
        name = "export",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx audit export [-o OUT] [OPTION...]",
        description = {
            "Write the whole audit trail as JSON, one entry a line, with all hashes and signatures: whoever has it and the public",
            "key can check it, with  jsgx audit verify  or, as docs/audit.md shows, with a few lines of anything."
        },
        footerHeading = "%nExample:%n",
        footer = "  jsgx audit export -o audit.jsonl")
final class AuditExportCommand extends Subcommand {

    @Option(
            names = {"-o", "--out"},
            paramLabel = "OUT",
            description = "The file to write; standard output.")
    private @Nullable String out;

    AuditExportCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        try (AuditReader reader = AuditReader.open(Audits.folder(surroundings))) {
            if (out == null) {
                reader.read(entry -> surroundings.out().println(entry.json()));
                return ExitStatus.DONE;
            }
            OutputFile output = new OutputFile(out, surroundings);
            StringBuilder lines = new StringBuilder();
            long[] entries = new long[1];
            reader.read(entry -> {
                lines.append(entry.json()).append('\n');
                entries[0]++;
            });
            output.write(lines.toString().getBytes(StandardCharsets.UTF_8));
            if (json()) {
                print(new Json().put("out", out).put("entries", entries[0]));
            } else {
                screen().line("%s  %d entries".formatted(Text.printable(out), entries[0]));
            }
        }
        return ExitStatus.DONE;
    }
}
