package jsgx.cli;

import java.io.IOException;
import java.nio.file.Path;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.PolicyInstaller;
import jsgx.launch.policy.PolicyException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx policy reload}. */
@Command(
        name = "reload",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx policy reload [FILE] [--accept-rollback] [OPTION...]",
        description = {
            "Put a policy in force, in this process and all running ones. It is checked first: one that is not valid, not signed as the",
            "pinned key demands, or earlier than one that was in force changes nothing."
        },
        footerHeading = "%nExit status 1 where it is refused.%n%nExample:%n",
        footer = "  jsgx policy reload policy.yaml")
final class PolicyReloadCommand extends Subcommand {

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            description =
                    "The policy, copied into the state folder with the files it includes; without it, the one there.")
    private @Nullable String file;

    @Option(
            names = "--accept-rollback",
            description = "Take a policy with a lower sequence number than one that was in force. This is audited.")
    private boolean acceptRollback;

    PolicyReloadCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        Path candidate = EnclaveOptions.existing(
                file == null ? Policies.inForce(surroundings).file().toString() : file, surroundings);
        PolicyInstaller.Change change;
        try (Governance governance =
                Governance.in(Platforms.folder(surroundings), surroundings.clock(), Durability.GROUP)) {
            change = governance.installer().install(candidate, acceptRollback);
        } catch (PolicyException e) {
            if (json()) {
                print(new Json()
                        .put("file", candidate.toString())
                        .put("inForce", false)
                        .put("errors", Policies.json(e.errors())));
                return ExitStatus.REFUSED;
            }
            return Policies.refused(screen(), e.errors());
        }
        if (json()) {
            print(new Json()
                    .put("file", candidate.toString())
                    .put("inForce", true)
                    .put("revision", change.revision())
                    .put("rolledBackFrom", change.rolledBackFrom())
                    .putAll(Policies.json(change.policy())));
        } else {
            Screen screen = screen();
            screen.line(screen.good("in force") + "  " + Text.printable(candidate.toString()) + "  "
                    + Policies.summary(change.policy()) + ", revision " + change.revision());
            if (change.rolledBackFrom() != 0) {
                screen.line("rolled back  from sequence " + change.rolledBackFrom() + " to "
                        + change.policy().sequence());
            }
        }
        return ExitStatus.DONE;
    }
}
