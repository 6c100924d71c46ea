package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How one design stands to another at each limit, and the words for it. Which words, the comparisons decide.
 *
 * @param first what is compared, as a sentence's subject, in the plural: {@code kernels' caches}
 */
record LimitVerdicts(String first, String second, List<At> all, List<Long> limits) {

    /** The comparison at a limit. */
    record At(long limit, Comparison comparison) {}

    /** The limits at which it came to this. */
    List<Long> limits(Verdict verdict) {
        return all.stream()
                .filter(at -> at.comparison().verdict() == verdict)
                .map(At::limit)
                .toList();
    }

    boolean any(Verdict verdict) {
        return !limits(verdict).isEmpty();
    }

    /** In a few words: whose figure is less at most limits and nowhere more, or at how few of them. */
    String verdict(String firstWord, String secondWord) {
        if (any(Verdict.LESS) && any(Verdict.MORE)) {
            return "depends on the limit";
        }
        if (any(Verdict.LESS)) {
            return firstWord + few(Verdict.LESS);
        }
        if (any(Verdict.MORE)) {
            return secondWord + few(Verdict.MORE);
        }
        return any(Verdict.SAME) && !any(Verdict.UNKNOWN) ? "no difference" : "undecided";
    }

    /** Where half of the limits or fewer say so: at how many. */
    private String few(Verdict verdict) {
        return most(verdict)
                ? ""
                : " at %s of %s limits".formatted(limits(verdict).size(), all.size());
    }

    /** Whether more than half of the limits say so. */
    boolean most(Verdict verdict) {
        return 2 * limits(verdict).size() > all.size();
    }

    /** Whether no limit decides, and not for want of a difference. */
    boolean undecided() {
        return any(Verdict.UNKNOWN) && !any(Verdict.LESS) && !any(Verdict.MORE);
    }

    /** In a sentence without its end; times of a launch are what is compared. */
    String faster() {
        List<String> parts = new ArrayList<>();
        side(parts, Verdict.LESS, first);
        side(parts, Verdict.MORE, second);
        if (any(Verdict.SAME)) {
            parts.add("no difference beyond the spread at " + Say.limits(limits(Verdict.SAME), limits));
        }
        if (any(Verdict.UNKNOWN)) {
            parts.add("undecided at " + Say.limits(limits(Verdict.UNKNOWN), limits) + ", as one seed has no spread");
        }
        return parts.isEmpty() ? "nothing to compare" : String.join("; ", parts);
    }

    private void side(List<String> parts, Verdict verdict, String faster) {
        if (!any(verdict)) {
            return;
        }
        At most = all.stream()
                .filter(at -> at.comparison().verdict() == verdict)
                .max(java.util.Comparator.comparingDouble(at -> Math.abs(
                        Math.log(at.comparison().first() / at.comparison().second()))))
                .orElseThrow();
        double less = Math.min(most.comparison().first(), most.comparison().second());
        double more = Math.max(most.comparison().first(), most.comparison().second());
        parts.add("%s are faster at %s (%s against %s%s, %s)"
                .formatted(
                        faster,
                        Say.limits(limits(verdict), limits),
                        Say.micros(less),
                        Say.micros(more),
                        limits(verdict).size() > 1 ? " at " + Say.bytes(most.limit()) : "",
                        Say.less(less, more)));
    }

    /** What several workloads come to, by verdict: {@code user space in 2 (a and b)}. */
    static String tally(List<Conclusion> conclusions) {
        return conclusions.stream()
                .collect(Collectors.groupingBy(
                        Conclusion::verdict,
                        java.util.LinkedHashMap::new,
                        Collectors.mapping(Conclusion::workload, Collectors.toList())))
                .entrySet()
                .stream()
                .map(entry -> "%s in %s (%s)"
                        .formatted(entry.getKey(), entry.getValue().size(), Say.list(entry.getValue())))
                .collect(Collectors.joining("; "));
    }
}
