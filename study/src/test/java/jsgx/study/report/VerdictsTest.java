package jsgx.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.study.complexity.Complexity;
import jsgx.study.complexity.Complexity.Count;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;
import jsgx.study.run.Cells;
import jsgx.study.run.Plan;
import jsgx.study.run.Shard;
import jsgx.study.run.Simulation;
import jsgx.study.run.Studies;
import jsgx.study.trace.TraceBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** Headlines say what the figures say, whichever way they point, and no more. */
@Timeout(120)
@Isolated("a test sets the default locale")
class VerdictsTest {

    private static final long LEAST = 65536;

    private static Simulation taking(ToLongFunction<Design> nanos) {
        return (trace, design, costs, seed, launched) ->
                Studies.measured(trace, nanos.applyAsLong(design) + seed * 3, 500);
    }

    private static boolean is(Design design, Placement placement) {
        return design.placement() == placement;
    }

    private static Conclusion headline(Cells cells, String id) {
        return headline(cells, id, List.of());
    }

    private static Conclusion headline(Cells cells, String id, List<Complexity> complexity) {
        return answer(cells, id, complexity).conclusions().getFirst();
    }

    private static Answer answer(Cells cells, String id, List<Complexity> complexity) {
        return Answers.of(new Results(cells), complexity).stream()
                .filter(answer -> answer.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static Cells three(ToLongFunction<Design> nanos) {
        return Studies.run(Studies.plan(List.of("v", "w"), 3), 1, taking(nanos));
    }

    @Test
    void aSideThatIsFasterAtSomeLimitsIsNotSaidToBeSoNowhere() {
        Cells cells = three(design -> !is(design, Placement.KERNEL) ? 1000 : design.limitBytes() == LEAST ? 500 : 2000);

        Conclusion headline = headline(cells, "one-application");

        assertThat(headline.verdict()).isEqualTo("depends on the limit");
        assertThat(headline.sentence()).contains("Each is faster somewhere").doesNotContain("nowhere");
    }

    @Test
    void oneLimitOfTwoIsNotAllOfThem() {
        Cells kernel = three(design -> is(design, Placement.KERNEL) && design.limitBytes() == LEAST ? 500 : 1000);
        Cells user = three(design -> is(design, Placement.USER) && design.limitBytes() == LEAST ? 500 : 1000);

        Answer kernels = answer(kernel, "one-application", List.of());
        assertThat(kernels.conclusions())
                .extracting(Conclusion::verdict)
                .containsExactly("kernel at few limits", "kernel at 1 of 2 limits", "kernel at 1 of 2 limits");
        assertThat(kernels.conclusions().getFirst().sentence()).contains("not right at few limits only");
        assertThat(headline(user, "one-application").verdict()).isEqualTo("user space at few limits");
        assertThat(headline(user, "one-application").sentence()).contains("was right at few limits only");
    }

    @Test
    void tooFewSeedsLeaveHeadlinesUndecided() {
        Cells cells = Studies.run(Studies.plan(List.of("v", "w"), 1), 3, Studies::madeUp);
        Cells alone = Studies.run(
                Studies.plan(List.of("v", "w"), 1),
                1,
                taking(design -> is(design, Placement.USER) ? 500 : design.limitBytes() == LEAST ? 2000 : 1000));

        for (String id : List.of("limits", "eviction", "size")) {
            assertThat(headline(cells, id).verdict()).as(id).isEqualTo("undecided");
        }
        for (String id : List.of("one-application", "size", "life-expectancy", "unexpected")) {
            Conclusion headline = headline(alone, id);
            assertThat(headline.verdict())
                    .as(id)
                    .isIn(id.equals("life-expectancy") ? List.of("no difference", "undecided") : List.of("undecided"));
        }
    }

    @Test
    void whatUserSpaceKnowsMayHelpOrHarm() {
        for (long informed : List.of(500L, 2000L)) {
            Cells cells = three(design -> design.knowledge() == Knowledge.LAST_LAUNCH ? informed : 1000);
            assertThat(headline(cells, "life-expectancy").verdict()).isEqualTo(informed < 1000 ? "helps" : "harms");
        }
        Cells byLimit = three(design ->
                design.knowledge() != Knowledge.LAST_LAUNCH ? 1000 : design.limitBytes() == LEAST ? 500 : 2000);

        assertThat(headline(byLimit, "life-expectancy").verdict()).isEqualTo("depends on the limit");
    }

    @Test
    void rebootsMayBeCheaperOnEitherSide() {
        for (Placement cheaper : List.of(Placement.KERNEL, Placement.USER)) {
            Cells cells = Studies.run(
                    Studies.plan(List.of("w"), 3),
                    1,
                    (trace, design, costs, seed, launched) -> Studies.rebooting(
                            Studies.measured(trace, 1000, 500), is(design, cheaper) ? 1_000_000 : 9_000_000 + seed));

            Conclusion headline = headline(cells, "reboots");
            assertThat(headline.verdict()).isEqualTo(cheaper == Placement.USER ? "user space" : "kernel");
            assertThat(headline.sentence())
                    .startsWith(
                            cheaper == Placement.USER
                                    ? "Christopherson was right:"
                                    : "Christopherson was not right here:");
        }
    }

    /** A study of one workload whose tokens have more hits with 1 MiB than with 64 KiB, or as many, and so many evictions with 1 MiB. */
    private static Cells roomy(boolean gains, long evictions) {
        return Studies.run(
                Studies.plan(List.of("w"), 3),
                1,
                (trace, design, costs, seed, launched) -> Studies.evicting(
                        Studies.measured(trace, 1000, (gains && design.limitBytes() == LEAST ? 500 : 900) + seed),
                        design.limitBytes() == LEAST ? 7 : evictions));
    }

    @Test
    void whatIsEnoughLiesBetweenTwoLimits() {
        List<Conclusion> between = answer(roomy(true, 0), "limits", List.of()).conclusions();
        assertThat(between.getLast().verdict())
                .isEqualTo("kernel more than 64 KiB, at most 1 MiB, user more than 64 KiB, at most 1 MiB,"
                        + " both more than 64 KiB, at most 1 MiB");
        assertThat(between.getLast().sentence()).contains("kernel more than 64 KiB, at most 1 MiB (hit ratio 90.2%)");
        assertThat(between.getFirst().verdict()).isEqualTo("the limits run are enough");

        assertThat(answer(roomy(false, 0), "limits", List.of())
                        .conclusions()
                        .getLast()
                        .verdict())
                .isEqualTo("kernel at most 64 KiB, user at most 64 KiB, both at most 64 KiB");
    }

    @Test
    void moreThanTheLargestLimitMayBeNeededOnlyWhereItEvicts() {
        List<Conclusion> more = answer(roomy(true, 1), "limits", List.of()).conclusions();

        assertThat(more.getLast().verdict())
                .isEqualTo("kernel at least 1 MiB, user at least 1 MiB, both at least 1 MiB");
        assertThat(more.getFirst().verdict()).isEqualTo("more in w");
        assertThat(more.getFirst().sentence()).contains("in 1 of 1 workloads").contains("still evicts there (w)");
    }

    @Test
    void whyNobodyCanTellHowMuchRoomThereShouldBe() throws Exception {
        Plan plan = Studies.plan(List.of("w"), 2);
        Cells nothingKept = Studies.run(designs(plan, design -> is(design, Placement.NONE)), 1, Studies::madeUp);
        Cells oneLimit = Studies.run(
                designs(plan, design -> is(design, Placement.NONE) || design.limitBytes() == LEAST),
                1,
                Studies::madeUp);

        assertThat(headline(nothingKept, "limits").sentence()).contains("can tell: no design of it keeps tokens.");
        assertThat(headline(Cells.inMemory(plan), "limits").sentence())
                .contains("can tell: no cell of it has finished.");
        assertThat(headline(oneLimit, "limits").sentence())
                .contains("can tell: it takes two limits, and this study has one.");
    }

    private static Plan designs(Plan plan, Predicate<Design> which) {
        return new Plan(
                plan.version(),
                plan.workloads(),
                plan.designs().stream().filter(which).toList(),
                plan.seeds(),
                plan.scale(),
                plan.costs());
    }

    @Test
    void everyPartOfAStudyHasAReport() throws Exception {
        Plan plan = Studies.plan(List.of("v", "w"), 5);
        for (int shard = 1; shard <= 7; shard++) {
            Cells cells = Studies.run(plan, 3, Studies::madeUp, new Shard(shard, 7));
            List<Answer> answers = Answers.of(new Results(cells), List.of());
            assertThat(HtmlReport.of(new Results(cells), answers))
                    .contains("Unfinished")
                    .doesNotContain("NaN");
        }
    }

    @Test
    void aPlacementIsNotSaferForHavingMoreVariants() {
        // One variant of the kernel's cache is by far the fastest, but not the one that nobody has to choose.
        Cells cells = three(design ->
                is(design, Placement.KERNEL) && design.scheme() == Scheme.LRU && design.charging() == Charging.FLOORS
                        ? 100
                        : is(design, Placement.KERNEL) ? 2000 : is(design, Placement.USER) ? 500 : 3000);

        assertThat(headline(cells, "unexpected").verdict()).isEqualTo("user");
    }

    @Test
    void aWorkloadIsNoKernelForItsName() {
        Cells kernels = Studies.run(Studies.plan(List.of("w"), 2), 1, (trace, design, costs, seed, launched) -> {
            TraceBuilder named = new TraceBuilder("w", 1);
            named.workload("kernel of host", named.machine("host", 0));
            return Studies.measured(named.build(), 1000, 500);
        });

        assertThat(new Results(kernels).rows()).isNotEmpty().allSatisfy(row -> {
            assertThat(row.mean(Metric.KERNEL_BYTES)).isEqualTo(4096);
            assertThat(row.mean(Metric.WORST_SLOWDOWN)).isEqualTo(2);
        });
    }

    @Test
    void aPlacementIsJudgedByTheSchemeAndRuleThatLaunchHasByItself() {
        Cells own = three(design -> is(design, Placement.USER)
                ? 1000
                : design.scheme() == Scheme.W_TINY_LFU && design.charging() == Charging.SHARED ? 500 : 3000);

        assertThat(headline(own, "one-application").verdict()).isEqualTo("kernel");
        assertThat(headline(own, "unexpected").verdict()).isEqualTo("kernel and both");
    }

    private static Cells recorded(int seeds, List<String> names) {
        Plan plan = Studies.recorded(Studies.plan(List.of("v", "w"), seeds), names);
        return Studies.runRecorded(plan, taking(design -> is(design, Placement.USER) ? 500 : 1000));
    }

    @Test
    void aVerdictThatRestsOnARecordingSaysThatItIsOneSample() {
        Cells cells = recorded(3, List.of("w"));

        List<Conclusion> conclusions =
                answer(cells, "one-application", List.of()).conclusions();

        assertThat(conclusions).extracting(Conclusion::verdict).containsOnly("user space");
        assertThat(conclusions.getFirst().sentence())
                .endsWith(
                        "Of these workloads w is a recording, which is one sample: no interval says how much of this is chance.");
        assertThat(conclusions.get(1).sentence()).startsWith("v: ").doesNotContain("one sample");
        assertThat(conclusions.get(2).sentence())
                .startsWith("w: ")
                .contains("the same launches for every seed, and so one sample");
        assertThat(headline(cells, "unexpected").sentence()).contains("Of these workloads w is a recording");
        assertThat(headline(cells, "complexity").sentence()).doesNotContain("recording");
        assertThat(headline(cells, "attackers").sentence())
                .startsWith("No workload of this study can tell")
                .doesNotContain("recording");
        assertThat(headline(recorded(3, List.of("v", "w")), "one-application").sentence())
                .contains("It rests on 2 recordings, each of which is one sample");
        assertThat(headline(recorded(3, List.of()), "one-application").sentence())
                .doesNotContain("one sample");
    }

    @Test
    void aRecordingThatOneSeedRanDecidesNothingAndSaysWhy() {
        Cells cells = recorded(1, List.of("w"));

        List<Conclusion> conclusions =
                answer(cells, "one-application", List.of()).conclusions();

        assertThat(conclusions).extracting(Conclusion::verdict).containsOnly("undecided");
        assertThat(conclusions.getLast().sentence())
                .contains("undecided at every limit, as one seed has no spread")
                .endsWith(
                        "This is a recording, which is one sample, run with one seed, which draws once what steps take: more seeds draw that anew.");
        assertThat(conclusions.getFirst().sentence())
                .startsWith("Undecided in 2 of 2 workloads, as one seed has no spread. ")
                .contains("Of these workloads w is a recording");
    }

    @Test
    void whatCouldNotBeTakenOfARecordingStandsInEachReport() {
        Cells cells = recorded(2, List.of("w"));
        Results results = new Results(cells);
        List<Answer> answers = Answers.of(results, List.of());

        assertThat(HtmlReport.of(results, answers))
                .contains("<dd>A recording: ", "<dd>3 launches have no outcome.</dd>");
        assertThat(JsonReport.of(results, answers, List.of()).get("workloads"))
                .asString()
                .contains("name=v", "recorded=false, notes=[]", "recorded=true, notes=[3 launches have no outcome]");
    }

    @Test
    void whoIsLessComplexByOneCountOnlyIsSaidSo() {
        List<Complexity> counted = new ArrayList<>();
        counted.add(new Complexity(Placement.KERNEL, "", count(100), count(200), count(0), List.of(), List.of()));
        counted.add(new Complexity(
                Placement.USER,
                "",
                count(80),
                count(300),
                count(0),
                List.of(),
                List.of(new Complexity.Shared("Log", 220, List.of("audit")))));
        Cells cells = three(design -> 1000);

        Answer answer = answer(cells, "complexity", counted);

        assertThat(answer.conclusions().getFirst().verdict()).isEqualTo("depends on the count");
        assertThat(answer.conclusions().getFirst().sentence())
                .contains("less in lines of code (80 against 100)")
                .contains("more in lines of code (300 against 200)");
        assertThat(answer.tables().getFirst().rows())
                .extracting(List::getFirst)
                .containsExactly(
                        "kernel, alone", "user, alone", "kernel, with what it shares", "user, with what it shares");
        assertThat(JsonReport.of(new Results(cells), List.of(answer), counted).toString())
                .contains("withShared={lines=300")
                .contains("file=Log");
        assertThat(answer.tables().getLast().rows()).containsExactly(List.of("user", "Log", "220", "audit"));
    }

    @Test
    void nothingIsSaidOfADifferenceThatWhatIsUnchargedMayMake() {
        Cells cells = three(design -> 1000);
        for (int uncharged : List.of(19, 20)) {
            Conclusion headline = headline(
                    cells,
                    "complexity",
                    List.of(
                            new Complexity(
                                    Placement.KERNEL,
                                    "",
                                    count(100),
                                    count(100),
                                    count(uncharged),
                                    List.of(),
                                    List.of()),
                            new Complexity(Placement.USER, "", count(80), count(80), count(0), List.of(), List.of())));

            assertThat(headline.verdict()).isEqualTo(uncharged < 20 ? "user space" : "no difference");
            assertThat(headline.sentence()).contains("of the kernel %s lines of code".formatted(uncharged));
        }
    }

    private static Count count(int lines) {
        return new Count(1, lines, 2, 0, 3, 4, 0);
    }

    @Test
    void figuresAreTheSameInEveryCountry() {
        Cells cells = Studies.run(Studies.plan(List.of("v", "w"), 3), 3, Studies::madeUp);
        Cells unfinished = Cells.inMemory(cells.plan());
        String here = page(cells) + page(unfinished);
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            assertThat("%d".formatted(1)).isNotEqualTo("1");
            assertThat(page(cells) + page(unfinished)).isEqualTo(here);
        } finally {
            Locale.setDefault(before);
        }
    }

    private static String page(Cells cells) {
        Results results = new Results(cells);
        List<Answer> answers = Answers.of(results, List.of());
        return HtmlReport.of(results, answers) + CsvReport.of(results) + JsonReport.of(results, answers, List.of());
    }
}
