package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import jsgx.launch.governor.Placement;
import jsgx.study.complexity.Complexity;
import jsgx.study.report.Plot.Kind;
import jsgx.study.report.Plot.Series;
import jsgx.study.report.Plot.Style;

/** Whether user space is less complex, which is the thread's first claim. */
final class ComplexityQuestion implements Question {

    private record Count(String name, ToIntFunction<Complexity> of) {}

    private static final List<Count> COUNTS = List.of(
            new Count("lines of code", Complexity::lines),
            new Count("locks", Complexity::locks),
            new Count("settings", Complexity::settings),
            new Count("failure modes", Complexity::failureModes));

    private final List<Complexity> counted;

    ComplexityQuestion(List<Complexity> counted) {
        this.counted = List.copyOf(counted);
    }

    @Override
    public Answer answer(Results results) {
        List<String> columns = new ArrayList<>(List.of("placement"));
        COUNTS.forEach(count -> columns.add(count.name()));
        List<List<String>> rows = new ArrayList<>();
        for (Complexity complexity : counted) {
            List<String> row = new ArrayList<>(List.of(complexity.placement().id()));
            COUNTS.forEach(count -> row.add(Say.count(count.of().applyAsInt(complexity))));
            rows.add(row);
        }
        return new Answer(
                "complexity",
                "Who is less complex?",
                List.of("Christopherson: “Deferring to userspace is less complex.”"),
                List.of(conclusion()),
                List.of(new Table(
                        "What the code has that a placement alone needs, counted by the build.", columns, rows)),
                counted.isEmpty() ? List.of() : List.of(plot()));
    }

    private Optional<Complexity> of(Placement placement) {
        return counted.stream().filter(one -> one.placement() == placement).findFirst();
    }

    private Conclusion conclusion() {
        Optional<Complexity> kernel = of(Placement.KERNEL);
        Optional<Complexity> user = of(Placement.USER);
        if (kernel.isEmpty() || user.isEmpty()) {
            return Question.nobodyCanTell("the build counted nothing");
        }
        List<String> less = new ArrayList<>();
        List<String> more = new ArrayList<>();
        for (Count count : COUNTS) {
            int users = count.of().applyAsInt(user.get());
            int kernels = count.of().applyAsInt(kernel.get());
            String words = "%s (%s against %s)".formatted(count.name(), Say.count(users), Say.count(kernels));
            if (users < kernels) {
                less.add(words);
            } else if (users > kernels) {
                more.add(words);
            }
        }
        String verdict = more.isEmpty() && !less.isEmpty()
                ? "user space"
                : less.isEmpty() && !more.isEmpty()
                        ? "kernel"
                        : less.isEmpty() ? "no difference" : "depends on the count";
        String right = switch (verdict) {
            case "user space" -> "Christopherson was right: user space is less complex";
            case "kernel" -> "Christopherson was not right here: the kernel's cache is less complex";
            case "no difference" -> "Neither is less complex";
            default -> "Who is less complex depends on what is counted";
        };
        return new Conclusion(
                "",
                verdict,
                right
                        + (less.isEmpty() ? "" : ": user space needs less in " + Say.list(less))
                        + (more.isEmpty()
                                ? ""
                                : (less.isEmpty() ? ": user space needs more in " : ", and more in ") + Say.list(more))
                        + ". These are jsgx's own implementations of both.");
    }

    /** Each count as a part of the larger of the two placements', since lines and locks share no axis. */
    private Plot plot() {
        List<Series> series = new ArrayList<>();
        add(series, Placement.KERNEL, Style.KERNEL);
        add(series, Placement.USER, Style.USER);
        add(series, Placement.BOTH, Style.BOTH);
        return new Plot(
                Kind.BARS,
                "Complexity of what a placement alone needs",
                "Lines, locks, settings and failure modes by placement, each in percent of the most of any placement.",
                "",
                "% of the most",
                COUNTS.stream().map(Count::name).toList(),
                series,
                false,
                0,
                100);
    }

    private void add(List<Series> series, Placement placement, Style style) {
        of(placement).ifPresent(complexity -> {
            List<Spread> points = new ArrayList<>();
            for (Count count : COUNTS) {
                double most = counted.stream().mapToInt(count.of()).max().orElse(0);
                double value = most == 0 ? 0 : 100 * count.of().applyAsInt(complexity) / most;
                points.add(new Spread(value, value, value, 0, 1));
            }
            series.add(new Series(placement.id(), style, points));
        });
    }
}
