package jsgx.cli;

import java.io.IOException;
import java.util.List;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageDiff;
import jsgx.image.ImageException;
import jsgx.image.ImageMeasurement;
import jsgx.launch.json.Json;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx measure}. */
@Command(
        name = "measure",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx measure FILE [--diff OTHER] [OPTION...]",
        description = "Compute MRENCLAVE as the processor would, or say why two enclaves measure differently.",
        footerHeading = "%nExit status 1 where --diff finds a difference.%n%nExamples:%n",
        footer = {"  jsgx measure enclave.sgxs", "  jsgx measure enclave.sgxs --diff other.sgxs"})
final class MeasureCommand extends Subcommand {

    @Parameters(
            paramLabel = "FILE",
            description = "An enclave: SGXS, Intel SDK shared object, kernel selftest, raw blob.")
    private String file = "";

    @Option(names = "--diff", paramLabel = "OTHER", description = "Name every page that differs in OTHER, and why.")
    private @Nullable String other;

    @Mixin
    private EnclaveOptions enclaves = new EnclaveOptions();

    MeasureCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, ImageException, IOException {
        EnclaveImage image = enclaves.image(file, surroundings);
        ImageMeasurement measurement = ImageMeasurement.measure(image);
        if (other == null) {
            if (json()) {
                print(json(file, image, measurement));
            } else {
                report(screen(), file, image, measurement);
            }
            return ExitStatus.DONE;
        }
        EnclaveImage otherImage = enclaves.image(other, surroundings);
        ImageMeasurement otherMeasurement = ImageMeasurement.measure(otherImage);
        ImageDiff diff = ImageDiff.diff(image, otherImage);
        boolean same = measurement.mrEnclave().equals(otherMeasurement.mrEnclave())
                && diff.differences().isEmpty();
        if (json()) {
            print(json(file, image, measurement)
                    .put("other", json(other, otherImage, otherMeasurement))
                    .put("same", same)
                    .put("firstDivergence", diff.firstDivergence().orElse(null))
                    .put(
                            "differences",
                            diff.differences().stream()
                                    .map(MeasureCommand::json)
                                    .toList()));
        } else {
            Screen screen = screen();
            report(screen, file, image, measurement);
            report(screen, other, otherImage, otherMeasurement);
            screen.blank();
            report(screen, diff, same, measurement.mrEnclave().equals(otherMeasurement.mrEnclave()));
        }
        return same ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private static void report(Screen screen, ImageDiff diff, boolean same, boolean sameHash) {
        if (same) {
            screen.line(screen.good("same") + "  every page agrees");
            return;
        }
        List<ImageDiff.Difference> differences = diff.differences();
        screen.line(
                sameHash
                        ? screen.good("same MRENCLAVE") + "  what differs is not measured"
                        : screen.bad("different") + "  " + Text.count(differences.size(), "difference"));
        screen.blank();
        for (ImageDiff.Difference difference : differences) {
            screen.line("  " + difference.text());
        }
        diff.firstDivergence().ifPresent(first -> screen.line("\nthe measurements part at: " + first));
    }

    private static void report(Screen screen, String name, EnclaveImage image, ImageMeasurement measurement) {
        screen.line(Text.printable(name) + "  " + summary(image, measurement));
        screen.line("  MRENCLAVE " + screen.bold(screen.hash(measurement.mrEnclave())));
    }

    /** What an image is, in one line. */
    static String summary(EnclaveImage image, ImageMeasurement measurement) {
        return image.format().title() + ", " + Text.count(measurement.pages(), "page")
                + (measurement.measuredPages() == measurement.pages()
                        ? ""
                        : " (" + measurement.measuredPages() + " measured)")
                + " in " + Text.size(measurement.size()) + ", SSA frame of "
                + Text.count(measurement.ssaFrameSize(), "page");
    }

    /** The fields of a measurement. */
    static Json json(String name, EnclaveImage image, ImageMeasurement measurement) {
        return new Json()
                .put("file", name)
                .put("format", image.format().id())
                .put("mrenclave", measurement.mrEnclave())
                .put("pages", measurement.pages())
                .put("measuredPages", measurement.measuredPages())
                .put("size", measurement.size())
                .put("ssaFrameSize", measurement.ssaFrameSize());
    }

    private static Json json(ImageDiff.Difference difference) {
        return new Json()
                .put("kind", difference.kind())
                .put("page", difference.page() < 0 ? null : Text.mask(difference.page()))
                .put("text", difference.text());
    }
}
