package jsgx.study.report;

import java.util.List;
import jsgx.study.complexity.Complexity;

/** What a study says to the questions of the thread, in its order. */
public final class Answers {

    private static final String NOTE =
            " It is one recording, the same for every seed: one sample, whose differences have no interval.";

    private Answers() {}

    /**
     * Its answers.
     *
     * @param complexity what the build counted
     */
    public static List<Answer> of(Results results, List<Complexity> complexity) {
        List<Question> questions = List.of(
                new ComplexityQuestion(complexity),
                PerformanceQuestion.oneApplication(),
                PerformanceQuestion.manyApplications(),
                new LimitQuestion(),
                HarmQuestion.accounting(),
                new SchemeQuestion(),
                new SizeQuestion(),
                new KnowledgeQuestion(),
                new MemoryQuestion(),
                new RebootQuestion(),
                new GovernanceQuestion(),
                new UnexpectedQuestion(),
                HarmQuestion.attackers());
        List<String> recorded = results.workloads(Row::recorded);
        return questions.stream()
                .map(question -> noted(question.answer(results), recorded))
                .toList();
    }

    /** With a word on what was recorded: it is one sample, and no seed makes more of it. */
    private static Answer noted(Answer answer, List<String> recorded) {
        List<Conclusion> conclusions = answer.conclusions().stream()
                .map(one -> recorded.contains(one.workload())
                        ? new Conclusion(one.workload(), one.verdict(), one.sentence() + NOTE)
                        : one)
                .toList();
        return new Answer(
                answer.id(), answer.question(), answer.claims(), conclusions, answer.tables(), answer.plots());
    }
}
