package jsgx.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.json.Json;
import jsgx.machine.Machine;
import jsgx.machine.MachineException;
import jsgx.machine.MachineOptions;
import jsgx.machine.SharedEpc;
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
        customSynopsis = "jsgx study calibrate [--out FILE] [--native-le] [OPTION...]",
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

    @Option(
            order = 3,
            names = "--native-le",
            description = "Execute the launch enclave's own code, under supervision, rather than its twin in Java.")
    private boolean natively;

    StudyCalibrateCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        @Nullable OutputFile file = out == null ? null : new OutputFile(out, surroundings);
        CostsFile measured = measure(quick ? Calibration.quick() : Calibration.full());
        if (file != null) {
            file.write(measured.json().getBytes(StandardCharsets.UTF_8));
        }
        if (json()) {
            print(new Json().putAll(measured.toMap()));
        } else {
            show(measured);
        }
        return ExitStatus.DONE;
    }

    private CostsFile measure(Calibration calibration) throws LaunchException, IOException {
        if (!natively) {
            return StudyCommand.measure(calibration, surroundings);
        }
        // The launch enclave's own code runs in a program of its own, which must see the EPC.
        try (SharedEpc shared = SharedEpc.allocate(List.of(Platform.DEFAULT_EPC))) {
            return StudyCommand.measure(
                    calibration.withLaunchEnclave(
                            "native",
                            (platform, rules) -> RunningPlatform.of(
                                    platform,
                                    rules,
                                    platform.powerOn(new SecureRandom(), shared.epc()),
                                    new NativeLaunchEnclave(shared),
                                    defaults -> Machine.driver(defaults, MachineOptions.defaults()))),
                    surroundings);
        } catch (MachineException e) {
            throw new LaunchException(String.valueOf(e.getMessage()), e);
        }
    }

    private void show(CostsFile measured) {
        Costs costs = measured.costs();
        Screen screen = screen();
        screen.line("On " + Text.printable(costs.machine()) + ":");
        screen.blank();
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("step", "1 in 10 below", "half below", "1 in 10 above", "spread"));
        for (Step step : Step.values()) {
            long[] times = costs.times(step);
            rows.add(List.of(
                    step.toString(),
                    Text.time(times[times.length / 10] / 1e3),
                    Text.time(costs.median(step) / 1e3),
                    Text.time(times[times.length - 1 - times.length / 10] / 1e3),
                    "%.2f".formatted(measured.spread().getOrDefault(step, 1.0))));
        }
        screen.rows(rows);
        screen.blank();
        screen.line(
                "Spread is the median of the slowest of four parts against the fastest: near 1 on a machine with nothing else to do.");
        if (out != null) {
            screen.blank();
            screen.line("Written to " + Text.printable(out) + "; a study takes it with  jsgx study --costs "
                    + Text.printable(out));
        }
    }
}
