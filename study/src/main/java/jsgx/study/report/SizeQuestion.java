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
            matters |= means.verdict() == Verdict.MORE || means.verdict() == Verdict.LESS;
            known &= means.verdict() != Verdict.UNKNOWN;
            words.add(placement.id() + " "
                    + switch (means.verdict()) {
                        case MORE -> Say.times(means.first() / means.second()) + " times as long";
                        case LESS -> "less long (%s times)".formatted(Say.times(means.first() / means.second()));
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
        List<String> matters = named(each, "matters");
        List<String> undecided = named(each, "undecided");
        String unsure = undecided.isEmpty()
                ? ""
                : " Undecided, as one seed has no spread, in %s of %s.".formatted(undecided.size(), each.size());
        if (!matters.isEmpty()) {
            return new Conclusion(
                    "",
                    "matters",
                    "The size makes a difference beyond the spread in %s of %s workloads (%s)%s"
                                    .formatted(
                                            matters.size(),
                                            each.size(),
                                            Say.list(matters),
                                            matters.size() + undecided.size() < each.size()
                                                    ? ", and in the others the larger one buys nothing: who sets it has to know the workload."
                                                    : ".")
                            + unsure);
        }
        if (!undecided.isEmpty()) {
            return new Conclusion("", "undecided", "Nobody can tell yet whether the size matters." + unsure);
        }
        return new Conclusion(
                "",
                "does not matter",
                "Between the least and the largest limit no workload's launches differ beyond the spread: nobody need set the size.");
    }

    private static List<String> named(List<Conclusion> each, String verdict) {
        return each.stream()
                .filter(one -> one.verdict().equals(verdict))
                .map(Conclusion::workload)
                .toList();
    }
}
