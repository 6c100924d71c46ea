package jsgx.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import jsgx.launch.governor.Placement;
import jsgx.study.design.Design;
import jsgx.study.run.CellResult;

/**
 * Which design is never far off, for who does not know what will run: for each its regret, how many times as long its mean launch takes as with the best design of the same
 * limit, in the workload where that is most.
 */
final class UnexpectedQuestion implements Question {

    private static final int SHOWN = 8;

    /** A design at a limit: for each seed its greatest regret, and the workload of that. */
    private record Regret(Design design, Map<Long, Double> bySeed, String workload) {

        double mean() {
            return Spread.of(List.copyOf(bySeed.values())).mean();
        }

        List<Double> values() {
            return List.copyOf(bySeed.values());
        }
    }

    @Override
    public Answer answer(Results results) {
        List<Conclusion> each = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        if (results.workloads().size() > 1) {
            for (long limit : results.limits()) {
                List<Regret> regrets = regrets(results, limit);
                if (regrets.size() > 1) {
                    each.add(conclusion(regrets, limit));
                    regrets.stream().limit(SHOWN).forEach(regret -> rows.add(row(regret, limit)));
                    for (Placement placement : Placement.values()) {
                        regrets.stream()
                                .filter(regret -> regret.design().placement() == placement)
                                .findFirst()
                                .filter(regret -> regrets.indexOf(regret) >= SHOWN)
                                .ifPresent(regret -> rows.add(row(regret, limit)));
                    }
                }
            }
        }
        return new Answer(
                "unexpected",
                "What if the workload is one that nobody imagined?",
                List.of(
                        "Sakkinen: “Whether the token caching is left to kernel or user space will most definitely introduce some non-trivial performance problems to solve with some unexpected workloads that we cannot imagine right now.”"),
                each.isEmpty()
                        ? List.of(Question.nobodyCanTell("it takes two workloads and two designs"))
                        : Question.under(all(each), each),
                List.of(new Table(
                        "The %d designs of each limit that are never far off, and the best of each other placement: how many times as long their mean launch takes as with the best design, in the workload where that is most."
                                .formatted(SHOWN),
                        List.of("limit, design", "at worst", "in"),
                        rows)),
                List.of());
    }

    private static List<String> row(Regret regret, long limit) {
        return List.of(
                Say.bytes(limit) + ", " + Row.name(regret.design()), Say.times(regret.mean()), regret.workload());
    }

    /** Those of a limit, the least first; only designs that all workloads have run. */
    private static List<Regret> regrets(Results results, long limit) {
        List<String> workloads = results.workloads();
        Map<String, Map<Long, Double>> best = new LinkedHashMap<>();
        Map<Design, List<Row>> designs = new LinkedHashMap<>();
        for (Row row : results.rows()) {
            if (row.design().limitBytes() == limit || row.design().placement() == Placement.NONE) {
                designs.computeIfAbsent(row.design(), key -> new ArrayList<>()).add(row);
                Map<Long, Double> least = best.computeIfAbsent(row.workload(), key -> new TreeMap<>());
                for (CellResult result : row.results()) {
                    least.merge(result.cell().seed(), Metric.MEAN.of(result), Math::min);
                }
            }
        }
        List<Regret> regrets = new ArrayList<>();
        designs.forEach((design, rows) -> {
            if (rows.size() == workloads.size()) {
                regrets.add(regret(design, rows, best));
            }
        });
        regrets.sort(Comparator.comparingDouble(Regret::mean));
        return regrets;
    }

    private static Regret regret(Design design, List<Row> rows, Map<String, Map<Long, Double>> best) {
        Map<Long, Double> bySeed = new TreeMap<>();
        String worst = "";
        double most = 0;
        for (Row row : rows) {
            Map<Long, Double> least = best.getOrDefault(row.workload(), Map.of());
            double sum = 0;
            for (CellResult result : row.results()) {
                long seed = result.cell().seed();
                double regret = Metric.MEAN.of(result) / least.getOrDefault(seed, 1.0);
                bySeed.merge(seed, regret, Math::max);
                sum += regret;
            }
            if (sum / row.results().size() > most) {
                most = sum / row.results().size();
                worst = row.workload();
            }
        }
        return new Regret(design, bySeed, worst);
    }

    private static Conclusion conclusion(List<Regret> regrets, long limit) {
        Regret safest = regrets.getFirst();
        List<String> others = new ArrayList<>();
        List<String> safe = new ArrayList<>(List.of(safest.design().placement().id()));
        for (Placement placement : Placement.values()) {
            if (placement == safest.design().placement()) {
                continue;
            }
            regrets.stream()
                    .filter(regret -> regret.design().placement() == placement)
                    .findFirst()
                    .ifPresent(regret -> {
                        Verdict verdict = Comparison.of(Metric.MEAN, safest.values(), regret.values())
                                .verdict();
                        if (verdict != Verdict.LESS) {
                            safe.add(placement.id());
                        }
                        others.add("%s %s times in %s%s"
                                .formatted(
                                        placement.id(),
                                        Say.times(regret.mean()),
                                        regret.workload(),
                                        switch (verdict) {
                                            case SAME -> " (no difference beyond the spread)";
                                            case UNKNOWN -> " (undecided, as one seed has no spread)";
                                            case LESS, MORE -> "";
                                        }));
                    });
        }
        return new Conclusion(
                "",
                String.join(", ", safe.stream().sorted().toList()),
                "At %s the safest is “%s”: at worst %s times the best design's mean launch (in %s). The safest of the other placements: %s."
                        .formatted(
                                Say.bytes(limit),
                                Row.name(safest.design()),
                                Say.times(safest.mean()),
                                safest.workload(),
                                others.isEmpty() ? "none was run" : String.join("; ", others)));
    }

    private static Conclusion all(List<Conclusion> each) {
        List<String> always = java.util.Arrays.stream(Placement.values())
                .map(Placement::id)
                .filter(placement -> each.stream()
                        .allMatch(one -> List.of(one.verdict().split(", ")).contains(placement)))
                .toList();
        return new Conclusion(
                "",
                always.isEmpty() ? "depends on the limit" : Say.list(always),
                "Who does not know what will run is safest with "
                        + (always.isEmpty()
                                ? "another placement at each limit"
                                : "placement " + Say.list(always).replace(" and ", " or ") + " at every limit")
                        + "; that a design is the best in one workload says little of the next.");
    }
}
