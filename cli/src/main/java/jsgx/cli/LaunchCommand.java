package jsgx.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.LaunchResult;
import jsgx.launch.Launcher;
import jsgx.launch.Platform;
import jsgx.launch.TokenFile;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code jsgx launch}. */
@Command(
        name = "launch",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx launch FILE [--sigstruct S] [--interface mainline|v5|isgx] [--token T] [OPTION...]",
        description = "Build an enclave through the driver and initialise it; say why where it is refused.",
        footerHeading = "%nExit status 1 where it is refused.%n%nExamples:%n",
        footer = {
            "  jsgx launch enclave.sgxs --sigstruct enclave.sigstruct",
            "  jsgx launch enclave.sgxs --sigstruct enclave.sigstruct --interface isgx --save-token enclave.token",
            "  jsgx launch enclave.sgxs --sigstruct enclave.sigstruct --interface isgx --token enclave.token"
        })
final class LaunchCommand extends Subcommand {

    @Parameters(paramLabel = "FILE", description = "The enclave.")
    private String file = "";

    @Option(
            names = "--sigstruct",
            paramLabel = "S",
            description = "The SIGSTRUCT of a file that carries none, or another.")
    private @Nullable String sigstructFile;

    @Option(
            names = "--interface",
            paramLabel = "mainline|v5|isgx",
            converter = Interfaces.class,
            description = "mainline: no tokens; v5, the default: the driver asks the launch enclave; isgx: the caller"
                    + " brings the token.")
    private InterfaceKind driver = InterfaceKind.V5;

    @Option(
            names = "--token",
            paramLabel = "T",
            description = "The token to bring, with isgx; without it the launch enclave is asked for one.")
    private @Nullable String tokenFile;

    @Option(names = "--save-token", paramLabel = "T", description = "With isgx, keep the token in this file, 0600.")
    private @Nullable String saveToken;

    @Option(
            names = "--epc",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description = "The EPC's size for this launch, for example 93.5MiB.")
    private @Nullable Long epc;

    @Option(
            names = "--attributes",
            paramLabel = "MASK",
            converter = Numbers.Mask64.class,
            description = "SECS.ATTRIBUTES other than the SIGSTRUCT's.")
    private @Nullable Long attributes;

    @Option(
            names = "--xfrm",
            paramLabel = "MASK",
            converter = Numbers.Mask64.class,
            description = "SECS.XFRM, likewise.")
    private @Nullable Long xfrm;

    @Option(
            names = "--misc-select",
            paramLabel = "MASK",
            converter = Numbers.Mask32.class,
            description = "SECS.MISCSELECT, likewise.")
    private @Nullable Integer miscSelect;

    @Option(
            names = "--against",
            paramLabel = "OTHER",
            description =
                    "The enclave that was signed: where the measurement is wrong, the first page that differs from it"
                            + " is named.")
    private @Nullable String against;

    @Mixin
    private EnclaveOptions enclaves = new EnclaveOptions();

    @Spec
    private CommandSpec spec;

    LaunchCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, ImageException, LaunchException, IOException {
        if (driver != InterfaceKind.ISGX && tokenFile != null) {
            throw wrong("--token goes with --interface isgx: " + tokenless());
        }
        if (driver != InterfaceKind.ISGX && saveToken != null) {
            throw wrong("--save-token goes with --interface isgx: " + tokenless());
        }
        EnclaveImage image = enclaves.image(file, surroundings);
        Sigstruct sigstruct = enclaves.sigstruct(file, image, sigstructFile, surroundings);
        LaunchOptions options = options(sigstruct);
        @Nullable Path save = saveToken == null ? null : surroundings.file(saveToken);
        LaunchResult result;
        try (Launcher launcher = Launcher.on(platform())) {
            result = launcher.launch(image, sigstruct, options);
        }
        if (save != null && result.token().bytes().length != 0) {
            EinitToken token = EinitToken.of(result.token().bytes());
            new TokenFile(TokenFile.Format.RAW, token).write(save, TokenFile.Format.RAW);
        }
        if (json()) {
            print(new Json().put("file", file).putAll(json(result)));
        } else {
            show(image, sigstruct, result);
        }
        return result.launched() ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private String tokenless() {
        return driver == InterfaceKind.V5
                ? "on v5 the driver gets the token, and user space never sees one"
                : "mainline has no tokens";
    }

    private LaunchOptions options(Sigstruct sigstruct) throws BadInput, ImageException, LaunchException, IOException {
        LaunchOptions options = LaunchOptions.through(driver);
        if (tokenFile != null) {
            EinitToken token = TokenFile.read(EnclaveOptions.existing(tokenFile, surroundings))
                    .token();
            options = options.withToken(SigstructFields.bytes(token.memory()));
        }
        if (attributes != null || xfrm != null) {
            Attributes signed = sigstruct.attributes();
            options = options.withAttributes(new Attributes(
                    attributes == null ? signed.flags() : attributes, xfrm == null ? signed.xfrm() : xfrm));
        }
        if (miscSelect != null) {
            options = options.withMiscSelect(miscSelect);
        }
        if (against != null) {
            options = options.compareWith(enclaves.image(against, surroundings));
        }
        return options;
    }

    private Platform platform() throws LaunchException {
        Platform own = Platforms.own(surroundings);
        return epc == null ? own : own.withEpc(epc);
    }

    private void show(EnclaveImage image, Sigstruct sigstruct, LaunchResult result) {
        Screen screen = screen();
        screen.line(Text.printable(file) + "  " + SigstructFields.summary(screen, sigstruct) + ", "
                + Text.count(image.pages().size(), "page") + " in " + Text.size(image.size()) + ", through "
                + Interfaces.id(driver));
        screen.blank();
        show(screen, result);
    }

    /** The timeline of a launch, its verdict, and the reason of a refusal. */
    static void show(Screen screen, LaunchResult result) {
        List<List<String>> rows = new ArrayList<>();
        for (LaunchResult.Step step : result.timeline()) {
            String name = step.count() > 1 ? step.name() + " " + step.count() : step.name();
            rows.add(List.of(name, Text.time(step.micros()), step.note()));
        }
        screen.rows(rows);
        screen.blank();
        if (result.launched()) {
            screen.line(screen.good("launched") + "  MRENCLAVE " + screen.hash(result.mrEnclave()));
        } else {
            screen.line(screen.bad("refused") + "  " + result.explanation().headline());
            screen.blank();
            Explanations.show(screen, result.explanation());
        }
    }

    /** A launch as JSON. */
    static Json json(LaunchResult result) {
        return new Json()
                .put("verdict", verdict(result))
                .put("stage", result.stage().name().toLowerCase(Locale.ROOT))
                .put("code", result.code())
                .put("interface", Interfaces.id(result.driver()))
                .put("ioctlResult", result.ioctlResult())
                .put("mrenclave", result.mrEnclave())
                .put("mrsigner", result.mrSigner())
                .put("attributes", Text.mask(result.attributes().flags()))
                .put("xfrm", Text.mask(result.attributes().xfrm()))
                .put("miscSelect", Text.mask(result.miscSelect()))
                .put("token", new Json().put("source", result.token().source().id()))
                .put("pages", result.pages())
                .put(
                        "timeline",
                        result.timeline().stream().map(LaunchCommand::json).toList())
                .put("explain", Explanations.text(result.explanation()))
                .put("reason", Explanations.json(result.explanation()));
    }

    /** {@code launched} or {@code refused}. */
    static String verdict(LaunchResult result) {
        return result.launched() ? "launched" : "refused";
    }

    private static Json json(LaunchResult.Step step) {
        return new Json()
                .put("step", step.name())
                .put("count", step.count())
                .put("micros", Math.round(step.micros() * 10) / 10.0)
                .put("note", step.note());
    }
}
