package jsgx.cli;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import jsgx.cli.doctor.DaemonTrial;
import jsgx.cli.doctor.Doctor;
import jsgx.cli.doctor.Fact;
import jsgx.cli.doctor.Host;
import jsgx.cli.doctor.Trial;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;

/** {@code jsgx doctor}. */
@Command(
        name = "doctor",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx doctor [OPTION...]",
        description = "Say what this machine has, and what follows from it.",
        footerHeading = "%nExit status 1 where something is missing that jsgx needs.%n%nExample:%n",
        footer = "  jsgx doctor")
final class DoctorCommand extends Subcommand {

    DoctorCommand(Run run) {
        super(run);
    }

    @Override
    int run() {
        List<Fact> facts = Doctor.examine(
                new Host(surroundings.root(), surroundings.environment(), properties(surroundings.environment())));
        boolean ready = Doctor.ready(facts);
        if (json()) {
            print(new Json()
                    .put("ready", ready)
                    .put("facts", facts.stream().map(DoctorCommand::json).toList()));
        } else {
            report(screen(), facts, ready);
        }
        return ready ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private static Map<String, String> properties(Map<String, String> environment) {
        Map<String, String> properties = new TreeMap<>();
        for (String name : List.of("os.name", "os.arch", "java.version", "java.home")) {
            properties.put(name, System.getProperty(name, ""));
        }
        properties.putAll(Trial.here());
        properties.putAll(DaemonTrial.of(environment));
        return properties;
    }

    private static Json json(Fact fact) {
        return new Json()
                .put("subject", fact.subject())
                .put("mark", fact.mark().id())
                .put("found", fact.found())
                .put("follows", fact.follows())
                .put("remedy", fact.remedy());
    }

    /** One line a fact, and what they come to. */
    static void report(Screen screen, List<Fact> facts, boolean ready) {
        int width =
                facts.stream().mapToInt(fact -> fact.subject().length()).max().orElse(0);
        for (Fact fact : facts) {
            String subject = fact.subject() + " ".repeat(width - fact.subject().length());
            String mark = switch (fact.mark()) {
                case GOOD -> screen.good("✓");
                case NOT_NEEDED -> screen.faint("–");
                case MISSING, BROKEN -> screen.bad("✗");
            };
            screen.line(mark + " " + subject + "  "
                    + Text.printable(fact.found() + ": " + fact.follows()
                            + (fact.remedy().isEmpty() ? "" : "; to get it: " + fact.remedy())));
        }
        screen.blank();
        screen.line(
                ready
                        ? screen.good("ready") + "  all commands of this release work here; try  jsgx demo"
                        : screen.bad("not ready") + "  see the crosses above");
    }
}
