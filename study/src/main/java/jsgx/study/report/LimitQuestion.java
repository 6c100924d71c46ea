package jsgx.study.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import org.jspecify.annotations.Nullable;

/** How many tokens are enough, and in how many bytes. */
final class LimitQuestion implements Question {

    private static final long UNDECIDED = -1;
    private static final List<Placement> KEEPING = List.of(Placement.KERNEL, Placement.USER, Placement.BOTH);

    @Override
    public Answer answer(Results results) {
        List<Conclusion> each = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        List<Plot> plots = new ArrayList<>();
        boolean several = results.limits().size() > 1;
        for (String workload : results.workloads()) {
            List<String> words = new ArrayList<>();
            List<String> needs = new ArrayList<>();
            for (Placement placement : KEEPING) {
                Long enough = enough(results, workload, placement);
                if (enough == null) {
                    continue;
                }
                if (enough == UNDECIDED) {
                    words.add(placement.id() + " undecided, as one seed has no spread");
                    needs.add(placement.id() + " undecided");
                    continue;
                }
                Row at = results.standing(workload, placement, enough);
                boolean perhapsMore = enough.equals(results.limits().getLast());
                String size = (perhapsMore ? "at least " : "") + Say.bytes(enough);
                words.add("%s %s (hit ratio %s)"
                        .formatted(placement.id(), size, at == null ? "" : Say.percent(at.mean(Metric.HIT_RATIO))));
                needs.add(placement.id() + " " + size);
            }
            if (several && !words.isEmpty()) {
                long enclaves = results.rows(workload, design -> true)
                        .getFirst()
                        .facts()
                        .enclaves();
                each.add(new Conclusion(
                        workload,
                        String.join(", ", needs),
                        "%s (%s enclaves): enough is %s.".formatted(workload, Say.count(enclaves), Say.list(words))));
            }
            rows(results, workload, rows);
            plots.add(LimitPlots.hitRatio(results, workload));
            plots.add(LimitPlots.calls(results, workload));
        }
        List<String> columns = new ArrayList<>(List.of("workload, placement"));
        columns.addAll(LimitPlots.places(results));
        return new Answer(
                "limits",
                "How many tokens should there be room for?",
                List.of(
                        "Christopherson: “Tokens are large enough that there would need to be some form of limit on the number of tokens.”"),
                each.isEmpty()
                        ? List.of(Question.nobodyCanTell("it takes two limits"))
                        : Question.under(all(each), each),
                List.of(
                        new Table("Hit ratio by limit.", columns, rows),
                        new Table(
                                "What one token takes in a kernel's cache, with its key, its place in the table and the scheme's bookkeeping.",
                                List.of("scheme", "bytes an entry", "tokens in 1 MiB"),
                                Arrays.stream(Scheme.values())
                                        .map(scheme -> List.of(
                                                scheme.toString(),
                                                Long.toString(scheme.entryBytes()),
                                                Say.count((1 << 20) / scheme.entryBytes())))
                                        .toList())),
                plots);
    }

    private static Conclusion all(List<Conclusion> each) {
        List<String> undecided = each.stream()
                .filter(one -> one.verdict().contains("undecided"))
                .map(Conclusion::workload)
                .toList();
        List<String> more = each.stream()
                .filter(one -> one.verdict().contains("at least"))
                .map(Conclusion::workload)
                .toList();
        return new Conclusion(
                "",
                !more.isEmpty()
                        ? "more in " + Say.list(more)
                        : undecided.isEmpty() ? "the limits run are enough" : "undecided",
                "A token takes %s to %s bytes in a kernel's cache, so that there has to be a limit. Enough is the least beyond which the hit ratio rises no more than its spread: %s."
                        .formatted(
                                entryBytes().min().orElseThrow(),
                                entryBytes().max().orElseThrow(),
                                more.isEmpty()
                                        ? undecided.isEmpty()
                                                ? "the largest that was run is more than any of these workloads needs"
                                                : "undecided in %s of %s workloads (%s), as one seed has no spread"
                                                        .formatted(undecided.size(), each.size(), Say.list(undecided))
                                        : "in %s of %s workloads some placement still gains up to the largest that was run (%s)"
                                                .formatted(more.size(), each.size(), Say.list(more))));
    }

    private static LongStream entryBytes() {
        return Arrays.stream(Scheme.values()).mapToLong(Scheme::entryBytes);
    }

    /** The least limit with which the largest hits no more often beyond the spread; {@link #UNDECIDED} where one seed has none. */
    private static @Nullable Long enough(Results results, String workload, Placement placement) {
        @Nullable Row largest = null;
        @Nullable Long enough = null;
        for (long limit : results.limits().reversed()) {
            @Nullable Row row = results.standing(workload, placement, limit);
            if (row == null) {
                continue;
            }
            if (largest == null) {
                largest = row;
            } else {
                Verdict verdict = Comparison.of(Metric.HIT_RATIO, row, largest).verdict();
                if (verdict == Verdict.UNKNOWN) {
                    return UNDECIDED;
                }
                if (verdict == Verdict.LESS) {
                    return enough;
                }
            }
            enough = limit;
        }
        return enough;
    }

    private static void rows(Results results, String workload, List<List<String>> rows) {
        for (Placement placement : KEEPING) {
            add(results, workload, placement, Metric.HIT_RATIO, placement.id(), rows);
        }
        add(results, workload, Placement.KERNEL, Metric.OPTIMAL_HIT_RATIO, "Belady's optimum", rows);
    }

    private static void add(
            Results results,
            String workload,
            Placement placement,
            Metric metric,
            String name,
            List<List<String>> rows) {
        List<String> row = new ArrayList<>();
        row.add(workload + ", " + name);
        boolean any = false;
        for (long limit : results.limits()) {
            @Nullable Row standing = results.standing(workload, placement, limit);
            any |= standing != null;
            row.add(standing == null ? "" : Say.percent(standing.mean(metric)));
        }
        if (any) {
            rows.add(row);
        }
    }
}
