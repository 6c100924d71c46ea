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

    private static final String AT_LEAST = "at least";
    private static final List<Placement> KEEPING = List.of(Placement.KERNEL, Placement.USER, Placement.BOTH);

    @Override
    public Answer answer(Results results) {
        List<Conclusion> each = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        List<Plot> plots = new ArrayList<>();
        for (String workload : results.workloads()) {
            List<String> words = new ArrayList<>();
            List<String> needs = new ArrayList<>();
            for (Placement placement : KEEPING) {
                Need need = need(results, workload, placement);
                if (need == null) {
                    continue;
                }
                needs.add(placement.id() + " " + need.verdict());
                words.add(placement.id() + " " + need.words());
            }
            if (!words.isEmpty()) {
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
                each.isEmpty() ? List.of(Question.nobodyCanTell(whyNot(results))) : Question.under(all(each), each),
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
                .filter(one -> one.verdict().contains(AT_LEAST))
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
                                                ? "in each of these workloads it lies within what was run"
                                                : "undecided in %s of %s workloads (%s), as one seed has no spread"
                                                        .formatted(undecided.size(), each.size(), Say.list(undecided))
                                        : "in %s of %s workloads some placement gains up to the largest that was run and still evicts there (%s)"
                                                .formatted(more.size(), each.size(), Say.list(more))));
    }

    private static LongStream entryBytes() {
        return Arrays.stream(Scheme.values()).mapToLong(Scheme::entryBytes);
    }

    /** What stands between the figures and an answer. */
    private static String whyNot(Results results) {
        if (results.limits().isEmpty()) {
            return "no design of it keeps tokens";
        }
        if (results.rows().isEmpty()) {
            return "no cell of it has finished";
        }
        return results.limits().size() == 1
                ? "it takes two limits, and this study has one"
                : "it takes two limits of one placement, of which cells have finished";
    }

    /** How much room a placement needs, for the verdict and, with its hit ratio, for the sentence. */
    private record Need(String verdict, String words) {}

    /**
     * Between which limits lies the least one with which the largest hits no more often beyond the spread; undecided where one seed has none, null where there are no two to compare.
     */
    private static @Nullable Need need(Results results, String workload, Placement placement) {
        List<Row> rows = new ArrayList<>();
        for (long limit : results.limits().reversed()) {
            @Nullable Row row = results.standing(workload, placement, limit);
            if (row != null) {
                rows.add(row);
            }
        }
        if (rows.size() < 2) {
            return null;
        }
        Row largest = rows.getFirst();
        Row enough = largest;
        boolean perhapsMore = isShort(largest);
        for (Row row : rows.subList(1, rows.size())) {
            Verdict verdict = Comparison.of(Metric.HIT_RATIO, row, largest).verdict();
            if (verdict == Verdict.UNKNOWN) {
                return new Need("undecided", "undecided, as one seed has no spread");
            }
            if (verdict == Verdict.LESS) {
                String size = between(row, enough, perhapsMore);
                return new Need(size, words(size, enough));
            }
            enough = row;
            perhapsMore = false;
        }
        String size = "at most " + Say.bytes(enough.design().limitBytes());
        return new Need(size, words(size, enough));
    }

    private static String between(Row less, Row enough, boolean perhapsMore) {
        String limit = Say.bytes(enough.design().limitBytes());
        return perhapsMore
                ? AT_LEAST + " " + limit
                : "more than %s, at most %s".formatted(Say.bytes(less.design().limitBytes()), limit);
    }

    private static String words(String size, Row enough) {
        return "%s (hit ratio %s)".formatted(size, Say.percent(enough.mean(Metric.HIT_RATIO)));
    }

    /** Whether tokens have to make room in a design: its limit is less than what there is to keep. */
    private static boolean isShort(Row row) {
        return row.mean(Metric.EVICTIONS) > 0;
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
