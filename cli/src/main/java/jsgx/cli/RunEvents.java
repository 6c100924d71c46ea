package jsgx.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import jsgx.driver.EnclaveInfo;
import jsgx.launch.InitReport;
import jsgx.launch.InitReports;
import jsgx.launch.json.Json;
import jsgx.launch.token.TokenSource;
import jsgx.machine.event.EventQueue;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.event.Statistics;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the events of a run: they are counted, told in lines where the user asked for that, and an INIT that was refused is
 * explained. Who emits an event does not wait for the terminal but where it is far behind.
 */
final class RunEvents implements EventSink, AutoCloseable {

    private static final int CAPACITY = 8192;

    /** How much text gathers before it is written. */
    private static final int BATCH = 1 << 13;

    /**
     * How things are said.
     *
     * @param json in JSON rather than for people
     * @param screen makes a screen over a stream
     */
    record Style(boolean json, Function<PrintStream, Screen> screen, ZoneId zone) {}

    /** An event on its way. */
    private record Told(
            Instant time, SgxEvent event, @Nullable InitReport report) {}

    private final TraceOptions options;
    private final Set<SgxEvent.Kind> kinds;
    private final InstantSource clock;
    private final Style style;
    private final PrintStream trace;
    private final PrintStream err;
    private final TraceText text;
    private final Statistics statistics = new Statistics();
    private final Map<TokenSource, LongAdder> tokens = new ConcurrentHashMap<>();
    private final LongAdder refused = new LongAdder();
    private final EventQueue<Told> queue;
    private final StringBuilder gathered = new StringBuilder();

    /** Whose enclaves these are: a driver does not know processes. */
    private final Map<Long, Integer> owners = new ConcurrentHashMap<>();

    private volatile @Nullable Function<SgxEvent.Ioctl, InitReport> reports;

    /**
     * Events of a run.
     *
     * @param trace where lines go
     * @param err where explanations go
     */
    RunEvents(TraceOptions options, InstantSource clock, Style style, PrintStream trace, PrintStream err) {
        this.options = options;
        this.kinds = options.kinds();
        this.clock = clock;
        this.style = style;
        this.trace = trace;
        this.err = err;
        this.text = new TraceText(style.screen().apply(trace), style.zone());
        this.queue = new EventQueue<>(CAPACITY, this::tell, this::flush);
    }

    /** The reports of the platform that the program runs on, to be had before it starts. */
    void connect(InitReports platform) {
        connect(init -> platform.take(
                TraceText.kind(init.path()),
                init.result(),
                Optional.ofNullable(init.outcome()),
                Optional.ofNullable(init.refusal())));
    }

    /** Where reports come from: of an INIT, on the thread that tells it. */
    void connect(Function<SgxEvent.Ioctl, InitReport> source) {
        reports = source;
    }

    /** The driver's word for a page that left the EPC, or came back. */
    void moved(EnclaveInfo enclave, long address, boolean reclaimed) {
        if (wants(SgxEvent.Kind.RECLAIM)) {
            int pid = owners.getOrDefault(enclave.id(), 0);
            event(new SgxEvent.PageMoved(pid, pid, enclave.id(), address, reclaimed));
        }
    }

    @Override
    public boolean wants(SgxEvent.Kind kind) {
        // INITs are explained in any case.
        return kind == SgxEvent.Kind.IOCTL || options.statistics() || kinds.contains(kind);
    }

    @Override
    public boolean inDetail(SgxEvent.Kind kind) {
        return kind == SgxEvent.Kind.IOCTL || kinds.contains(kind);
    }

    @Override
    public void event(SgxEvent event) {
        statistics.event(event);
        InitReport report = null;
        if (event instanceof SgxEvent.Ioctl ioctl) {
            if (ioctl.enclave() != 0) {
                owners.putIfAbsent(ioctl.enclave(), ioctl.pid());
            }
            if (ioctl.isInit()) {
                report = report(ioctl, Objects.requireNonNull(reports, "connected before the program starts"));
            }
        }
        if (options.tells(event) || isRefused(event, report)) {
            queue.put(new Told(clock.instant(), event, report));
        }
    }

    /** What launch control said on this very thread. */
    private InitReport report(SgxEvent.Ioctl init, Function<SgxEvent.Ioctl, InitReport> from) {
        InitReport report = from.apply(init);
        if (init.result() == 0) {
            tokens.computeIfAbsent(report.token(), absent -> new LongAdder()).increment();
        } else {
            refused.increment();
        }
        return report;
    }

    private static boolean isRefused(SgxEvent event, @Nullable InitReport report) {
        return report != null && event instanceof SgxEvent.Ioctl ioctl && ioctl.result() != 0;
    }

    /** On the queue's thread. */
    private void tell(Told told) {
        SgxEvent event = told.event();
        InitReport report = told.report();
        if (options.tells(event)) {
            gathered.append(
                            style.json()
                                    ? TraceText.json(told.time(), event, report).line()
                                    : text.line(told.time(), event, report))
                    .append('\n');
            if (gathered.length() > BATCH) {
                flush();
            }
        }
        if (report != null && isRefused(event, report)) {
            flush();
            err.print(explanation(event, report));
            err.flush();
        }
    }

    private void flush() {
        if (!gathered.isEmpty()) {
            trace.print(gathered);
            trace.flush();
            gathered.setLength(0);
        }
    }

    /** In one piece, so that the program's own lines come before or after. */
    private String explanation(SgxEvent event, InitReport report) {
        if (style.json()) {
            return new Json()
                            .put("event", "refused")
                            .put("pid", event.pid())
                            .put("enclave", event.enclave() == 0 ? null : event.enclave())
                            .put("code", report.code())
                            .put("explain", Explanations.text(report.explanation()))
                            .put("reason", Explanations.json(report.explanation()))
                            .line()
                    + "\n";
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(bytes, false, StandardCharsets.UTF_8);
        Screen screen = style.screen().apply(stream);
        String enclave = event.enclave() == 0 ? "" : ", enclave e" + event.enclave();
        screen.line("jsgx: process " + event.pid() + enclave + ": " + screen.bad("refused") + "  "
                + Text.printable(report.explanation().headline()));
        screen.blank();
        Explanations.show(screen, report.explanation());
        screen.blank();
        stream.flush();
        return bytes.toString(StandardCharsets.UTF_8);
    }

    Statistics statistics() {
        return statistics;
    }

    /** How many enclaves were initialised with a token of each source. */
    Map<TokenSource, Long> tokens() {
        Map<TokenSource, Long> counts = new EnumMap<>(TokenSource.class);
        tokens.forEach((source, count) -> counts.put(source, count.sum()));
        return counts;
    }

    /** How many INITs were refused. */
    long refused() {
        return refused.sum();
    }

    /** All that happened is told. */
    @Override
    public void close() {
        queue.close();
    }
}
