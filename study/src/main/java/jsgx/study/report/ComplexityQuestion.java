package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import jsgx.launch.governor.Placement;
import jsgx.study.complexity.Complexity;
import jsgx.study.report.Plot.Kind;
import jsgx.study.report.Plot.Series;
import jsgx.study.report.Plot.Style;

/** Whether user space is less complex, which is the thread's first claim. */
final class ComplexityQuestion implements Question {

    private record Figure(String name, ToIntFunction<Complexity.Count> of) {}

    private static final List<Figure> FIGURES = List.of(
            new Figure("lines of code", Complexity.Count::lines),
            new Figure("locks", Complexity.Count::locks),
            new Figure("settings", Complexity.Count::settings),
            new Figure("failure modes", Complexity.Count::failureModes));

    /** A kernel needs one scheme, and has several here so that they can be compared. */
    private static final String ONE_SCHEME = "one scheme";

    /** Which code a count is of: what would go with a placement, or all that it runs on. */
    private record Basis(String name, Function<Complexity, Complexity.Count> of) {}

    private static final List<Basis> BASES =
            List.of(new Basis("alone", Complexity::alone), new Basis("with what it shares", Complexity::uses));

    /** How user space stands to the kernel by one basis. */
    private record Standing(String verdict, List<String> less, List<String> more) {}

    private final List<Complexity> counted;

    ComplexityQuestion(List<Complexity> counted) {
        this.counted = List.copyOf(counted);
    }

    @Override
    public Answer answer(Results results) {
        List<String> columns = new ArrayList<>(List.of("placement"));
        FIGURES.forEach(figure -> columns.add(figure.name()));
        List<List<String>> rows = new ArrayList<>();
        for (Basis basis : BASES) {
            for (Complexity complexity : counted) {
                List<String> row = new ArrayList<>(List.of(complexity.name() + ", " + basis.name()));
                FIGURES.forEach(figure ->
                        row.add(Say.count(figure.of().applyAsInt(basis.of().apply(complexity)))));
                rows.add(row);
            }
        }
        return new Answer(
                "complexity",
                "Who is less complex?",
                List.of("Christopherson: “Deferring to userspace is less complex.”"),
                List.of(conclusion()),
                List.of(
                        new Table(
                                "What the code has, counted by the build: what a placement alone needs, and with all that its cache and its store use though others use it too.",
                                columns,
                                rows),
                        shared()),
                counted.isEmpty() ? List.of() : List.of(plot()));
    }

    /** Which code belongs to more than one: who alone would pay for it depends on what else is there. */
    private Table shared() {
        List<List<String>> rows = new ArrayList<>();
        for (Complexity complexity : counted) {
            if (complexity.variant().isEmpty() && complexity.placement() != Placement.BOTH) {
                for (Complexity.Shared file : complexity.shared()) {
                    rows.add(List.of(
                            complexity.name(),
                            file.file(),
                            Say.count(file.lines()),
                            file.with().isEmpty() ? "what is named above" : String.join(", ", file.with())));
                }
            }
        }
        return new Table(
                "What each uses that others use too, and who those are: the one is charged for it only “with what it shares”, and would be alone were the others not there.",
                List.of("placement", "file", "lines of code", "used too by"),
                rows);
    }

    private Optional<Complexity> of(Placement placement) {
        return of(placement, "");
    }

    private Optional<Complexity> of(Placement placement, String variant) {
        return counted.stream()
                .filter(one -> one.placement() == placement && one.variant().equals(variant))
                .findFirst();
    }

    private Conclusion conclusion() {
        Optional<Complexity> kernel = of(Placement.KERNEL);
        Optional<Complexity> user = of(Placement.USER);
        if (kernel.isEmpty() || user.isEmpty()) {
            return Question.nobodyCanTell("the build counted nothing");
        }
        Standing alone = standing(BASES.getFirst(), kernel.get(), user.get());
        Standing uses = standing(BASES.getLast(), kernel.get(), user.get());
        Standing oneScheme = of(Placement.KERNEL, ONE_SCHEME)
                .map(one -> standing(BASES.getFirst(), one, user.get()))
                .orElse(alone);
        boolean agree =
                alone.verdict().equals(uses.verdict()) && alone.verdict().equals(oneScheme.verdict());
        String verdict = agree ? alone.verdict() : "depends on the count";
        String right = switch (verdict) {
            case "user space" -> "Christopherson was right: user space is less complex";
            case "kernel" -> "Christopherson was not right here: the kernel's cache is less complex";
            case "no difference" -> "Neither is less complex";
            default -> "Who is less complex depends on what is counted";
        };
        return new Conclusion(
                "",
                verdict,
                "%s. By what a placement alone needs, %s. Against a kernel with one scheme and no choice, %s. With what it shares with others, %s. A difference counts that is larger than what is charged to nobody: of the kernel %s lines of code, %s locks and %s failure modes at most. These are jsgx's own implementations of both."
                        .formatted(
                                right,
                                words(alone),
                                words(oneScheme),
                                words(uses),
                                Say.count(kernel.get().uncharged().lines()),
                                Say.count(kernel.get().uncharged().locks()),
                                Say.count(kernel.get().uncharged().failureModes())));
    }

    private static Standing standing(Basis basis, Complexity kernel, Complexity user) {
        List<String> less = new ArrayList<>();
        List<String> more = new ArrayList<>();
        for (Figure figure : FIGURES) {
            int users = figure.of().applyAsInt(basis.of().apply(user));
            int kernels = figure.of().applyAsInt(basis.of().apply(kernel));
            String words = "%s (%s against %s)".formatted(figure.name(), Say.count(users), Say.count(kernels));
            int uncharged =
                    figure.of().applyAsInt(kernel.uncharged()) + figure.of().applyAsInt(user.uncharged());
            if (kernels - users > uncharged) {
                less.add(words);
            } else if (users - kernels > uncharged) {
                more.add(words);
            }
        }
        String verdict = more.isEmpty() && less.isEmpty()
                ? "no difference"
                : more.isEmpty() ? "user space" : less.isEmpty() ? "kernel" : "depends on the count";
        return new Standing(verdict, less, more);
    }

    private static String words(Standing standing) {
        if (standing.less().isEmpty() && standing.more().isEmpty()) {
            return "neither is shown to need less";
        }
        List<String> parts = new ArrayList<>();
        if (!standing.less().isEmpty()) {
            parts.add("less in " + Say.list(standing.less()));
        }
        if (!standing.more().isEmpty()) {
            parts.add("more in " + Say.list(standing.more()));
        }
        return "user space needs " + String.join(", and ", parts);
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
                FIGURES.stream().map(Figure::name).toList(),
                series,
                false,
                0,
                100);
    }

    private void add(List<Series> series, Placement placement, Style style) {
        of(placement).ifPresent(complexity -> {
            List<Spread> points = new ArrayList<>();
            for (Figure figure : FIGURES) {
                double most = counted.stream()
                        .mapToInt(one -> figure.of().applyAsInt(one.alone()))
                        .max()
                        .orElse(0);
                double value = most == 0 ? 0 : 100 * figure.of().applyAsInt(complexity.alone()) / most;
                points.add(new Spread(value, value, value, 0, 1));
            }
            series.add(new Series(placement.id(), style, points));
        });
    }
}
