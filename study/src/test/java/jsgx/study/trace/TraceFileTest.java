package jsgx.study.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Trace files: what is written is read again, and what is no trace is refused with the place. */
@Timeout(60)
class TraceFileTest {

    private static final String HEAD = """
            {"jsgxTrace":1,"name":"two guests","packages":2}
            {"machine":"guest","package":0}
            {"workload":"shop","machine":"guest"}
            {"enclave":"cards"}
            """;

    @Test
    void whatIsWrittenIsReadAgain() throws Exception {
        TraceBuilder builder = new TraceBuilder("a \"trace\" \\ é", 2);
        int machine = builder.machine("guest", 1);
        int workload = builder.workload("shop", machine);
        int attacker = builder.workload("flood", machine);
        builder.attacks(attacker);
        int enclave = builder.enclave(Tests.identity(1));
        int other = builder.enclave(Tests.identity(2));
        builder.add(0, Event.LAUNCH, workload, enclave);
        builder.add(0, Event.LAUNCH, workload, other);
        builder.add(5, Event.REBOOT, machine, 0);
        builder.add(6, Event.MIGRATE, machine, 0);
        builder.add(7, Event.ROTATE_LAUNCH_ENCLAVE, 1, 0);
        builder.add(8, Event.RAISE_CPUSVN, 1, 0);
        builder.add(9, Event.LOWER_CPUSVN, 1, 0);
        builder.add(10, Event.REVOKE, 0, enclave);
        builder.add(11, Event.REINSTATE, 0, enclave);
        builder.add(1L << 50, Event.LAST_LAUNCH, workload, other);
        Trace trace = builder.build();

        Trace again = read(text(trace));

        assertThat(again.name()).isEqualTo(trace.name());
        assertThat(again.processors()).isEqualTo(2);
        assertThat(again.machines()).isEqualTo(trace.machines());
        assertThat(again.processor(0)).isEqualTo(1);
        assertThat(again.workloads()).isEqualTo(trace.workloads());
        assertThat(again.machine(0)).isZero();
        assertThat(again.attacks(workload)).isFalse();
        assertThat(again.attacks(attacker)).isTrue();
        assertThat(again.enclaves()).isEqualTo(2);
        assertThat(again.identity(1)).isEqualTo(Tests.identity(2));
        assertThat(again.size()).isEqualTo(trace.size());
        for (int i = 0; i < trace.size(); i++) {
            assertThat(again.micros(i)).isEqualTo(trace.micros(i));
            assertThat(again.event(i)).isEqualTo(trace.event(i));
            assertThat(again.subject(i)).isEqualTo(trace.subject(i));
            assertThat(again.object(i)).isEqualTo(trace.object(i));
        }
        assertThat(text(again))
                .isEqualTo(text(trace))
                .contains("{\"micros\":11,\"event\":\"reinstate\",\"enclave\":\"0\"}\n");
    }

    @Test
    void membersStandInAnyOrderWithBlanksBetween() throws Exception {
        Trace trace = read(
                HEAD
                        + " { \"workload\" : \"shop\" , \"enclave\":\"cards\",\t\"event\":\"launch\",\"micros\": 7 } \r\n{\"end\":1}");

        assertThat(trace.size()).isEqualTo(1);
        assertThat(trace.micros(0)).isEqualTo(7);
    }

    static Stream<Arguments> wrong() {
        String launch = "{\"micros\":5,\"event\":\"launch\",\"workload\":\"shop\",\"enclave\":\"cards\"}\n";
        return Stream.of(
                Arguments.of("", "t.jsonl: expected a trace", "empty file"),
                Arguments.of("\n", "t.jsonl:1:1", "the end"),
                Arguments.of("[]", "t.jsonl:1:1", "expected \"{\", found \"[\""),
                Arguments.of("{\"jsgxTrace\":2,\"name\":\"x\",\"packages\":1}", "t.jsonl:1:14", "version 1"),
                Arguments.of("{\"jsgxTrace\":1,\"name\":\"x\",\"packages\":0}", "t.jsonl:1:38", "from 1 to"),
                Arguments.of("{\"jsgxTrace\":1,\"name\":\"\",\"packages\":1}", "t.jsonl:1:1", "a name"),
                Arguments.of(
                        HEAD + "{\"workload\":\"flood\",\"machine\":\"guest\",\"role\":\"friend\"}",
                        "t.jsonl:5:46",
                        "expected \"attacker\", or no role, found \"friend\""),
                Arguments.of("{\"jsgxTrace\":1,\"packages\":1}", "t.jsonl:1:1", "\"name\""),
                Arguments.of("{\"jsgxTrace\":1,\"jsgxTrace\":1}", "t.jsonl:1:16", "each member once"),
                Arguments.of(HEAD + launch, "t.jsonl: expected {\"end\":1}", "after line 5"),
                Arguments.of(HEAD + launch.substring(0, 40), "t.jsonl:5:41", "found the end"),
                Arguments.of(HEAD + launch + launch + "{\"end\":2}", "t.jsonl:6:11", "a second time at 5"),
                Arguments.of(HEAD + launch + "{\"end\":2}", "t.jsonl:6:8", "expected 1"),
                Arguments.of(HEAD + launch + "{\"end\":1}\n" + launch, "t.jsonl:7:1", "nothing after the end"),
                Arguments.of(HEAD + launch + launch.replace("5", "4"), "t.jsonl:6:11", "5 µs or later"),
                Arguments.of(HEAD + launch.replace("5", "-1"), "t.jsonl:5:11", "from 0 on, found -1"),
                Arguments.of(HEAD + launch.replace("5", "1e9"), "t.jsonl:5:11", "integer of 64 bits"),
                Arguments.of(HEAD + launch.replace("5", "1.5"), "t.jsonl:5:11", "integer of 64 bits"),
                Arguments.of(HEAD + launch.replace("5", "9".repeat(5000)), "t.jsonl:5:11", "integer of 64 bits"),
                Arguments.of(HEAD + launch.replace("5", "\"5\""), "t.jsonl:5:11", "found a string"),
                Arguments.of(HEAD + launch.replace("5", "null"), "t.jsonl:5:11", "a string or an integer"),
                Arguments.of(HEAD + launch.replace("5", "[".repeat(100_000)), "t.jsonl:5:11", "a string or an integer"),
                Arguments.of(HEAD + launch.replace("cards", "card"), "t.jsonl:5:58", "has to come first"),
                Arguments.of(HEAD + launch.replace("launch", "lunch"), "t.jsonl:5:21", "last-launch"),
                Arguments.of(HEAD + launch.replace("}", ",\"cost\":1}"), "t.jsonl:5:73", "found \"cost\""),
                Arguments.of(HEAD + launch.replace("shop", "sh\u0000p"), "t.jsonl:5", "U+0000"),
                Arguments.of(HEAD + launch.replace("shop", "sh\\u0000p"), "t.jsonl:5", "U+0000"),
                Arguments.of(HEAD + "{\"workload\":\"shop\",\"machine\":\"guest\"}", "t.jsonl:5:1", "a second time"),
                Arguments.of(HEAD + "{\"enclave\":\"cards\"}", "t.jsonl:5:12", "again"),
                Arguments.of(HEAD + "{\"machine\":\"m\",\"package\":2}", "t.jsonl:5:1", "a package from 0 to 1"),
                Arguments.of(
                        HEAD + "{\"enclave\":\"x\",\"mrenclave\":\"zz\",\"mrsigner\":\"\",\"attributes\":\"\"}",
                        "t.jsonl:5:28",
                        "64 hex digits"),
                Arguments.of(
                        HEAD + "{\"micros\":1,\"event\":\"migrate\",\"machine\":\"guest\",\"package\":9}",
                        "t.jsonl:5:11",
                        "a package from 0 to 1"),
                Arguments.of(HEAD + "{}", "t.jsonl:5:1", "expected a machine"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void whatIsNoTraceIsRefusedWithThePlace(String text, String place, String message) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(TraceException.class)
                .hasMessageStartingWith(place)
                .hasMessageContaining(message)
                .satisfies(e -> assertThat(e.getMessage())
                        .doesNotContainPattern("\\p{Cntrl}")
                        .hasSizeLessThan(600));
    }

    @Test
    void bytesThatAreNoTextAreRefused() {
        byte[] bytes = (HEAD + "{\"workload\":\"").getBytes(StandardCharsets.UTF_8);
        bytes[bytes.length - 1] = (byte) 0xff;

        assertThatThrownBy(() -> TraceFile.read("t.jsonl", new ByteArrayInputStream(bytes)))
                .isInstanceOf(TraceException.class)
                .hasMessageStartingWith("t.jsonl:5:13: expected UTF-8, found the byte 0xff");
    }

    /** A line without an end: the reader has to stop by itself, and may not keep it. */
    @Test
    void aLineWithoutAnEndIsRefusedAfterItsMost() {
        InputStream endless = new InputStream() {
            private long given;

            @Override
            public int read() {
                return given(1);
            }

            @Override
            public int read(byte[] into, int from, int length) {
                Arrays.fill(into, from, from + length, (byte) ' ');
                given(length);
                return length;
            }

            private int given(int more) {
                given += more;
                if (given > 1L << 30) {
                    throw new AssertionError("a gigabyte was read of one line");
                }
                return ' ';
            }
        };

        assertThatThrownBy(() -> TraceFile.read("t.jsonl", endless))
                .isInstanceOf(TraceException.class)
                .hasMessageStartingWith("t.jsonl:1:262145: expected a line of at most 262144 bytes");
    }

    private static Trace read(String text) throws IOException, TraceException {
        return TraceFile.read("t.jsonl", new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String text(Trace trace) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TraceFile.write(trace, out);
        return out.toString(StandardCharsets.UTF_8);
    }
}
