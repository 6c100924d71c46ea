package jsgx.launch.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class JsonTest {

    @Test
    void fieldsStandInTheirOrderAndNothingIsLeftOut() {
        Json json = new Json()
                .put("z", "0x24")
                .put("a", null)
                .put("n", Long.MAX_VALUE)
                .put("t", true)
                .put("d", 1.5)
                .put("nan", Double.NaN)
                .put("l", List.of())
                .put("s", new TreeSet<>(List.of("b", "a")))
                .put("o", new Json());
        String line =
                "{\"z\":\"0x24\",\"a\":null,\"n\":9223372036854775807,\"t\":true,\"d\":1.5,\"nan\":null,\"l\":[],\"s\":[\"a\",\"b\"],\"o\":{}}";

        assertThat(json.line()).isEqualTo(line);
        assertThat(json).hasToString(line);
        assertThat(json.pretty().replaceAll("\\s", "")).isEqualTo(line);
        assertThat(json.pretty().lines().count()).isGreaterThan(5);
    }

    @Test
    void textFromAFileNameCannotBreakOut() throws MalformedJson {
        String hostile = "a\"b\\c\nd\u0000e\u001bf\u2028g\ud83d\ude00";

        String text = new Json().put("name", hostile).line();

        assertThat(Json.parse(text)).isEqualTo(Map.of("name", hostile));
        assertThat(text)
                .doesNotContain("\u001b")
                .doesNotContain("\u0000")
                .doesNotContain("\n")
                .isEqualTo("{\"name\":" + Json.line(hostile) + "}");
    }

    @Test
    void documentsHoldDocuments() throws MalformedJson {
        Json json = new Json()
                .putAll(new Json().put("steps", List.of(new Json().put("name", "cold"), Map.of("name", "again"))))
                .putAll(Map.of("more", Map.of("a", 1)));

        assertThat(Json.parse(json.line()))
                .isEqualTo(Map.of(
                        "steps", List.of(Map.of("name", "cold"), Map.of("name", "again")), "more", Map.of("a", 1L)));
    }

    @Test
    void whatHasNoJsonIsAFaultOfTheProgram() {
        assertThatThrownBy(() -> new Json().put("x", new Object()).toString())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatAnObjectSaysIsRead() throws MalformedJson {
        Map<String, @Nullable Object> expected = new LinkedHashMap<>();
        expected.put("z", 1L);
        expected.put("a", List.of(-2L, 1.5, true, "}{"));

        Map<String, ?> read = Json.parse(" {\"z\":1, \"a\":[-2,1.5,true,\"}{\"], \"n\":null }\r\n ");

        expected.put("n", null);
        assertThat(read).isEqualTo(expected);
        assertThat(read.keySet()).containsExactly("z", "a", "n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"a\":1,\"a\":2}    | 'a' has multiple values, at character",
                "{\"a\":1}{\"b\":2}   | behind the object, at character 8",
                "{\"a\":1} x          | behind the object, at character 9",
                "{\"a\":NaN}          | no JSON",
                "{\"a\":              | no JSON",
                "{\"a\":\"b           | no JSON",
                "{\"a\":\"\\u12\"}    | no JSON",
                "``                   | no JSON",
                "[]                   | no object",
                "7                    | no object",
                "]{\"a\":1}           | no JSON",
            })
    void whatIsNoObjectIsRefusedInOneLine(String text, String told) {
        assertThatThrownBy(() -> Json.parse(text))
                .isInstanceOf(MalformedJson.class)
                .hasMessageContaining(told)
                .satisfies(
                        e -> assertThat(String.valueOf(e.getMessage()).lines()).hasSize(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"a\":"})
    void aDeepTextIsRefusedBeforeItIsRead(String bracket) {
        assertThatThrownBy(() -> Json.parse(bracket.repeat(1_000_000)))
                .isInstanceOf(MalformedJson.class)
                .hasMessageStartingWith("nested deeper than 16 levels, at character ");
    }
}
