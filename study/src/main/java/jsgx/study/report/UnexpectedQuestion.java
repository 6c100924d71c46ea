package jsgx.study.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import jsgx.launch.governor.Placement;
import jsgx.study.design.Design;
import jsgx.study.run.CellResult;
import org.jspecify.annotations.Nullable;

/**
 * Which design is never far off, for who does not know what will run: for each its regret, how many times as long its mean launch takes as with the best design of the same
 * limit, in the workload where that is most.
 */
final class UnexpectedQuestion implements Question {

    private static final int SHOWN = 8;
    private static final String NO_DIFFERENCE = "no difference";

    /** A design at a limit: for each seed that all its workloads have run its greatest regret, and the workload where it is most. */
    private record Regret(Design design, Map<Long, Double> bySeed, String workload) {

        double mean() {
            return Spread.of(List.copyOf(bySeed.values())).mean();
        }

        Verdict against(Regret other) {
            return Comparison.of(Metric.MEAN, bySeed, other.bySeed).verdict();
        }
    }

    @Override
    public Answer answer(Results results) {
        List<Conclusion> each = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        if (results.workloads().size() > 1) {
            for (long limit : results.limits()) {
                List<Regret> regrets = regrets(results, limit);
                List<Regret> standing = regrets.stream()
                        .filter(regret -> stands(results, regret.design(), limit))
                        .toList();
                if (standing.size() > 1) {
                    each.add(conclusion(standing, limit));
                }
                if (regrets.size() > 1) {
                    regrets.stream().limit(SHOWN).forEach(regret -> rows.add(row(regret, limit)));
                    standing.stream()
                            .filter(regret -> regrets.indexOf(regret) >= SHOWN)
                            .forEach(regret -> rows.add(row(regret, limit)));
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
                        "The %s designs of each limit that are least far off, by hindsight, and those that stand for a placement: how many times as long their mean launch takes as with the best design, in the workload where that is most."
                                .formatted(SHOWN),
                        List.of("limit, design", "at worst", "in"),
                        rows)),
                List.of());
    }

    @Override
    public List<String> basis(Results results, Answer answer) {
        return results.workloads();
    }

    private static List<String> row(Regret regret, long limit) {
        return List.of(
                Say.bytes(limit) + ", " + Row.name(regret.design()), Say.times(regret.mean()), regret.workload());
    }

    /** Whether a design is the one that stands for its placement, whatever runs: whoever has it has not chosen by hindsight. */
    private static boolean stands(Results results, Design design, long limit) {
        return results.workloads().stream().allMatch(workload -> {
            @Nullable Row row = results.standing(workload, design.placement(), limit);
            return row != null && row.design().equals(design);
        });
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
            Set<Long> seeds = seeds(rows);
            if (rows.size() == workloads.size() && !seeds.isEmpty()) {
                regrets.add(regret(design, rows, seeds, best));
            }
        });
        regrets.sort(Comparator.comparingDouble(Regret::mean));
        return regrets;
    }

    /** The seeds that all of some rows have run: a study that is not finished may have some of one workload and others of the next. */
    private static Set<Long> seeds(List<Row> rows) {
        Set<Long> seeds = new TreeSet<>(rows.getFirst().bySeed(Metric.MEAN).keySet());
        rows.forEach(row -> seeds.retainAll(row.bySeed(Metric.MEAN).keySet()));
        return seeds;
    }

    private static Regret regret(Design design, List<Row> rows, Set<Long> seeds, Map<String, Map<Long, Double>> best) {
        Map<Long, Double> bySeed = new TreeMap<>();
        String worst = "";
        double most = 0;
        for (Row row : rows) {
            Map<Long, Double> least = best.getOrDefault(row.workload(), Map.of());
            Map<Long, Double> means = row.bySeed(Metric.MEAN);
            double sum = 0;
            for (long seed : seeds) {
                double regret = means.getOrDefault(seed, 1.0) / least.getOrDefault(seed, 1.0);
                bySeed.merge(seed, regret, Math::max);
                sum += regret;
            }
            if (sum > most) {
                most = sum;
                worst = row.workload();
            }
        }
        return new Regret(design, bySeed, worst);
    }

    /** What the designs that stand for their placements come to, the least regret first. */
    private static Conclusion conclusion(List<Regret> regrets, long limit) {
        Regret safest = regrets.getFirst();
        List<String> others = new ArrayList<>();
        List<String> safe = new ArrayList<>(List.of(safest.design().placement().id()));
        boolean unknown = false;
        for (Regret regret : regrets.subList(1, regrets.size())) {
            Verdict verdict = safest.against(regret);
            unknown |= verdict == Verdict.UNKNOWN;
            if (verdict != Verdict.LESS) {
                safe.add(regret.design().placement().id());
            }
            others.add("%s %s times in %s%s"
                    .formatted(
                            regret.design().placement().id(),
                            Say.times(regret.mean()),
                            regret.workload(),
                            switch (verdict) {
                                case SAME -> " (no difference beyond the spread)";
                                case UNKNOWN -> " (undecided, as one seed has no spread)";
                                case LESS, MORE -> "";
                            }));
        }
        String at = Say.bytes(limit);
        String figures = "at worst %s times the best design's mean launch (in %s); %s"
                .formatted(Say.times(safest.mean()), safest.workload(), String.join("; ", others));
        String name = Row.name(safest.design());
        if (unknown) {
            return new Conclusion("", "undecided", "At %s it is undecided; “%s” is %s.".formatted(at, name, figures));
        }
        if (safe.size() == regrets.size()) {
            return new Conclusion(
                    "",
                    NO_DIFFERENCE,
                    "At %s no placement is safer than another: “%s” is %s.".formatted(at, name, figures));
        }
        return new Conclusion(
                "",
                String.join(", ", safe.stream().sorted().toList()),
                "At %s the safest is “%s”: %s.".formatted(at, name, figures));
    }

    private static Conclusion all(List<Conclusion> each) {
        if (Question.undecided(each)) {
            return new Conclusion(
                    "", "undecided", "Nobody can tell which placement is safest, as one seed has no spread.");
        }
        List<Conclusion> differ = each.stream()
                .filter(one ->
                        !one.verdict().equals(NO_DIFFERENCE) && !one.verdict().equals("undecided"))
                .toList();
        if (differ.isEmpty()) {
            return new Conclusion(
                    "",
                    NO_DIFFERENCE,
                    "Who does not know what will run is as safe with one placement as with another, beyond the spread.");
        }
        List<String> always = Arrays.stream(Placement.values())
                .map(Placement::id)
                .filter(placement -> differ.stream()
                        .allMatch(one -> List.of(one.verdict().split(", ")).contains(placement)))
                .toList();
        return new Conclusion(
                "",
                always.isEmpty() ? "depends on the limit" : Say.list(always),
                "Who does not know what will run is safest with "
                        + (always.isEmpty()
                                ? "another placement by the limit"
                                : "placement "
                                        + String.join(" or ", always)
                                        + (differ.size() == each.size()
                                                ? " at every limit"
                                                : " at %s of %s limits, and at the others no placement is surely safer"
                                                        .formatted(differ.size(), each.size())))
                        + ", each placement having the scheme and the charging rule that launch has by itself.");
    }
}
