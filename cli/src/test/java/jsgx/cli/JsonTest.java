package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.avaje.json.mapper.JsonMapper;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {

    @Test
    void fieldsStandInTheirOrderAndNothingIsLeftOut() {
        Json json = new Json()
                .put("z", "0x24")
                .put("a", null)
                .put("n", Long.MAX_VALUE)
                .put("t", true)
                .put("d", 1.5)
                .put("l", List.of())
                .put("o", new Json());

        assertThat(json.toString().replaceAll("\\s", ""))
                .isEqualTo(
                        "{\"z\":\"0x24\",\"a\":null,\"n\":9223372036854775807,\"t\":true,\"d\":1.5,\"l\":[],\"o\":{}}");
    }

    @Test
    void textFromAFileNameCannotBreakOut() {
        String hostile = "a\"b\\c\nd\u0000e\u001bf\u2028g\ud83d\ude00";

        String text = new Json().put("name", hostile).toString();

        assertThat(JsonMapper.builder().build().fromJsonObject(text)).isEqualTo(Map.of("name", hostile));
        assertThat(text).doesNotContain("\u001b").doesNotContain("\u0000");
    }

    @Test
    void listsHoldDocuments() {
        Json json = new Json().put("steps", List.of(new Json().put("name", "cold"), new Json().put("name", "again")));

        assertThat(JsonMapper.builder().build().fromJsonObject(json.toString()))
                .isEqualTo(Map.of("steps", List.of(Map.of("name", "cold"), Map.of("name", "again"))));
    }

    @Test
    void whatHasNoJsonIsAFaultOfTheProgram() {
        assertThatThrownBy(() -> new Json().put("x", new Object()).toString())
                .isInstanceOf(IllegalArgumentException.class);
    }
}
