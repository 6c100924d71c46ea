package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** How tokens should be accounted, and what an attacker can do. */
final class HarmQuestion implements Question {

    private final boolean attack;

    private HarmQuestion(boolean attack) {
        this.attack = attack;
    }

    static HarmQuestion accounting() {
        return new HarmQuestion(false);
    }

    static HarmQuestion attackers() {
        return new HarmQuestion(true);
    }

    @Override
    public Answer answer(Results results) {
        Predicate<Row> which = row -> attack
                ? Owners.attacked(row.results().getFirst())
                : row.facts().workloads() > 1 && !Owners.attacked(row.results().getFirst());
        List<String> workloads = results.limits().isEmpty() ? List.of() : results.workloads(which);
        List<Conclusion> each = new ArrayList<>();
        for (String workload : workloads) {
            Conclusion one = Harm.conclusion(results, workload);
            if (one != null) {
                each.add(one);
            }
        }
        return new Answer(
                attack ? "attackers" : "accounting",
                attack ? "Can one workload harm the others?" : "Whom are tokens charged to?",
                attack
                        ? List.of(
                                "Sakkinen: “systems running multiple irrelated applications”; what one application can do to another's tokens is the hardest case of it.")
                        : List.of("Christopherson: a limit “brings up questions about how to account tokens”."),
                each.isEmpty()
                        ? List.of(Question.nobodyCanTell(
                                attack
                                        ? "no workload has an attacker, or no two rules were run"
                                        : "none has several applications, or no two rules were run"))
                        : Question.under(all(each), each),
                workloads.isEmpty() ? List.of() : List.of(Harm.table(results, workloads)),
                workloads.isEmpty()
                        ? List.of()
                        : List.of(Harm.plot(
                                results, workloads, attack ? "Slowdown of an attacker's victims" : "Worst slowdown")));
    }

    private Conclusion all(List<Conclusion> each) {
        List<String> differ = each.stream()
                .filter(one ->
                        !one.verdict().equals("no difference") && !one.verdict().equals("undecided"))
                .map(Conclusion::workload)
                .toList();
        List<String> always = Harm.RULES.stream()
                .map(Harm.Rule::name)
                .filter(rule -> each.stream()
                        .filter(one -> differ.contains(one.workload()))
                        .allMatch(one -> List.of(one.verdict().split("; ")).contains(rule)))
                .toList();
        if (Question.undecided(each)) {
            return Question.nothingDecided(each);
        }
        if (differ.isEmpty()) {
            return new Conclusion(
                    "",
                    "no difference",
                    "In none of %s workloads does the rule make a difference to the worst-off beyond the spread."
                            .formatted(each.size()));
        }
        return new Conclusion(
                "",
                always.isEmpty() ? "depends on the workload" : String.join("; ", always),
                "The rule makes a difference to the worst-off beyond the spread in %s of %s workloads (%s); %s."
                        .formatted(
                                differ.size(),
                                each.size(),
                                Say.list(differ),
                                always.isEmpty()
                                        ? "no rule is the mildest in all of them"
                                        : Say.list(always, rule -> "“" + rule + "”")
                                                + (always.size() == 1 ? " is" : " are")
                                                + " among the mildest in each"));
    }
}
