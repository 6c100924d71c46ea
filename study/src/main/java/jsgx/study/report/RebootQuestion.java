package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import jsgx.launch.governor.Placement;
import jsgx.study.report.Plot.Kind;
import jsgx.study.report.Plot.Series;
import org.jspecify.annotations.Nullable;

/** What a virtual machine's reboot costs. */
final class RebootQuestion implements Question {

    @Override
    public Answer answer(Results results) {
        List<String> workloads = results.limits().isEmpty()
                ? List.of()
                : results.workloads(row -> row.facts().reboots() + row.facts().migrations() > 0);
        List<Conclusion> each = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        for (String workload : workloads) {
            for (long limit : results.limits()) {
                rows.add(row(results, workload, limit));
            }
            Conclusion one = conclusion(results, workload);
            if (one != null) {
                each.add(one);
            }
        }
        return new Answer(
                "reboots",
                "What do reboots of virtual machines cost?",
                List.of(
                        "Christopherson: “in the case of VMs, userspace can reuse tokens across reboots (of the VM), e.g. by saving tokens to disk.”"),
                each.isEmpty()
                        ? List.of(Question.nobodyCanTell(
                                "in none does a machine reboot or migrate, or not both placements were run"))
                        : Question.under(all(each), each),
                List.of(new Table(
                        "What one reboot or migration costs: requests to the launch enclave, and time of launches in all, against the same launches without it.",
                        List.of(
                                "workload, limit",
                                "calls: none",
                                "kernel",
                                "user",
                                "both",
                                "time: none",
                                "kernel",
                                "user",
                                "both"),
                        rows)),
                workloads.isEmpty() ? List.of() : List.of(plot(results, workloads)));
    }

    private static long limit(Results results) {
        return results.limits().getLast();
    }

    private static List<String> row(Results results, String workload, long limit) {
        List<String> row = new ArrayList<>(List.of(workload + ", " + Say.bytes(limit)));
        for (Metric metric : List.of(Metric.REBOOT_LE_CALLS, Metric.REBOOT_MICROS)) {
            for (Placement placement : Placement.values()) {
                @Nullable Row one = results.standing(workload, placement, limit);
                row.add(
                        one == null
                                ? ""
                                : metric == Metric.REBOOT_MICROS
                                        ? Say.micros(one.mean(metric))
                                        : Say.digits(one.mean(metric)));
            }
        }
        return row;
    }

    private static @Nullable Conclusion conclusion(Results results, String workload) {
        @Nullable Row kernel = results.standing(workload, Placement.KERNEL, limit(results));
        @Nullable Row user = results.standing(workload, Placement.USER, limit(results));
        if (kernel == null || user == null) {
            return null;
        }
        Comparison calls = Comparison.of(Metric.REBOOT_LE_CALLS, user, kernel);
        Comparison time = Comparison.of(Metric.REBOOT_MICROS, user, kernel);
        String figures =
                "the launch enclave is asked %s more times with user space's stores and %s with kernels' caches, launches take %s and %s longer in all"
                        .formatted(
                                Say.digits(calls.first()),
                                Say.digits(calls.second()),
                                Say.micros(time.first()),
                                Say.micros(time.second()));
        String verdict = switch (time.verdict()) {
            case LESS -> "user space";
            case MORE -> "kernel";
            case SAME -> "no difference";
            case UNKNOWN -> "undecided";
        };
        String words = switch (time.verdict()) {
            case LESS -> "user space's tokens on disk make a reboot cheaper";
            case MORE -> "a reboot is cheaper with kernels' caches";
            case SAME -> "in time no difference beyond the spread";
            case UNKNOWN -> "undecided in time, as one seed has no spread";
        };
        long moves = user.facts().migrations();
        return new Conclusion(
                workload,
                verdict,
                "%s: %s: for each reboot%s %s.".formatted(workload, words, moves > 0 ? " or migration" : "", figures));
    }

    private static Conclusion all(List<Conclusion> each) {
        if (Question.undecided(each)) {
            return Question.nothingDecided(each);
        }
        boolean user = each.stream().anyMatch(one -> one.verdict().equals("user space"));
        boolean kernel = each.stream().anyMatch(one -> one.verdict().equals("kernel"));
        String right;
        if (user && kernel) {
            right =
                    "Christopherson was right for some workloads only: in others a reboot is cheaper with kernels' caches";
        } else if (user) {
            right = "Christopherson was right: tokens on disk make reboots cheaper, and nowhere are they dearer";
        } else if (kernel) {
            right =
                    "Christopherson was not right here: reboots are cheaper with kernels' caches, and nowhere with tokens on disk";
        } else {
            right = "Tokens on disk make reboots neither cheaper nor dearer beyond the spread";
        }
        return new Conclusion(
                "",
                user && kernel ? "depends on the workload" : user ? "user space" : kernel ? "kernel" : "no difference",
                right + ". By workload: " + LimitVerdicts.tally(each) + ".");
    }

    private static Plot plot(Results results, List<String> workloads) {
        List<Series> series = new ArrayList<>();
        for (LimitPlots.Line line : List.of(LimitPlots.NONE, LimitPlots.KERNEL, LimitPlots.USER, LimitPlots.BOTH)) {
            List<Spread> points = new ArrayList<>();
            boolean any = false;
            for (String workload : workloads) {
                @Nullable Row row = results.standing(workload, line.placement(), limit(results));
                points.add(row == null ? Plot.NOTHING : row.spread(Metric.REBOOT_LE_CALLS));
                any |= row != null;
            }
            if (any) {
                series.add(new Series(line.name(), line.style(), points));
            }
        }
        return new Plot(
                Kind.BARS,
                "Requests to the launch enclave for one reboot at " + Say.bytes(limit(results)),
                "How many more requests to launch enclaves there are for each reboot or migration, by placement; lines reach from the least to the most of all seeds.",
                "workload",
                "calls",
                workloads,
                series,
                false,
                0,
                Double.NaN);
    }
}
