package jsgx.launch.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import jsgx.launch.audit.FlatJson;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Strings are read in one way, whichever of the two readers of objects comes to them. */
@Timeout(60)
class JsonStringsTest {

    private static String object(String string) {
        return "{\"a\":" + string + "}";
    }

    private static Object flat(String string) throws FlatJson.Malformed {
        return FlatJson.parse(object(string)).firstEntry().getValue().value();
    }

    private static void assertRead(String string, String value) throws Exception {
        assertThat(Json.parse(object(string))).isEqualTo(Map.of("a", value));
        assertThat(flat(string)).isEqualTo(value);
    }

    @Test
    void everyEscapeIsRead() throws Exception {
        assertRead("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u00E4\\u0000\"", "\"\\/\b\f\n\r\t\u00e4\u00e4\u0000");
        assertRead("\"\\uD83D\\ude00\"", "\ud83d\ude00");
        assertRead("\"\ud83d\ude00\u007f\u2028\"", "\ud83d\ude00\u007f\u2028");
        assertRead("\"plain\\tand plain\"", "plain\tand plain");
        assertRead("\"\"", "");
        assertThat(FlatJson.parse("{\"\\u0061\\\"\":1}")).containsOnlyKeys("a\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\\u\u0660\u0660\u0664\u0661",
                "\\u004\u0661",
                "\\u\uff10\uff10\uff14\uff11",
                "\\u00\uff26\uff26",
                "\\u00g1",
                "\\u+041",
                "\\u 041",
                "\\u004"
            })
    void digitsAreAsciis(String escape) {
        String string = "\"" + escape + "\"";
        assertThatThrownBy(() -> flat(string))
                .isInstanceOf(FlatJson.Malformed.class)
                .hasMessageStartingWith("expected four hex digits, found \"");
        assertThatThrownBy(() -> Json.parse(object(string)))
                .isInstanceOf(MalformedJson.class)
                .hasMessageStartingWith("no JSON: expected four hex digits in a string, at character ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"\\x\" | 8 | expected an escape of JSON, found \"x\"",
                "\"\\U0041\" | 8 | expected an escape of JSON, found \"U\"",
                "\"b\\u12g4\" | 12 | expected four hex digits, found \"g\"",
                "`\"b\t\"` | 8 | expected an escaped control character, found \"U+0009\"",
                "`\"\\n\u0000\"` | 9 | expected an escaped control character, found \"U+0000\"",
            })
    void whatIsWrongIsToldWithItsPlace(String string, int column, String told) {
        assertThatThrownBy(() -> flat(string))
                .hasMessage(told)
                .satisfies(e -> assertThat(((FlatJson.Malformed) e).column()).isEqualTo(column));
        assertThatThrownBy(() -> Json.parse(object(string))).hasMessageEndingWith(", at character " + column);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"", "\"b", "\"\\", "\"\\u", "\"\\u004", "\"b\\n"})
    void aStringThatDoesNotEndIsNone(String start) {
        assertThatThrownBy(() -> FlatJson.parse("{\"a\":" + start)).hasMessage("expected more, found the end");
        assertThatThrownBy(() -> Json.parse("{\"a\":" + start))
                .hasMessageStartingWith("no JSON: the text ends too early, at character ");
    }

    /** Lines of the audit trail and of traces have whatever a workload is called. */
    @ParameterizedTest
    @ValueSource(strings = {"\\ud800", "\\udc00\\ud800", "b\\udfffb"})
    void halfASurrogatePairIsReadInLinesAlone(String half) throws Exception {
        String string = "\"" + half + "\"";
        assertThat((String) flat(string)).containsPattern("[\ud800-\udfff]");
        assertThatThrownBy(() -> Json.parse(object(string))).hasMessageContaining("half of a surrogate pair");
    }
}
