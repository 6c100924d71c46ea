package jsgx.study.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CostsFileTest {

    @TempDir
    Path folder;

    @Test
    void whatIsWrittenIsRead() throws Exception {
        CostsFile written = costs();
        Path file = Files.writeString(folder.resolve("costs.json"), written.json());
        CostsFile read = CostsFile.read(file);
        for (Step step : Step.values()) {
            assertThat(read.costs().times(step)).containsExactly(written.costs().times(step));
        }
        assertThat(read.costs().machine()).isEqualTo("a machine with \"quotes\"");
        assertThat(read.measured()).isEqualTo(written.measured());
        assertThat(read.launchEnclave()).isEqualTo("java");
        assertThat(read.spread()).isEqualTo(written.spread());
        assertThat(read.json()).isEqualTo(written.json());
    }

    @Test
    void theMapIsTheDocument() throws CostsException {
        assertThat(CostsFile.of(costs().toMap()).json()).isEqualTo(costs().json());
    }

    @Test
    void aUserMayPutOneTimeInPlaceOfMany() throws Exception {
        String edited =
                costs().json().replaceFirst("\"launch-enclave\":.*", "\"launch-enclave\": {\"nanos\": [400000]},");
        CostsFile read = CostsFile.read(Files.writeString(folder.resolve("costs.json"), edited));
        assertThat(read.costs().times(Step.LAUNCH_ENCLAVE)).containsExactly(400_000);
        assertThat(read.spread()).doesNotContainKey(Step.LAUNCH_ENCLAVE);
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    "jsgx-costs"            | "jsgx-trace"               | format: expected "jsgx-costs", found "jsgx-trace"
                    "version": 3            | "version": 2               | version: expected 3, found 2, whose steps are others
                    "version": 3            | "version": 4               | version: expected 3, found 4, which a newer jsgx reads
                    "version": 3            | "version": "3"             | version: expected a whole number
                    "unit": "ns"            | "unit": "us"               | unit: expected "ns", found "us"
                    "unit": "ns"            | "unit": "ns", "x": 1       | there is no field ""x""
                    "unit": "ns"            | "unit": "ns", "unit": "ns" | a name is there twice
                    "govern": {             | "gouvern": {               | there is no step ""gouvern""
                    "nanos":[5,6            | "nanos":[-5,6              | expected 0 to 3600000000000 nanoseconds, an hour, found -5
                    "nanos":[5,6            | "nanos":[3600000000001,6   | expected 0 to 3600000000000 nanoseconds, an hour, found 3600000000001
                    "nanos":[5,6            | "nanos":[5.5,6             | expected a whole number, found 5.5
                    "nanos":[5,6            | "nanos":["5",6             | expected a whole number, found "5"
                    "nanos":[5,6,           | "nanos":[1e300,6,          | an hour
                    "spread":1.5            | "spread":0.5               | spread: expected a number of 1 or more
                    2026-11-23T12:00:00Z    | yesterday                  | measured: expected a time
                    """)
    void whatNoStepCanCostIsRefused(String good, String bad, String told) throws IOException {
        String json = costs().json();
        String changed = json.replace(good, bad);
        if (changed.equals(json)) {
            changed = json.replace(good.replace(": ", ":"), bad);
        }
        assertThat(changed).isNotEqualTo(json);
        Path file = Files.writeString(folder.resolve("costs.json"), changed);
        assertThatThrownBy(() -> CostsFile.read(file))
                .isInstanceOf(CostsException.class)
                .hasMessageContaining(told)
                .hasMessageStartingWith(file.toString());
    }

    @Test
    void aStepThatIsMissingIsNamed() throws IOException {
        String json = costs().json().replaceFirst("    \"socket\".*\n", "");
        Path file = Files.writeString(folder.resolve("costs.json"), json);
        assertThatThrownBy(() -> CostsFile.read(file)).hasMessageContaining("the step \"socket\" is missing");
    }

    @Test
    void anEmptyListOfTimesIsRefused() throws IOException {
        String json = costs().json().replaceFirst("\"nanos\":\\[[^]]*\\]", "\"nanos\":[]");
        Path file = Files.writeString(folder.resolve("costs.json"), json);
        assertThatThrownBy(() -> CostsFile.read(file)).hasMessageContaining("expected a list of 1 to 100000");
    }

    @ParameterizedTest
    @CsvSource({"''", "{", "[]", "7", "'{}'", "'[[[[[[[[[[[['", "'{\"format\":'"})
    void whatIsNoCostsFileIsRefused(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("costs.json"), text);
        assertThatThrownBy(() -> CostsFile.read(file))
                .isInstanceOf(CostsException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        String json = costs().json().strip();
        Path file = folder.resolve("costs.json");
        for (int length = 0; length < json.length(); length++) {
            Files.writeString(file, json.substring(0, length));
            assertThatThrownBy(() -> CostsFile.read(file)).isInstanceOf(CostsException.class);
        }
    }

    @Test
    void aFileThatIsNotThereIsTold() {
        assertThatThrownBy(() -> CostsFile.read(folder.resolve("none.json")))
                .isInstanceOf(CostsException.class)
                .hasMessageEndingWith(
                        "none.json: there is no such file; make one with  jsgx study calibrate --out none.json");
    }

    private static CostsFile costs() {
        Map<Step, long[]> nanos = new EnumMap<>(Step.class);
        Map<Step, Double> spread = new EnumMap<>(Step.class);
        for (Step step : Step.values()) {
            nanos.put(step, new long[] {5, 6, 7 + step.ordinal()});
            spread.put(step, 1.5);
        }
        return new CostsFile(
                new Costs("a machine with \"quotes\"", nanos), Instant.parse("2026-11-23T12:00:00Z"), "java", spread);
    }
}
