package jsgx.host.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.avaje.json.mapper.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class LogLinesTest {

    private static LogRecord logged(String message, Object... parameters) {
        LogRecord entry = new LogRecord(Level.INFO, message);
        entry.setLoggerName("jsgx.host.aesm.AesmService");
        entry.setInstant(Instant.parse("2026-11-23T12:00:00.123456Z"));
        entry.setParameters(parameters);
        return entry;
    }

    private static String text(LogRecord entry) {
        return TextLines.of(Entry.of(entry));
    }

    private static Map<String, Object> json(LogRecord entry) {
        String line = JsonLines.of(Entry.of(entry));
        assertThat(line).endsWith("\n").doesNotContain("\n{");
        assertThat(line.indexOf('\n')).isEqualTo(line.length() - 1);
        return JsonMapper.builder().build().fromJsonObject(line);
    }

    @Test
    void aLineHasTimeLevelServiceMessageAndFields() {
        LogRecord entry =
                logged("listens", Field.of("socket", "/run/x"), Field.of("who", "a b"), Field.of("empty", ""));

        assertThat(text(entry))
                .isEqualTo("2026-11-23T12:00:00.123Z info    aesm     listens socket=/run/x who=\"a b\" empty=\"\"\n");
        assertThat(json(entry))
                .containsEntry("time", "2026-11-23T12:00:00.123Z")
                .containsEntry("level", "info")
                .containsEntry("service", "aesm")
                .containsEntry("message", "listens")
                .containsEntry("socket", "/run/x");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\n2026-11-23T12:00:00Z info    host     all is well",
                "\r\n",
                "\u001b[2J",
                "\u2028",
                "\u2029",
                "\u202e",
                "\u0085",
                "\u0000",
                "\ud800",
                "\" level=\"error",
                "{\"level\":\"error\"}",
                "back\\slash"
            })
    void whatComesFromOutsideMakesNoLineOfItsOwn(String hostile) {
        LogRecord entry = logged("refused " + hostile, Field.of("peer", hostile), Field.of("after", "it"));

        String text = text(entry);
        assertThat(text.strip().lines()).hasSize(1);
        assertThat(text.substring(0, text.length() - 1).codePoints())
                .noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT);
        assertThat(text).endsWith(" after=it\n");
        assertThat(json(entry)).containsEntry("level", "info").containsEntry("after", "it");
    }

    @Test
    void aFieldTakesNoPlaceOfTheLinesOwn() {
        assertThat(json(logged("x", Field.of("level", "error"), Field.of("time", "never"))))
                .containsEntry("level", "info")
                .containsEntry("time", "2026-11-23T12:00:00.123Z");
    }

    @Test
    void whatWentWrongIsToldWithItsCause() {
        LogRecord entry = logged("fails");
        entry.setThrown(new IllegalStateException("outer", new IllegalArgumentException("in\nner")));

        assertThat(text(entry))
                .contains("java.lang.IllegalStateException: outer")
                .contains("caused by java.lang.IllegalArgumentException: in\\u000aner");
        assertThat(String.valueOf(json(entry).get("trace"))).contains("caused by");
    }

    @Test
    void aLibrarysPatternIsFilledIn() {
        LogRecord entry = logged("port {0}", 80);
        entry.setLoggerName("io.helidon.webserver.ServerListener");

        assertThat(text(entry)).endsWith("info    ServerListener port 80\n");
        // A message of ours with braces is a text.
        assertThat(text(logged("port {0}", Field.of("a", 1)))).endsWith("port {0} a=1\n");
    }

    @Test
    void whatIsLoggedGoesToTheStreamInTheFormatOfTheMoment() {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        // No other test of this JVM listens to this logger.
        System.Logger logger = System.getLogger("jsgx.host.testing");
        try (Logging logging = Logging.to(stream, false, System.Logger.Level.INFO)) {
            logger.log(System.Logger.Level.INFO, "first");
            logger.log(System.Logger.Level.DEBUG, "not told");
            logging.set(true, System.Logger.Level.DEBUG);
            logger.log(System.Logger.Level.DEBUG, "second");
        }
        logger.log(System.Logger.Level.INFO, "after the end");

        assertThat(stream.toString(StandardCharsets.UTF_8))
                .contains("testing  first\n")
                .contains("\"message\":\"second\"")
                .doesNotContain("not told")
                .doesNotContain("after the end");
    }
}
