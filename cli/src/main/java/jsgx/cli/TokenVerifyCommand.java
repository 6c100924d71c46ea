package jsgx.cli;

import java.io.IOException;
import jsgx.arch.struct.Sigstruct;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.launch.LaunchException;
import jsgx.launch.Launcher;
import jsgx.launch.TokenCheck;
import jsgx.launch.TokenFile;
import jsgx.launch.json.Json;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx token verify}. */
@Command(
        name = "verify",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx token verify FILE --enclave F [--sigstruct S] [OPTION...]",
        description = "Say whether a token launches an enclave on this platform: EINIT itself decides.",
        footerHeading = "%nExit status 1 where it does not.%n%nExample:%n",
        footer = "  jsgx token verify enclave.token --enclave enclave.sgxs --sigstruct enclave.sigstruct")
final class TokenVerifyCommand extends Subcommand {

    @Parameters(paramLabel = "FILE", description = "The token.")
    private String file = "";

    @Option(names = "--enclave", paramLabel = "F", required = true, description = "The enclave.")
    private String enclave = "";

    @Option(
            names = "--sigstruct",
            paramLabel = "S",
            description = "The SIGSTRUCT of an enclave file that carries none.")
    private @Nullable String sigstructFile;

    @Mixin
    private EnclaveOptions enclaves = new EnclaveOptions();

    TokenVerifyCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, ImageException, LaunchException, IOException {
        TokenFile token = TokenFile.read(EnclaveOptions.existing(file, surroundings));
        EnclaveImage image = enclaves.image(enclave, surroundings);
        Sigstruct sigstruct = enclaves.sigstruct(enclave, image, sigstructFile, surroundings);
        TokenCheck check;
        try (Launcher launcher = Launcher.on(Platforms.own(surroundings))) {
            check = launcher.verify(SigstructFields.bytes(token.token().memory()), image, sigstruct);
        }
        if (json()) {
            print(new Json()
                    .put("file", file)
                    .put("enclave", enclave)
                    .put("valid", check.accepted())
                    .put("code", check.code())
                    .put("ioctlResult", check.ioctlResult())
                    .put("explain", Explanations.text(check.explanation()))
                    .put("reason", Explanations.json(check.explanation())));
        } else {
            Screen screen = screen();
            String verdict = check.accepted() ? screen.good("valid") : screen.bad("not valid");
            screen.line(verdict + "  " + check.explanation().headline());
            if (!check.accepted()) {
                screen.blank();
                Explanations.show(screen, check.explanation());
            }
        }
        return check.accepted() ? ExitStatus.DONE : ExitStatus.REFUSED;
    }
}
