package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import jsgx.arch.Leaf;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.mainline.AddPages;
import jsgx.driver.mainline.Init;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.machine.event.SgxEvent;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What is told of a run: the shape of each line, for people and in JSON, the filters, the explanations, the summary. */
class RunEventsTest {

    private static final Platform PLATFORM = Platform.create(new SecureRandom()).withEpc(4 << 20);
    private static final long BASE = 0x7f10_0000_0000L;
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2017-12-19T12:01:03.114Z"));

    private static final List<SgxEvent> EVENTS = List.of(
            new SgxEvent.Process(4711, 4711, "begins"),
            new SgxEvent.Opened(4711, 4711, "/dev/sgx_enclave", 3),
            new SgxEvent.Opened(4711, 4711, "/dev/isgx", Errno.ENOENT.result()),
            ioctl(
                    1,
                    "ENCLAVE_CREATE",
                    arguments("base", "0x7f10_0000_0000", "size", "4 MiB", "attributes", "debug,64-bit", "xfrm", "0x3"),
                    0,
                    null),
            ioctl(
                    1,
                    "ENCLAVE_ADD_PAGES",
                    arguments("offset", "0x0", "length", "20 KiB", "type", "tcs", "measured", "", "done", "5 pages"),
                    0,
                    null),
            ioctl(
                    1,
                    "ENCLAVE_ADD_PAGES",
                    arguments("offset", "0x1", "length", "4 KiB"),
                    Errno.EINVAL.result(),
                    new Refusal(AddPages.Cause.RANGE, Errno.EINVAL.result(), "whole pages", "0x1")),
            new SgxEvent.Mapped(4711, 4711, 1, "mmap", BASE, 4 << 20, 7, BASE),
            new SgxEvent.Mapped(4711, 4711, 1, "mprotect", BASE, 4096, 0, Errno.EACCES.result()),
            new SgxEvent.Enclu(4711, 4712, 1, Leaf.EENTER, BASE, 0x40_1000, 0, "0x7f10_0000_1000", 2000),
            new SgxEvent.AsynchronousExit(
                    4711, 4712, 1, "#PF", "write, EPCM not writable (error 0x8007)", BASE + 0x5000, BASE + 0x1234),
            new SgxEvent.PageFault(4711, 4712, 1, BASE + 0x6000, false, "NOPAGE"),
            new SgxEvent.PageMoved(4711, 4711, 1, BASE + 0x6000, true),
            new SgxEvent.PageMoved(4711, 4711, 1, BASE + 0x6000, false),
            new SgxEvent.Unasked(4711, 4712, 1, Map.of(Leaf.EENTER, 41L, Leaf.EEXIT, 40L)),
            new SgxEvent.Released(4711, 4711, "/dev/sgx_enclave"));

    /** A user's trace. */
    @Command
    private static final class Options {
        @Mixin
        private TraceOptions trace = new TraceOptions();
    }

    private record Said(String trace, String err, RunSummary summary) {}

    @Test
    void eachEventIsALine() {
        assertThat(say("--trace", EVENTS).trace()).isEqualTo("""
                12:01:03.114 4711     begins
                12:01:03.114 4711     open /dev/sgx_enclave → 3
                12:01:03.114 4711     open /dev/isgx → ENOENT
                12:01:03.114 4711 e1  ioctl ENCLAVE_CREATE base 0x7f10_0000_0000 size 4 MiB attributes debug,64-bit xfrm 0x3 → 0
                12:01:03.114 4711 e1  ioctl ENCLAVE_ADD_PAGES offset 0x0 length 20 KiB type tcs measured → 0 (5 pages)
                12:01:03.114 4711 e1  ioctl ENCLAVE_ADD_PAGES offset 0x1 length 4 KiB → EINVAL  not so: offset and length are multiples of 4096, length is not 0, and the range lies in the enclave; expected whole pages, found 0x1
                12:01:03.114 4711 e1  mmap 0x7f10_0000_0000 length 4.0 MiB rwx → 0x7f10_0000_0000
                12:01:03.114 4711 e1  mprotect 0x7f10_0000_0000 length 4.0 KiB none → EACCES
                12:01:03.114 4711/4712 e1  EENTER tcs 0x7f10_0000_0000 → 0x7f10_0000_1000
                12:01:03.114 4711/4712 e1  AEX #PF 0x7f10_0000_5000 write, EPCM not writable (error 0x8007) at 0x7f10_0000_1234
                12:01:03.114 4711/4712 e1  fault 0x7f10_0000_6000 read → NOPAGE
                12:01:03.114 4711 e1  reclaim 0x7f10_0000_6000
                12:01:03.114 4711 e1  reload 0x7f10_0000_6000
                12:01:03.114 4711/4712 e1  not asked for: EENTER 41, EEXIT 40
                12:01:03.114 4711     close /dev/sgx_enclave
                """);
    }

    @Test
    void inJsonEachEventIsALineToo() {
        List<String> lines = say("--trace --json", EVENTS).trace().lines().toList();

        assertThat(lines).hasSize(EVENTS.size());
        assertThat(lines.get(1))
                .isEqualTo("{\"time\":\"2017-12-19T12:01:03.114Z\",\"event\":\"open\",\"pid\":4711,\"tid\":4711,"
                        + "\"enclave\":null,\"path\":\"/dev/sgx_enclave\",\"result\":3}");
        assertThat(lines.get(3))
                .endsWith(
                        "\"event\":\"ioctl\",\"pid\":4711,\"tid\":4711,\"enclave\":1,\"path\":\"/dev/sgx_enclave\","
                                + "\"name\":\"ENCLAVE_CREATE\",\"arguments\":{\"base\":\"0x7f10_0000_0000\",\"size\":\"4 MiB\","
                                + "\"attributes\":\"debug,64-bit\",\"xfrm\":\"0x3\"},\"result\":0,\"nanos\":1000,\"why\":\"\"}");
        assertThat(lines.get(8))
                .endsWith("\"leaf\":\"EENTER\",\"rbx\":\"0x7f1000000000\",\"rcx\":\"0x401000\",\"rdx\":\"0x0\","
                        + "\"outcome\":\"0x7f10_0000_1000\",\"nanos\":2000}");
        assertThat(lines.get(9)).contains("\"cause\":\"#PF\"", "\"address\":\"0x7f1000005000\"");
        assertThat(lines.get(13)).contains("\"notAskedFor\":{");
    }

    @Test
    void filtersLeaveTheRestAway() {
        assertThat(say("--trace --trace-events reclaim,open", EVENTS).trace().lines())
                .hasSize(5);
        assertThat(say("--trace --trace-pid 4711,5", EVENTS).trace().lines()).hasSize(EVENTS.size());
        assertThat(say("--trace --trace-pid 5", EVENTS).trace()).isEmpty();
        assertThat(say("--trace --trace-enclave 2", EVENTS).trace()).isEmpty();
        assertThat(say("--trace --trace-enclave 1 --trace-events ioctl", EVENTS)
                        .trace()
                        .lines())
                .hasSize(3);
        assertThat(say("", EVENTS).trace()).isEmpty();
    }

    @Test
    void anInitThatWasRefusedIsExplainedWhetherTracedOrNot() {
        SgxEvent init = ioctl(
                2,
                "ENCLAVE_INIT",
                arguments("signer", "ab".repeat(32)),
                Errno.EINVAL.result(),
                new Refusal(Init.Cause.SIGSTRUCT_VENDOR, Errno.EINVAL.result(), "0 or 0x8086", "0x17"));

        Said silent = say("", List.of(init));
        Said traced = say("--trace", List.of(init));
        Said json = say("--json", List.of(init));

        assertThat(silent.trace()).isEmpty();
        assertThat(silent.err())
                .startsWith("jsgx: process 4711, enclave e2: refused  INIT: the mainline interface returns EINVAL\n\n")
                .contains("  which check  SIGSTRUCT.VENDOR is 0 or 0x8086 (the mainline driver, INIT)\n")
                .contains("  found        0x17\n")
                .contains("  what to do   ");
        assertThat(traced.err()).isEqualTo(silent.err());
        assertThat(traced.trace())
                .isEqualTo("12:01:03.114 4711 e2  ioctl ENCLAVE_INIT signer abababab…ababab → EINVAL  DRIVER_EINVAL\n");
        assertThat(json.err().lines()).hasSize(1);
        assertThat(json.err())
                .startsWith("{\"event\":\"refused\",\"pid\":4711,\"enclave\":2,\"code\":\"DRIVER_EINVAL\"");
        assertThat(silent.summary().refused()).isEqualTo(1);
    }

    @Test
    void theSummaryCounts() {
        Said said = say("--stats", EVENTS);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);

        said.summary().show(new Screen(stream, false, false));

        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("""
                jsgx: 5.0 µs, every EPC page given back
                  EENTER                   42  2.0 µs
                  EEXIT                    40
                  ioctl ENCLAVE_ADD_PAGES  2   2.0 µs  1 failed
                  ioctl ENCLAVE_CREATE     1   1.0 µs
                  AEX #PF                  1
                  enclaves                 1
                  page faults served       1
                  pages reclaimed          1
                  pages reloaded           1
                """);
        assertThat(said.summary().json().line())
                .isEqualTo("{\"event\":\"summary\",\"micros\":5,\"leaves\":{\"EENTER\":{\"count\":42,\"failed\":0,"
                        + "\"micros\":2},\"EEXIT\":{\"count\":40,\"failed\":0,\"micros\":0}},"
                        + "\"ioctls\":{\"ENCLAVE_ADD_PAGES\":{\"count\":2,\"failed\":1,\"micros\":2},"
                        + "\"ENCLAVE_CREATE\":{\"count\":1,\"failed\":0,\"micros\":1}},"
                        + "\"asynchronousExits\":{\"#PF\":{\"count\":1,\"failed\":0,\"micros\":0}},\"tokens\":{},"
                        + "\"refused\":0,\"enclaves\":1,\"pageFaults\":1,\"pagesReclaimed\":1,\"pagesReloaded\":1,"
                        + "\"pagesHeld\":0}");
    }

    @Test
    void onlyWhatIsLookedAtIsWanted() {
        try (RunEvents silent = events("", new ByteArrayOutputStream(), new ByteArrayOutputStream());
                RunEvents counting = events("--stats", new ByteArrayOutputStream(), new ByteArrayOutputStream());
                RunEvents traced = events("--trace", new ByteArrayOutputStream(), new ByteArrayOutputStream())) {
            assertThat(silent.wants(SgxEvent.Kind.IOCTL)).isTrue();
            assertThat(silent.wants(SgxEvent.Kind.ENCLU)).isFalse();
            assertThat(counting.wants(SgxEvent.Kind.ENCLU)).isTrue();
            assertThat(counting.inDetail(SgxEvent.Kind.ENCLU)).isFalse();
            assertThat(traced.inDetail(SgxEvent.Kind.ENCLU)).isTrue();
        }
    }

    private static Said say(String line, List<SgxEvent> events) {
        ByteArrayOutputStream trace = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        RunEvents sink = events(line, trace, err);
        try (sink) {
            events.forEach(sink::event);
        }
        return new Said(
                trace.toString(StandardCharsets.UTF_8),
                err.toString(StandardCharsets.UTF_8),
                new RunSummary(sink.statistics(), sink.tokens(), sink.refused(), 5000, 0));
    }

    private static RunEvents events(String line, ByteArrayOutputStream trace, ByteArrayOutputStream err) {
        Options options = new Options();
        boolean json = line.contains("--json");
        String words = line.replace("--json", "").strip();
        new CommandLine(options).parseArgs(words.isEmpty() ? new String[0] : words.split(" +"));
        RunEvents.Style style = new RunEvents.Style(json, stream -> new Screen(stream, false, false), ZoneOffset.UTC);
        try (RunningPlatform running = RunningPlatform.of(PLATFORM)) {
            RunEvents events = new RunEvents(
                    options.trace,
                    CLOCK,
                    style,
                    new PrintStream(trace, true, StandardCharsets.UTF_8),
                    new PrintStream(err, true, StandardCharsets.UTF_8));
            events.connect(running.initReports());
            return events;
        }
    }

    private static SgxEvent.Ioctl ioctl(
            long enclave, String name, SequencedMap<String, String> arguments, long result, @Nullable Refusal refusal) {
        return new SgxEvent.Ioctl(
                4711, 4711, enclave, "/dev/sgx_enclave", name, arguments, result, 1000, refusal, null);
    }

    private static SequencedMap<String, String> arguments(String... namesAndValues) {
        SequencedMap<String, String> arguments = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            arguments.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return arguments;
    }
}
