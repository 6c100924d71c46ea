package jsgx.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import jsgx.launch.LaunchOptions;
import jsgx.launch.store.Terms;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of a launch that takes its token from user space's store. */
final class StoreOptions {

    private static final int LONGEST_LABEL = 255;

    @Option(
            order = 41,
            names = "--label",
            paramLabel = "NAME",
            description = "The application's name for its token in the store; the enclave's file name.")
    private @Nullable String label;

    @Option(
            order = 42,
            names = "--trust-store",
            description = "Give EINIT the store's token whatever enclave it was issued for: EINIT will say so.")
    private boolean trustStore;

    /** What a launch is told of it. */
    LaunchOptions apply(LaunchOptions options, ControlOptions control, String file) throws BadInput {
        String application = label;
        if ((application != null || trustStore) && !control.placement().inUserSpace()) {
            throw new BadInput((trustStore ? "--trust-store" : "--label")
                    + " goes with --placement user or both: in placement "
                    + control.placement().id() + " the application keeps no token");
        }
        if (application != null
                && (application.isBlank() || application.getBytes(StandardCharsets.UTF_8).length > LONGEST_LABEL)) {
            throw new BadInput("--label \"" + Text.printable(application) + "\": expected 1 to " + LONGEST_LABEL
                    + " bytes of text");
        }
        if (application == null) {
            Path name = Path.of(file).getFileName();
            application = name == null ? file : name.toString();
        }
        return options.forWorkload(control.workload())
                .withLabel(application)
                .withTerms(Terms.DEFAULT.withTrustStore(trustStore));
    }
}
