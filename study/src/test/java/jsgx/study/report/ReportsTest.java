package jsgx.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import jsgx.launch.governor.Placement;
import jsgx.study.complexity.Complexity;
import jsgx.study.complexity.Complexity.Count;
import jsgx.study.design.Charging;
import jsgx.study.design.Knowledge;
import jsgx.study.run.Cells;
import jsgx.study.run.Plan;
import jsgx.study.run.Simulation;
import jsgx.study.run.Studies;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Answers follow the figures, and documents hold what anybody names a workload. */
@Timeout(120)
class ReportsTest {

    private static final String HOSTILE = "<script>alert(1)</script>\" onload='x' & =1+1,\u202e\u0007";

    private static final Count NOTHING = new Count(0, 0, 0, 0, 0, 0, 0);

    private static final List<Complexity> COMPLEXITY = List.of(
            complexity(Placement.NONE, 0),
            complexity(Placement.KERNEL, 100),
            complexity(Placement.USER, 80),
            complexity(Placement.BOTH, 180));

    private static Complexity complexity(Placement placement, int lines) {
        Count count = new Count(1, lines, lines / 20, 0, lines / 10, lines / 5, 0);
        return new Complexity(placement, "", count, count, NOTHING, List.of(), List.of());
    }

    /** A simulation in which one placement's mean launch takes this, and every other's 1000 ns, by seed a little more or less. */
    private static Simulation with(Placement placement, long nanos, long noise) {
        return (trace, design, costs, seed, launched) ->
                Studies.measured(trace, (design.placement() == placement ? nanos : 1000) + seed * noise, 500);
    }

    private static List<Answer> answers(Cells cells) {
        return Answers.of(new Results(cells), COMPLEXITY);
    }

    private static Answer answer(Cells cells, String id) {
        return answers(cells).stream()
                .filter(answer -> answer.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void whoIsFasterIsSaidByTheFigures() {
        Plan plan = Studies.plan(List.of("w"), 3);

        Answer kernel = answer(Studies.run(plan, 1, with(Placement.KERNEL, 800, 3)), "one-application");
        Answer user = answer(Studies.run(plan, 1, with(Placement.USER, 800, 3)), "one-application");
        Answer neither = answer(Studies.run(plan, 1, with(Placement.NONE, 5000, 3)), "one-application");

        assertThat(kernel.conclusions()).extracting(Conclusion::verdict).containsExactly("kernel", "kernel");
        assertThat(kernel.conclusions().getFirst().sentence()).contains("Christopherson was not right");
        assertThat(kernel.conclusions().getLast().sentence())
                .contains("w: kernels' caches are faster at every limit (0.81 µs against 1.01 µs at 64 KiB, 20% less)");
        assertThat(user.conclusions()).extracting(Conclusion::verdict).containsExactly("user space", "user space");
        assertThat(user.conclusions().getFirst().sentence()).contains("Christopherson was right");
        assertThat(neither.conclusions())
                .extracting(Conclusion::verdict)
                .containsExactly("no difference", "no difference");
        assertThat(neither.conclusions().getLast().sentence())
                .contains("no difference beyond the spread at every limit");
    }

    @Test
    void oneSeedDecidesNothing() {
        Cells cells = Studies.run(Studies.plan(List.of("w"), 1), 1, with(Placement.KERNEL, 500, 0));

        assertThat(answer(cells, "one-application").conclusions())
                .extracting(Conclusion::verdict)
                .containsExactly("undecided", "undecided");
        assertThat(answer(cells, "one-application").conclusions().getLast().sentence())
                .contains("as one seed has no spread");
    }

    @Test
    void whatNoWorkloadCanTellIsSaid() {
        Cells cells = Studies.run(Studies.plan(List.of("w"), 2), 1, Studies::madeUp);

        assertThat(answer(cells, "many-workloads").conclusions())
                .singleElement()
                .extracting(Conclusion::sentence)
                .asString()
                .contains("No workload of this study can tell");
        assertThat(answer(cells, "attackers").conclusions().getFirst().verdict())
                .isEqualTo("no workload");
        assertThat(answer(Studies.run(Studies.plan(List.of("w"), 2), 3, Studies::madeUp), "attackers")
                        .conclusions())
                .hasSize(2);
    }

    @Test
    void everyQuestionOfTheThreadHasAnAnswer() {
        List<Answer> answers = answers(Studies.run(Studies.plan(List.of("v", "w"), 3), 3, Studies::madeUp));

        assertThat(answers)
                .extracting(Answer::id)
                .containsExactly(
                        "complexity",
                        "one-application",
                        "many-workloads",
                        "limits",
                        "accounting",
                        "eviction",
                        "size",
                        "life-expectancy",
                        "memory",
                        "reboots",
                        "governance",
                        "unexpected",
                        "attackers");
        assertThat(answers).allSatisfy(answer -> {
            assertThat(answer.claims()).isNotEmpty();
            assertThat(answer.conclusions()).isNotEmpty().allSatisfy(conclusion -> {
                assertThat(conclusion.sentence())
                        .endsWith(".")
                        .doesNotContain("NaN")
                        .doesNotContain("Infinity");
                assertThat(conclusion.verdict()).isNotEmpty();
            });
            answer.tables()
                    .forEach(table -> assertThat(table.rows())
                            .allSatisfy(row -> assertThat(row).hasSameSizeAs(table.columns())));
            answer.plots()
                    .forEach(plot -> assertThat(plot.series())
                            .allSatisfy(series -> assertThat(series.points()).hasSameSizeAs(plot.places())));
        });
        assertThat(answers.getFirst().conclusions().getFirst().verdict()).isEqualTo("user space");
    }

    @Test
    void thePageIsWellFormedNeedsNothingElseAndShowsNamesAsTheyAre() throws Exception {
        Cells cells = Studies.run(Studies.plan(List.of(HOSTILE, "w"), 3), 3, Studies::madeUp);
        String html = HtmlReport.of(new Results(cells), answers(cells));

        Document page = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(html.getBytes(StandardCharsets.UTF_8)));

        assertThat(page.getElementsByTagName("script").getLength()).isZero();
        assertThat(page.getElementsByTagName("link").getLength()).isZero();
        assertThat(page.getElementsByTagName("img").getLength()).isZero();
        assertThat(html).doesNotContain("onload='x'").doesNotContain("\u202e");
        assertThat(html.replace("http://www.w3.org/2000/svg", "")).doesNotContain("http://", "https://", "url(");
        NodeList figures = page.getElementsByTagName("figure");
        assertThat(figures.getLength()).isGreaterThan(8);
        for (Element figure : elements(figures)) {
            for (String part : List.of("svg", "title", "desc", "table", "figcaption")) {
                assertThat(figure.getElementsByTagName(part).getLength())
                        .as(part)
                        .isEqualTo(1);
            }
        }
        Set<String> ids = new HashSet<>();
        for (Element element : elements(page.getElementsByTagName("*"))) {
            if (element.hasAttribute("id")) {
                assertThat(ids.add(element.getAttribute("id"))).isTrue();
            }
        }
        for (Element link : elements(page.getElementsByTagName("a"))) {
            assertThat(ids).contains(link.getAttribute("href").substring(1));
        }
        assertThat(page.getDocumentElement().getTextContent())
                .contains("<script>alert(1)</script>")
                .doesNotContain("NaN");
    }

    @Test
    void howSteadyCostsWereMeasuredIsShown() {
        Cells cells = Studies.run(Studies.plan(List.of("w"), 1), 1, Studies::madeUp);

        assertThat(HtmlReport.of(new Results(cells), answers(cells)))
                .containsPattern("einit</t[hd]>(<td[^>]*>1\\.00 µs</td>){3}<td[^>]*>1\\.25</td>")
                .containsPattern("socket</t[hd]>(<td[^>]*>1\\.00 µs</td>){3}<td[^>]*></td>");
        assertThat(JsonReport.of(new Results(cells), answers(cells), COMPLEXITY).get("costs"))
                .isInstanceOfSatisfying(
                        Map.class, costs -> assertThat(costs.get("spread")).isEqualTo(Map.of("einit", 1.25)));
    }

    private static List<Element> elements(NodeList list) {
        return IntStream.range(0, list.getLength())
                .mapToObj(i -> (Element) list.item(i))
                .toList();
    }

    @Test
    void theTableIsThatOfRfc4180() {
        Cells cells = Studies.run(Studies.plan(List.of(HOSTILE + "\nx"), 2), 2, Studies::madeUp);

        List<List<String>> table = parse(CsvReport.of(new Results(cells)));

        assertThat(table.getFirst())
                .contains("workload", "placement", "scheme", "limitBytes", "hitRatio", "optimalHitRatio", "fairness");
        assertThat(table)
                .hasSize(1 + cells.plan().designs().size())
                .allSatisfy(row -> assertThat(row).hasSameSizeAs(table.getFirst()));
        assertThat(table.subList(1, table.size()))
                .allSatisfy(row -> assertThat(row.getFirst()).isEqualTo(HOSTILE + "\nx"));
    }

    /** RFC 4180, section 2. */
    private static List<List<String>> parse(String csv) {
        List<List<String>> table = new ArrayList<>();
        List<String> row = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < csv.length(); i++) {
            char c = csv.charAt(i);
            if (quoted && c == '"' && i + 1 < csv.length() && csv.charAt(i + 1) == '"') {
                field.append('"');
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && c == ',') {
                row.add(field.toString());
                field.setLength(0);
            } else if (!quoted && c == '\r' && csv.charAt(i + 1) == '\n') {
                row.add(field.toString());
                field.setLength(0);
                table.add(List.copyOf(row));
                row.clear();
                i++;
            } else {
                field.append(c);
            }
        }
        assertThat(field).isEmpty();
        return table;
    }

    @Test
    void theDocumentHasTheFiguresAndTheirSpread() {
        Cells cells = Studies.run(Studies.plan(List.of("w"), 3), 1, with(Placement.USER, 2000, 100));

        Map<String, Object> document = JsonReport.of(new Results(cells), answers(cells), COMPLEXITY);

        assertThat(document).containsEntry("finishedCells", cells.plan().size()).containsKeys("answers", "costs");
        assertThat((List<?>) document.get("cells"))
                .hasSize(cells.plan().designs().size())
                .allSatisfy(row -> assertThat((Map<?, ?>) row)
                        .extracting(
                                "workload", "hitRatio", "optimalHitRatio", "leCalls", "revokeMicros", "rebootLeCalls")
                        .containsExactly("w", 0.5, 1L, 500L, 5L, 10L));
        assertThat((List<?>) document.get("cells"))
                .filteredOn(row -> "user".equals(((Map<?, ?>) row).get("placement")))
                .isNotEmpty()
                .allSatisfy(row -> {
                    assertThat(((Map<?, ?>) row).get("p50Micros")).isEqualTo(2.2);
                    assertThat(((Map<?, ?>) row).get("p99Micros")).isEqualTo(6.6);
                    assertThat(((Map<?, ?>) row).get("fairness")).isEqualTo(1L);
                    assertThat(((Map<?, ?>) row).get("charging")).isEqualTo(Charging.OWN.toString());
                    assertThat(((Map<?, ?>) row).get("spread"))
                            .extracting("meanMicros")
                            .isEqualTo(Map.of("min", 2.1, "max", 2.3, "standardDeviation", 0.1));
                });
        assertThat((List<?>) document.get("cells"))
                .anySatisfy(row ->
                        assertThat(((Map<?, ?>) row).get("knowledge")).isEqualTo(Knowledge.LAST_LAUNCH.toString()));
    }

    @Test
    void aStudyThatIsNotFinishedSaysSo() {
        Cells none = Cells.inMemory(Studies.plan(List.of("w"), 2));

        String html = HtmlReport.of(new Results(none), answers(none));

        assertThat(html)
                .contains("Unfinished: 0 of %d cells".formatted(none.plan().size()));
        assertThat(CsvReport.of(new Results(none)).lines()).hasSize(1);
    }
}
