package jsgx.study.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of parameters: what is impossible is told with its place and what is possible. */
@Timeout(60)
class WorkloadFileTest {

    private static final String FILE = """
            workload: mine
            question: Which one?
            duration: 1h
            groups:
              - name: app
                enclaves: 10
                launches: 100
            """;

    @Test
    void whatIsShippedCanBeEdited() throws Exception {
        for (String name : Workloads.names()) {
            String text = WorkloadFile.text(name);
            assertThat(text).contains("workload: " + name + "\n");
            assertThat(read(text).name()).isEqualTo(name);
        }
    }

    @Test
    void parametersThatAreLeftOutHaveTheirDefaults() throws Exception {
        Workload workload = read(FILE);

        assertThat(workload.question()).isEqualTo("Which one?");
        assertThat(workload.trace(1, 1).size()).isEqualTo(100);
        assertThat(workload.trace(1, 1).enclaves()).isEqualTo(10);
        assertThat(workload.sha256()).isEqualTo(read(FILE).sha256());
        assertThat(workload.sha256())
                .isNotEqualTo(read(FILE.replace("100", "101")).sha256());
    }

    static Stream<Arguments> impossible() {
        return Stream.of(
                Arguments.of("", "w.yaml:1:1: an empty file"),
                Arguments.of(FILE.replace("mine", "My own"), "w.yaml:1:11: expected a name of lower-case letters"),
                Arguments.of(FILE.replace("1h", "1"), "w.yaml:3:11: expected a time such as"),
                Arguments.of(FILE.replace("1h", "99999d"), "w.yaml:3:11: expected a time such as"),
                Arguments.of(FILE.replace("100", "0"), "w.yaml:7:15: expected a whole number from 1 to"),
                Arguments.of(FILE.replace("100", "-5"), "w.yaml:7:15: expected a whole number from 1 to"),
                Arguments.of(FILE.replace("100", "1e99"), "w.yaml:7:15: expected a whole number from 1 to"),
                Arguments.of(FILE.replace("100", "999999999999"), "w.yaml:7:15: expected a whole number from 1 to"),
                Arguments.of(FILE.replace("launches", "lunches"), "did you mean \"launches\"?"),
                Arguments.of(FILE + "    popularity: 11\n", "w.yaml:8:17: expected Zipf's exponent from 0"),
                Arguments.of(FILE + "    popularity: NaN\n", "w.yaml:8:17: expected Zipf's exponent from 0"),
                Arguments.of(FILE + "    popularity: once\n", "leave enclaves out"),
                Arguments.of(FILE + "    arrivals: often\n", "expected one of diurnal, even, poisson"),
                Arguments.of(FILE + "    boot: 11\n", "at most as many as it has enclaves, 10, found 11"),
                Arguments.of(FILE + "    reboots: 1\n", "expected machines: guests"),
                Arguments.of(FILE + "    machines: guests\n    migrations: 1\n", "expected hosts: 2 or more"),
                Arguments.of(FILE + "    from: 50%\n    to: 50%\n", "an end after the beginning"),
                Arguments.of(FILE + "    to: 101%\n", "w.yaml:8:9: expected a part of the run from 0% to 100%"),
                Arguments.of(
                        FILE + "    bursts: {launches: 101, length: 1s}\n", "at most the 100 launches of the group"),
                Arguments.of(FILE + "    bursts: {launches: 5, length: 2h}\n", "no longer than the whole run"),
                Arguments.of(
                        FILE + "events:\n  - {at: 10%, event: lower-cpusvn}\n",
                        "expected raise-cpusvn at an earlier time"),
                Arguments.of(
                        FILE + "events:\n  - {at: 10%, event: revoke, group: app, enclaves: 11}\n", "from 1 to 10"),
                Arguments.of(FILE + "events:\n  - {at: 10%, event: revoke, group: ap}\n", "did you mean \"app\"?"),
                Arguments.of(FILE + "events:\n  - {at: 10%, event: reboot, host: 1}\n", "expected 0, found \"1\""),
                Arguments.of(FILE + "events:\n  - {at: 10%, event: launch}\n", "there is no \"launch\" here"),
                Arguments.of(FILE + FILE.substring(FILE.indexOf("  - name")), "expected each group once"),
                Arguments.of(
                        FILE + "    machines: guests\n    workloads: 100000\n    boot: 10\n    reboots: 100000\n",
                        "expected at most 536870912 events in all, found 110001000100"),
                Arguments.of(
                        "hosts: 2\n" + FILE + "    machines: guests\n    workloads: 10000\n    migrations: 100000\n",
                        "expected at most 536870912 events in all, found 1000000100"),
                Arguments.of(
                        FILE.replace("enclaves: 10", "enclaves: 10000000")
                                + "events:\n"
                                + "  - {at: 10%, event: revoke, group: app, enclaves: 10000000}\n".repeat(54),
                        "expected at most 536870912 events in all, found 540000100"),
                Arguments.of(
                        "hosts: 10000\n" + FILE.replace("launches: 100", "launches: 536870912")
                                + "events:\n  - {at: 10%, event: reboot}\n",
                        "expected at most 536870912 events in all, found 536880912"),
                Arguments.of("groups: &a [*a]\n", "an anchor"),
                Arguments.of("\u0000", "U+0000"));
    }

    @ParameterizedTest
    @MethodSource("impossible")
    void whatIsImpossibleIsRefusedWithWhatIsPossible(String text, String message) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(WorkloadException.class)
                .hasMessageContaining(message);
    }

    @Test
    void allOfItIsToldAtOnceEachWithACaret() {
        assertThatThrownBy(() -> read(FILE.replace("1h", "soon").replace("100", "many")))
                .isInstanceOfSatisfying(WorkloadException.class, e -> {
                    assertThat(e.errors()).hasSize(2);
                    assertThat(e.errors())
                            .allSatisfy(error -> assertThat(error.snippet()).endsWith("^"));
                });
    }

    private static Workload read(String text) throws WorkloadException {
        return WorkloadFile.read("w.yaml", text.getBytes(StandardCharsets.UTF_8));
    }
}
