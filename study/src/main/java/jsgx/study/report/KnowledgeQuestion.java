package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import jsgx.launch.governor.Placement;
import jsgx.study.design.Knowledge;
import jsgx.study.report.LimitVerdicts.At;
import org.jspecify.annotations.Nullable;

/** Whether it helps that user space knows how long it needs a token. */
final class KnowledgeQuestion implements Question {

    @Override
    public Answer answer(Results results) {
        List<Conclusion> each = new ArrayList<>();
        List<LimitVerdicts> verdicts = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        for (String workload : results.workloads(row -> row.facts().lastLaunches() > 0)) {
            List<At> itself = new ArrayList<>();
            List<At> kernels = new ArrayList<>();
            for (long limit : results.limits()) {
                @Nullable Row informed = results.standing(workload, Placement.USER, limit, Knowledge.LAST_LAUNCH);
                @Nullable Row user = results.standing(workload, Placement.USER, limit);
                @Nullable Row kernel = results.standing(workload, Placement.KERNEL, limit);
                if (informed == null || user == null) {
                    continue;
                }
                itself.add(new At(limit, Comparison.of(Metric.MEAN, informed, user)));
                if (kernel != null) {
                    kernels.add(new At(limit, Comparison.of(Metric.MEAN, informed, kernel)));
                }
                rows.add(List.of(
                        workload + ", " + Say.bytes(limit),
                        Say.micros(informed.mean(Metric.MEAN)),
                        Say.micros(user.mean(Metric.MEAN)),
                        kernel == null ? "" : Say.micros(kernel.mean(Metric.MEAN)),
                        Say.percent(informed.mean(Metric.HIT_RATIO)),
                        Say.percent(user.mean(Metric.HIT_RATIO)),
                        kernel == null ? "" : Say.percent(kernel.mean(Metric.HIT_RATIO))));
            }
            if (!itself.isEmpty()) {
                LimitVerdicts helps =
                        new LimitVerdicts("stores that know", "stores that do not know", itself, results.limits());
                LimitVerdicts wins =
                        new LimitVerdicts("stores that know", "kernels' caches", kernels, results.limits());
                verdicts.add(helps);
                each.add(new Conclusion(
                        workload,
                        helps.verdict("helps", "harms"),
                        "%s: %s. Against the kernel: %s.".formatted(workload, helps.faster(), wins.faster())));
            }
        }
        return new Answer(
                "life-expectancy",
                "Does it help that user space knows the life expectancy of its tokens?",
                List.of(
                        "Christopherson: “the user/application knows the usage model and life expectancy of its tokens, i.e. userspace can make informed decisions about when to discard a token.”"),
                each.isEmpty()
                        ? List.of(
                                Question.nobodyCanTell(
                                        "in none does user space know a launch to be an enclave's last, or such designs were not run"))
                        : Question.under(all(each, Sides.of(verdicts)), each),
                List.of(new Table(
                        "Mean time of a launch and hit ratio where user space knows which launch of an enclave is the last, where it does not, and with the kernel's cache.",
                        List.of(
                                "workload, limit",
                                "knows",
                                "knows not",
                                "kernel",
                                "hits: knows",
                                "knows not",
                                "kernel"),
                        rows)),
                List.of());
    }

    private static Conclusion all(List<Conclusion> each, Sides sides) {
        if (sides.nothing() && sides.undecided() > 0) {
            return Question.nothingDecided(each);
        }
        String right;
        if (sides.first() && !sides.second()) {
            right = sides.firstMostly()
                    ? "Christopherson was right that informed decisions help, and nowhere do they harm"
                    : "Christopherson was right that informed decisions help, but at few limits only";
        } else if (sides.second() && !sides.first()) {
            right = sides.secondMostly()
                    ? "Christopherson was not right here: informed decisions harm somewhere, and nowhere do they help"
                    : "Christopherson was not right here: informed decisions harm, though at few limits only, and nowhere do they help";
        } else if (sides.first()) {
            right = "Informed decisions help somewhere and harm elsewhere";
        } else {
            right = "Informed decisions make no difference beyond the spread";
        }
        return new Conclusion(
                "", sides.verdict("helps", "harms"), right + ". By workload: " + LimitVerdicts.tally(each) + ".");
    }
}
