package jsgx.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import jsgx.arch.struct.Sigstruct;
import jsgx.cli.Screen.Fact;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.image.ImageMeasurement;
import jsgx.image.SigstructCheck;
import jsgx.image.SigstructCheck.Finding;
import jsgx.launch.Explanation;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.Launcher;
import jsgx.launch.WouldLaunch;
import jsgx.launch.json.Json;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx inspect}. */
@Command(
        name = "inspect",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx inspect FILE [--sigstruct S] [OPTION...]",
        description =
                "Say what an enclave or a SIGSTRUCT is, whether its signature holds, and whether it would launch.",
        footerHeading = "%nExit status 1 where the signature does not hold or is not over this enclave.%n%nExamples:%n",
        footer = {
            "  jsgx inspect enclave.sgxs --sigstruct enclave.sigstruct",
            "  jsgx inspect enclave.sgxs --sigstruct enclave.sigstruct"
        })
final class InspectCommand extends Subcommand {

    @Parameters(paramLabel = "FILE", description = "An enclave, or a SIGSTRUCT of 1808 bytes.")
    private String file = "";

    @Option(
            names = "--sigstruct",
            paramLabel = "S",
            description = "The SIGSTRUCT of an enclave file that carries none.")
    private @Nullable String sigstructFile;

    @Option(
            names = "--interface",
            paramLabel = "mainline|v5|isgx",
            converter = Interfaces.class,
            defaultValue = "v5",
            description = "The interface through which it would launch; by default v5.")
    private InterfaceKind driver = InterfaceKind.V5;

    @Mixin
    private EnclaveOptions enclaves = new EnclaveOptions();

    InspectCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, ImageException, LaunchException, IOException {
        Path path = EnclaveOptions.existing(file, surroundings);
        return EnclaveOptions.hasSizeOfSigstruct(path)
                ? bare(EnclaveOptions.sigstruct(file, surroundings))
                : enclave(enclaves.image(file, surroundings));
    }

    private int bare(Sigstruct sigstruct) throws BadInput {
        if (sigstructFile != null) {
            throw new BadInput(Text.printable(file) + " is a SIGSTRUCT itself: --sigstruct goes with an enclave file");
        }
        WouldLaunch would = WouldLaunch.of(sigstruct);
        SigstructCheck check = SigstructCheck.check(sigstruct);
        String claimed = HexFormat.of().formatHex(SigstructFields.bytes(sigstruct.enclaveHash()));
        if (json()) {
            Json document = new Json()
                    .put("file", file)
                    .put("format", "sigstruct")
                    .put("mrenclave", claimed)
                    .putAll(SigstructFields.json(sigstruct, check));
            print(verdict(document, would));
        } else {
            Screen screen = screen();
            screen.line(Text.printable(file) + "  SIGSTRUCT " + SigstructFields.summary(screen, sigstruct));
            screen.blank();
            List<Fact> facts = new ArrayList<>();
            facts.add(new Fact("MRENCLAVE", screen.hash(claimed) + "  claimed"));
            facts.addAll(SigstructFields.facts(screen, sigstruct));
            facts.addAll(findings(screen, check));
            screen.facts(facts);
            screen.blank();
            screen.line((would.would() ? screen.good("valid") : screen.bad("not valid")) + "  "
                    + would.explanation().headline());
            reason(screen, would);
        }
        return check.valid() ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private int enclave(EnclaveImage image) throws BadInput, LaunchException, IOException {
        ImageMeasurement measurement = ImageMeasurement.measure(image);
        @Nullable
        Sigstruct sigstruct = sigstructFile == null
                ? image.sigstruct().orElse(null)
                : EnclaveOptions.sigstruct(sigstructFile, surroundings);
        if (sigstruct == null) {
            return unsigned(image, measurement);
        }
        WouldLaunch would;
        try (Launcher launcher = Launcher.on(Platforms.forLooking(surroundings))) {
            would = launcher.wouldLaunch(image, sigstruct, LaunchOptions.through(driver));
        }
        SigstructCheck check = SigstructCheck.check(sigstruct);
        String claimed = HexFormat.of().formatHex(SigstructFields.bytes(sigstruct.enclaveHash()));
        boolean matches = claimed.equals(measurement.mrEnclave());
        if (json()) {
            Json document = MeasureCommand.json(file, image, measurement)
                    .put("measurementMatches", matches)
                    .putAll(SigstructFields.json(sigstruct, check));
            print(verdict(document, would));
        } else {
            Screen screen = screen();
            screen.line(Text.printable(file) + "  " + SigstructFields.summary(screen, sigstruct));
            screen.line("  " + MeasureCommand.summary(image, measurement));
            screen.blank();
            List<Fact> facts = new ArrayList<>();
            facts.add(new Fact(
                    "MRENCLAVE",
                    screen.hash(measurement.mrEnclave())
                            + (matches
                                    ? screen.good("  as signed")
                                    : screen.bad("  not the one that was signed, " + screen.hash(claimed)))));
            facts.addAll(SigstructFields.facts(screen, sigstruct));
            facts.addAll(findings(screen, check));
            screen.facts(facts);
            screen.blank();
            show(screen, would);
        }
        return check.valid() && matches ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private int unsigned(EnclaveImage image, ImageMeasurement measurement) {
        Explanation explanation = new Explanation(
                "no SIGSTRUCT: EINIT cannot be asked",
                "an enclave has a SIGSTRUCT",
                "",
                "a SIGSTRUCT in the file or beside it",
                "none",
                List.of(),
                "sign it with  jsgx sign " + Text.printable(file)
                        + " --key KEY.pem -o OUT.sigstruct  or name one with --sigstruct");
        WouldLaunch would = new WouldLaunch(false, "", explanation);
        if (json()) {
            Json document = MeasureCommand.json(file, image, measurement)
                    .put("measurementMatches", null)
                    .putAll(SigstructFields.none());
            print(verdict(document, would));
        } else {
            Screen screen = screen();
            screen.line(Text.printable(file) + "  not signed");
            screen.line("  " + MeasureCommand.summary(image, measurement));
            screen.blank();
            screen.facts(List.of(new Fact("MRENCLAVE", screen.hash(measurement.mrEnclave()))));
            screen.blank();
            show(screen, would);
        }
        return ExitStatus.DONE;
    }

    private Json verdict(Json document, WouldLaunch would) {
        return document.put("interface", Interfaces.id(driver))
                .put("wouldLaunch", would.would())
                .put("code", would.code())
                .put("explain", Explanations.text(would.explanation()))
                .put("reason", Explanations.json(would.explanation()));
    }

    private static List<Fact> findings(Screen screen, SigstructCheck check) {
        List<Fact> facts = new ArrayList<>();
        StringBuilder valid = new StringBuilder();
        for (Finding finding : check.findings()) {
            if (finding.valid()) {
                valid.append(valid.isEmpty() ? "" : ", ").append(SigstructFields.name(finding.part()));
            } else {
                facts.add(new Fact(
                        SigstructFields.name(finding.part()),
                        screen.bad("not valid") + ": expected " + finding.expected() + ", found " + finding.found()));
            }
        }
        if (!valid.isEmpty()) {
            facts.add(new Fact("valid", valid.toString()));
        }
        return facts;
    }

    private void show(Screen screen, WouldLaunch would) {
        String by = "through " + Interfaces.id(driver);
        screen.line((would.would() ? screen.good("would launch") : screen.bad("would not launch")) + "  " + by + ": "
                + would.explanation().headline());
        reason(screen, would);
    }

    private static void reason(Screen screen, WouldLaunch would) {
        if (!would.would()) {
            screen.blank();
            Explanations.show(screen, would.explanation());
        }
    }
}
