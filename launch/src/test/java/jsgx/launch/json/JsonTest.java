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
                "{\"a\":1,\"a\":2}    | a name is there twice in one object, at character 8",
                "{\"a\":null,\"a\":1} | a name is there twice in one object, at character 11",
                "{\"b\":{\"a\":1,\"\\u0061\":1}} | a name is there twice in one object, at character 13",
                "{\"a\":1,}          | no JSON: a string is missing, at character 8",
                "{,\"a\":1}          | no JSON: a string is missing, at character 2",
                "{\"a\":1 \"b\":1}    | no JSON: \"}\" is missing, at character 8",
                "{\"a\":[1,]}        | no JSON: no value",
                "{\"a\":[,1]}        | no JSON: no value",
                "{\"a\":[1}}         | no JSON: \"]\" is missing, at character 8",
                "{\"a\" 1}           | no JSON: \":\" is missing, at character 6",
                "{a:1}              | no JSON: a string is missing",
                "{\"a\":truex}       | no JSON: \"}\" is missing, at character 10",
                "{\"a\":nullx}       | no JSON: \"}\" is missing, at character 10",
                "{\"a\":tru}         | no JSON: no value",
                "{\"a\":01}          | no JSON: \"}\" is missing",
                "{\"a\":+1}          | no JSON: no value",
                "{\"a\":.5}          | no JSON: no value",
                "{\"a\":1.}          | no JSON: no value",
                "{\"a\":1e}          | no JSON: no value",
                "{\"a\":-}           | no JSON: no value",
                "{\"a\":\"\\x\"}      | no JSON: expected an escape of JSON in a string, at character 8",
                "{\"a\":\"\\u12g4\"}  | no JSON: expected four hex digits in a string, at character 11",
                "{\"a\":\"\\ud800\"}  | half of a surrogate pair stands in a string, at character 6",
                "{\"a\":\"\\udc00\\ud800\"}  | half of a surrogate pair",
                "{\"\\ud800\":1}      | half of a surrogate pair",
                "{\"a\":12345678901234567890} | a whole number beyond 64 bits, at character 6",
                "{\"a\":-9223372036854775809} | a whole number beyond 64 bits",
                "{\"a\":1e999}       | a number beyond what 64 bits of floating point hold, at character 6",
                "{\"a\":-1e999}      | a number beyond what 64 bits of floating point hold",
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
    @ValueSource(strings = {"\n", "\r", "\t", "\u0000", "\u001f"})
    void aControlCharacterInAStringIsRefused(String control) {
        assertThatThrownBy(() -> Json.parse("{\"a\":\"" + control + "\"}"))
                .isInstanceOf(MalformedJson.class)
                .hasMessage("no JSON: expected an escaped control character in a string, at character 7");
        assertThatThrownBy(() -> Json.parse("{\"a" + control + "\":1}")).isInstanceOf(MalformedJson.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u2007", "\u202f", "\u00a0", "\u2028", "\u000b", "\u000c", "\ufeff"})
    void onlyTheFourBlanksOfJsonAreBlanks(String blank) throws MalformedJson {
        assertThatThrownBy(() -> Json.parse(blank + "{\"a\":1}")).isInstanceOf(MalformedJson.class);
        assertThatThrownBy(() -> Json.parse(blank + "{\"a\":1} x")).isInstanceOf(MalformedJson.class);
        assertThatThrownBy(() -> Json.parse("{\"a\":1}" + blank)).isInstanceOf(MalformedJson.class);
        assertThatThrownBy(() -> Json.parse("{\"a\":" + blank + "1}")).isInstanceOf(MalformedJson.class);
        assertThat(Json.parse(" \t\r\n{ \t\r\n\"a\" \t\r\n: \t\r\n1 \t\r\n} \t\r\n"))
                .isEqualTo(Map.of("a", 1L));
    }

    @ParameterizedTest
    @CsvSource({
        "9007199254740993, 9007199254740993",
        "9223372036854775807, 9223372036854775807",
        "-9223372036854775808, -9223372036854775808",
        "-0, 0",
        "2.0, 2",
        "1e3, 1000",
    })
    void aWholeNumberIsReadToTheLastDigit(String written, long read) throws MalformedJson {
        assertThat(Json.parse("{\"a\":" + written + "}")).isEqualTo(Map.of("a", read));
    }

    @ParameterizedTest
    @CsvSource({"0.1, 0.1", "-2.5E-3, -0.0025", "1e20, 1e20", "9007199254740993.0, 9007199254740992.0"})
    void anotherNumberIsTheNearestDouble(String written, double read) throws MalformedJson {
        assertThat(Json.parse("{\"a\":" + written + "}")).isEqualTo(Map.of("a", read));
    }

    @Test
    void everyEscapeIsRead() throws MalformedJson {
        assertThat(Json.parse("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83D\\ude00\"}"))
                .isEqualTo(Map.of("a", "\"\\/\b\f\n\r\t\u00e4\ud83d\ude00"));
        assertThat(Json.parse("{\"\":[],\"o\":{}}")).isEqualTo(Map.of("", List.of(), "o", Map.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"a\":"})
    void aDeepTextIsRefusedBeforeItIsRead(String bracket) {
        assertThatThrownBy(() -> Json.parse(bracket.repeat(1_000_000)))
                .isInstanceOf(MalformedJson.class)
                .hasMessageStartingWith("nested deeper than 16 levels, at character ");
    }
}
