package jsgx.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jsgx.launch.LaunchException;
import jsgx.study.calibration.Calibration;
import jsgx.study.calibration.CostsFile;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code jsgx study calibrate}. */
@Command(
        name = "calibrate",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx study calibrate [--out FILE] [OPTION...]",
        description = {
            "Measure on this machine what each step of a launch costs: the launch enclave, caches, stores, the socket. A study with",
            "--costs FILE is the same wherever it runs, and shards of one study need it."
        },
        footerHeading = "%nExample:%n",
        footer = "  jsgx study calibrate --out costs.json")
final class StudyCalibrateCommand extends Subcommand {

    @Option(order = 1, names = "--quick", description = "Measure less of what is slow.")
    private boolean quick;

    @Option(
            order = 2,
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "The file to write.")
    private @Nullable String out;

    StudyCalibrateCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        @Nullable OutputFile file = out == null ? null : new OutputFile(out, surroundings);
        CostsFile measured = (quick ? Calibration.quick() : Calibration.full()).measure();
        if (file != null) {
            file.write(measured.json().getBytes(StandardCharsets.UTF_8));
        }
        if (json()) {
            print(new Json().putAll(measured.toMap()));
        } else {
            show(measured.costs());
        }
        return ExitStatus.DONE;
    }

    private void show(Costs costs) {
        Screen screen = screen();
        screen.line("On " + Text.printable(costs.machine()) + ":");
        screen.blank();
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("step", "1 in 10 below", "half below", "1 in 10 above"));
        for (Step step : Step.values()) {
            long[] times = costs.times(step);
            rows.add(List.of(
                    step.toString(),
                    Text.time(times[times.length / 10] / 1e3),
                    Text.time(costs.median(step) / 1e3),
                    Text.time(times[times.length - 1 - times.length / 10] / 1e3)));
        }
        screen.rows(rows);
        if (out != null) {
            screen.blank();
            screen.line("Written to " + Text.printable(out) + "; a study takes it with  jsgx study --costs "
                    + Text.printable(out));
        }
    }
}
