package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;

/** The word of caution on what was recorded: it is one sample, of which no seed makes more, since seeds only draw anew what steps take. */
final class Recordings {

    private static final String CHANCE = ": no interval says how much of this is chance.";

    private Recordings() {}

    /** An answer with that word wherever a conclusion rests on a recording. */
    static Answer noted(Question question, Answer answer, Results results) {
        List<String> recorded = results.workloads(Row::recorded);
        List<Conclusion> conclusions = new ArrayList<>();
        for (Conclusion one : answer.conclusions()) {
            String note = "";
            if (recorded.contains(one.workload())) {
                note = of(results.plan().seeds().size());
            } else if (conclusions.isEmpty() && !one.verdict().equals(Question.NO_WORKLOAD)) {
                note = ofAll(question.basis(results, answer), recorded);
            }
            conclusions.add(new Conclusion(one.workload(), one.verdict(), one.sentence() + note));
        }
        return new Answer(
                answer.id(), answer.question(), answer.claims(), conclusions, answer.tables(), answer.plots());
    }

    private static String of(int seeds) {
        return seeds == 1
                ? " This is a recording, which is one sample, run with one seed, which draws once what steps take: more seeds draw that anew."
                : " This is a recording, the same launches for every seed, and so one sample" + CHANCE;
    }

    private static String ofAll(List<String> basis, List<String> recorded) {
        List<String> these = basis.stream().filter(recorded::contains).toList();
        if (these.isEmpty()) {
            return "";
        }
        String what =
                these.size() == 1 ? "a recording, which is one sample" : "recordings, each of which is one sample";
        return (these.size() == basis.size()
                        ? " It rests on " + (these.size() == 1 ? "" : these.size() + " ") + what
                        : " Of these workloads %s %s %s"
                                .formatted(Say.list(these), these.size() == 1 ? "is" : "are", what))
                + CHANCE;
    }
}
