package jsgx.cli;

import java.io.IOException;
import java.util.List;
import jsgx.cli.Screen.Fact;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyCases;
import jsgx.launch.policy.PolicyException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code jsgx policy test}. */
@Command(
        name = "test",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx policy test FILE CASES [OPTION...]",
        description = "Judge the launches that CASES declares and compare the verdicts with those that it expects.",
        footerHeading = "%nExit status 1 where one differs.%n%nExample:%n",
        footer = "  jsgx policy test policy.yaml cases.yaml")
final class PolicyTestCommand extends Subcommand {

    @Parameters(index = "0", paramLabel = "FILE", description = "The policy.")
    private String file = "";

    @Parameters(index = "1", paramLabel = "CASES", description = "Launches with the verdicts that are expected.")
    private String cases = "";

    PolicyTestCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        List<PolicyCases.Result> results;
        PolicyCases declared;
        try {
            Policy policy = Policies.policy(file, surroundings);
            declared = PolicyCases.read(EnclaveOptions.existing(cases, surroundings), surroundings.clock());
            results = declared.run(policy);
        } catch (PolicyException e) {
            if (json()) {
                print(new Json().put("file", file).put("valid", false).put("errors", Policies.json(e.errors())));
                return ExitStatus.REFUSED;
            }
            return Policies.refused(screen(), e.errors());
        }
        List<PolicyCases.Result> failed =
                results.stream().filter(result -> !result.passed()).toList();
        if (json()) {
            print(new Json()
                    .put("file", file)
                    .put("valid", true)
                    .put("passed", results.size() - failed.size())
                    .put("failed", failed.size())
                    .put("cases", results.stream().map(PolicyTestCommand::json).toList()));
        } else {
            show(declared, results, failed);
        }
        return failed.isEmpty() ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private void show(PolicyCases declared, List<PolicyCases.Result> results, List<PolicyCases.Result> failed) {
        Screen screen = screen();
        for (PolicyCases.Result result : failed) {
            PolicyCases.Case wrong = result.declared();
            screen.line(screen.bad("failed") + "  " + Text.printable(wrong.name()) + " (" + declared.file() + ":"
                    + wrong.line() + ")");
            screen.facts(List.of(
                    new Fact(
                            "expected",
                            Policies.word(wrong.effect())
                                    + (wrong.rule().isEmpty() ? "" : ": rule \"" + wrong.rule() + "\"")),
                    new Fact(
                            "found",
                            Policies.word(result.verdict().effect()) + ": rule \""
                                    + result.verdict().rule() + "\" ("
                                    + result.verdict().where() + ")")));
            screen.blank();
        }
        String count = Text.count(results.size(), "case");
        screen.line(
                failed.isEmpty()
                        ? screen.good("passed") + "  " + count
                        : screen.bad("failed") + "  " + failed.size() + " of " + count);
    }

    private static Json json(PolicyCases.Result result) {
        return new Json()
                .put("name", result.declared().name())
                .put("passed", result.passed())
                .put(
                        "expected",
                        new Json()
                                .put("verdict", Policies.word(result.declared().effect()))
                                .put("rule", result.declared().rule()))
                .put("found", Policies.json(result.verdict()));
    }
}
