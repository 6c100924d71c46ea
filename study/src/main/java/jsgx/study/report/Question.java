package jsgx.study.report;

import java.util.List;

/** A question of the thread, and how it is answered from the figures of a study. */
interface Question {

    /** What a conclusion about all comes to where nothing was drawn from any workload. */
    String NO_WORKLOAD = "no workload";

    /** The answer; its conclusions say so where no workload can tell. */
    Answer answer(Results results);

    /** The workloads on which the conclusion about all rests. */
    default List<String> basis(Results results, Answer answer) {
        return answer.conclusions().stream()
                .map(Conclusion::workload)
                .filter(workload -> !workload.isEmpty())
                .distinct()
                .toList();
    }

    /** That of a study in which no workload can tell. */
    static Conclusion nobodyCanTell(String what) {
        return new Conclusion("", NO_WORKLOAD, "No workload of this study can tell: " + what + ".");
    }

    /** Whether no workload decides anything, and not for want of a difference: its seeds are too few. */
    static boolean undecided(List<Conclusion> each) {
        return each.stream().anyMatch(one -> one.verdict().equals("undecided"))
                && each.stream()
                        .allMatch(one -> one.verdict().equals("undecided")
                                || one.verdict().equals("no difference"));
    }

    /** The conclusion about all where {@link #undecided}. */
    static Conclusion nothingDecided(List<Conclusion> each) {
        long undecided =
                each.stream().filter(one -> one.verdict().equals("undecided")).count();
        return new Conclusion(
                "",
                "undecided",
                "Undecided in %s of %s workloads, as one seed has no spread%s."
                        .formatted(
                                undecided,
                                each.size(),
                                undecided < each.size() ? ", and no difference in the others" : ""));
    }

    /** The conclusion about all, before those about each. */
    static List<Conclusion> under(Conclusion all, List<Conclusion> each) {
        return java.util.stream.Stream.concat(java.util.stream.Stream.of(all), each.stream())
                .toList();
    }
}
