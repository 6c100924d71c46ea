package jsgx.cli;

import java.io.IOException;
import jsgx.cli.Screen.Fact;
import jsgx.launch.LaunchException;
import jsgx.launch.TokenFile;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code jsgx token show}. */
@Command(
        name = "show",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx token show FILE [OPTION...]",
        description = "Show every field of a token. Whether its MAC holds is for  jsgx token verify  to say.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx token show enclave.token")
final class TokenShowCommand extends Subcommand {

    @Parameters(
            paramLabel = "FILE",
            description = "304 bytes, or the 1024 bytes that applications of the Intel SDK keep.")
    private String file = "";

    TokenShowCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        TokenFile token = TokenFile.read(EnclaveOptions.existing(file, surroundings));
        if (json()) {
            Json document =
                    new Json().put("file", file).put("format", token.format().id());
            for (TokenFile.Field field : token.fields()) {
                document.put(jsonName(field.name()), field.value());
            }
            print(document);
        } else {
            Screen screen = screen();
            screen.line(Text.printable(file) + "  EINITTOKEN, " + token.format().size() + " bytes");
            screen.blank();
            screen.facts(token.fields().stream()
                    .map(field -> new Fact(field.name(), value(screen, field)))
                    .toList());
        }
        return ExitStatus.DONE;
    }

    /** MRENCLAVE and MRSIGNER have one spelling in all documents of jsgx. */
    private static String jsonName(String name) {
        return switch (name) {
            case "mrEnclave" -> "mrenclave";
            case "mrSigner" -> "mrsigner";
            default -> name;
        };
    }

    private static String value(Screen screen, TokenFile.Field field) {
        String value = field.value().startsWith("0x") ? field.value() : screen.hash(field.value());
        return field.meaning().isEmpty() ? value : value + "  " + field.meaning();
    }
}
