package jsgx.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import jsgx.cli.Screen.Fact;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code jsgx policy check}. */
@Command(
        name = "check",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx policy check [FILE] [OPTION...]",
        description = "Read a policy and say what it has, or all that is wrong with it with line and column.",
        footerHeading = "%nExit status 1 where it is not valid.%n%nExample:%n",
        footer = "  jsgx policy check policy.yaml")
final class PolicyCheckCommand extends Subcommand {

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "The policy; without one, that in force.")
    private @Nullable String file;

    PolicyCheckCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        String shown = file == null ? Policies.inForce(surroundings).file().toString() : file;
        try {
            Policy policy = Policies.policy(file, surroundings);
            if (json()) {
                print(new Json().put("file", shown).put("valid", true).putAll(Policies.json(policy)));
            } else {
                show(shown, policy);
            }
            return ExitStatus.DONE;
        } catch (PolicyException e) {
            if (json()) {
                print(new Json().put("file", shown).put("valid", false).put("errors", Policies.json(e.errors())));
                return ExitStatus.REFUSED;
            }
            return Policies.refused(screen(), e.errors());
        }
    }

    private void show(String shown, Policy policy) {
        Screen screen = screen();
        screen.line(screen.good("valid") + "  " + Text.printable(shown) + "  " + Policies.summary(policy));
        Policy.Counts counts = policy.counts();
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact(
                "found by hash",
                Text.count(counts.enclaves(), "MRENCLAVE") + ", " + Text.count(counts.signers(), "MRSIGNER")));
        facts.add(new Fact(
                "looked at in turn",
                Text.count(counts.residual(), "rule") + ", " + Text.count(counts.expressions(), "expression")
                        + " in all rules"));
        facts.add(new Fact(
                "quotas",
                policy.quotas().named().isEmpty()
                        ? "none of a workload's own"
                        : "of "
                                + String.join(
                                        ", ",
                                        policy.quotas().named().keySet().stream()
                                                .sorted()
                                                .toList())));
        facts.add(new Fact("sequence", policy.sequence() == 0 ? "none" : Long.toString(policy.sequence())));
        screen.blank();
        screen.facts(facts);
    }
}
