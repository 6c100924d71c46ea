package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import jsgx.launch.governor.Placement;
import org.jspecify.annotations.Nullable;

/** Whether it matters who sets the size. */
final class SizeQuestion implements Question {

    @Override
    public Answer answer(Results results) {
        List<Conclusion> each = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        List<Long> limits = results.limits();
        if (limits.size() > 1) {
            for (String workload : results.workloads()) {
                add(results, workload, limits.getFirst(), limits.getLast(), each, rows);
            }
        }
        return new Answer(
                "size",
                "Should user space control the size?",
                List.of(
                        "Christopherson: “whether or not the size of the cache should be controllable from userspace”."),
                each.isEmpty()
                        ? List.of(Question.nobodyCanTell("it takes two limits"))
                        : Question.under(all(each), each),
                List.of(new Table(
                        "Mean time of a launch with the least and with the largest limit.",
                        List.of(
                                "workload, placement",
                                "least",
                                "largest",
                                "times as long",
                                "hit ratio, least",
                                "largest"),
                        rows)),
                List.of());
    }

    private static void add(
            Results results,
            String workload,
            long least,
            long largest,
            List<Conclusion> each,
            List<List<String>> rows) {
        List<String> words = new ArrayList<>();
        boolean matters = false;
        boolean known = true;
        for (Placement placement : List.of(Placement.KERNEL, Placement.USER, Placement.BOTH)) {
            @Nullable Row small = results.standing(workload, placement, least);
            @Nullable Row large = results.standing(workload, placement, largest);
            if (small == null || large == null) {
                continue;
            }
            Comparison means = Comparison.of(Metric.MEAN, small, large);
            matters |= means.verdict() == Verdict.MORE;
            known &= means.verdict() != Verdict.UNKNOWN;
            words.add(placement.id() + " "
                    + switch (means.verdict()) {
                        case MORE -> Say.times(means.first() / means.second()) + " times as long";
                        case LESS -> "even shorter";
                        case SAME -> "no difference beyond the spread";
                        case UNKNOWN -> "undecided, as one seed has no spread";
                    });
            rows.add(List.of(
                    workload + ", " + placement.id(),
                    Say.micros(means.first()),
                    Say.micros(means.second()),
                    Say.times(means.first() / means.second()),
                    Say.percent(small.mean(Metric.HIT_RATIO)),
                    Say.percent(large.mean(Metric.HIT_RATIO))));
        }
        if (!words.isEmpty()) {
            each.add(new Conclusion(
                    workload,
                    matters ? "matters" : known ? "does not matter" : "undecided",
                    "%s: with %s instead of %s launches take, by placement: %s."
                            .formatted(workload, Say.bytes(least), Say.bytes(largest), String.join("; ", words))));
        }
    }

    private static Conclusion all(List<Conclusion> each) {
        List<String> matters = each.stream()
                .filter(one -> one.verdict().equals("matters"))
                .map(Conclusion::workload)
                .toList();
        return new Conclusion(
                "",
                matters.isEmpty() ? "does not matter" : "matters",
                matters.isEmpty()
                        ? "Between the least and the largest limit no workload's launches differ beyond the spread: nobody need set the size."
                        : "The size makes a difference beyond the spread in %d of %d workloads (%s)%s"
                                .formatted(
                                        matters.size(),
                                        each.size(),
                                        Say.list(matters),
                                        matters.size() < each.size()
                                                ? ": one size for all is wrong somewhere, so that whoever knows the workload should have a say."
                                                : "."));
    }
}
