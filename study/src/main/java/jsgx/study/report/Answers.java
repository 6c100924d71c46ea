package jsgx.study.report;

import java.util.List;
import jsgx.study.complexity.Complexity;

/** What a study says to the questions of the thread, in its order. */
public final class Answers {

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
        return questions.stream()
                .map(question -> Recordings.noted(question, question.answer(results), results))
                .toList();
    }
}
