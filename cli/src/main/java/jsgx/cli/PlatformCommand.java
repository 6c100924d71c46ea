package jsgx.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jsgx platform}: its commands. */
@Command(
        name = "platform",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx platform COMMAND [OPTION...]",
        description = {
            "The machine that jsgx is: its fuses, microcode, owner, launch control, EPC and launch enclave.",
            "It is made at first use and kept, so that tokens and sealed files outlive a process as they outlive a reboot."
        },
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExample:%n",
        footer = "  jsgx platform show")
final class PlatformCommand extends Subcommand {

    @Spec
    private CommandSpec spec;

    PlatformCommand(Run run) {
        super(run);
    }

    @Override
    int run() {
        throw new ParameterException(spec.commandLine(), "which command? One of show, new, set");
    }
}
