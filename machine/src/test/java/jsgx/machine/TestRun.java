package jsgx.machine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import jsgx.arch.CpuFeatures;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.TestMachine;
import jsgx.driver.DriverOptions;
import jsgx.driver.SgxDriver;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Linux;

/** Runs of programs in tests, each on a machine of its own and with a deadline. */
final class TestRun {

    /** What is left of a test that hangs ends then. */
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    private static final int O_CREAT = 0x40;
    private static final long EPC_BYTES = 4 << 20;

    /**
     * How a run ended.
     *
     * @param status its exit status
     * @param output what it wrote to its standard output
     * @param errors what it wrote to its standard error output
     * @param pagesLost EPC pages that were free before the run and are not after it
     */
    record Ended(int status, String output, String errors, List<SgxEvent> events, int pagesLost) {

        /** The events of one kind. */
        <T extends SgxEvent> List<T> events(Class<T> kind) {
            return events.stream().filter(kind::isInstance).map(kind::cast).toList();
        }
    }

    private final Way way;
    private final Map<String, String> environment = new HashMap<>(Map.of("PATH", "/usr/bin:/bin", "LC_ALL", "C"));
    private UnaryOperator<MachineOptions> settings = UnaryOperator.identity();
    private long epcBytes = EPC_BYTES;
    private boolean inDetail = true;
    private Duration deadline = DEADLINE;

    TestRun(Way way) {
        this.way = way;
    }

    TestRun with(UnaryOperator<MachineOptions> change) {
        UnaryOperator<MachineOptions> before = settings;
        settings = options -> change.apply(before.apply(options));
        return this;
    }

    TestRun variable(String name, String value) {
        environment.put(name, value);
        return this;
    }

    TestRun epc(long bytes) {
        epcBytes = bytes;
        return this;
    }

    /** Nobody asks for events one by one. */
    TestRun withoutDetail() {
        inDetail = false;
        return this;
    }

    /** A run that lasts longer is interrupted, which fails the test. */
    TestRun deadline(Duration other) {
        deadline = other;
        return this;
    }

    /** Runs a script of the shell. */
    Ended shell(String script) throws MachineException {
        return run("sh", "-c", script);
    }

    Ended run(String... command) throws MachineException {
        try {
            return run(List.of(command));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Ended run(List<String> command) throws IOException, MachineException {
        Path output = Files.createTempFile("jsgx-run", ".out");
        Path errors = Files.createTempFile("jsgx-run", ".err");
        int input = (int) Linux.check("open", Linux.open("/dev/null", Linux.O_RDONLY | Linux.O_CLOEXEC));
        int out = (int) Linux.check("open", Linux.open(output.toString(), Linux.O_WRONLY | Linux.O_CLOEXEC | O_CREAT));
        int err = (int) Linux.check("open", Linux.open(errors.toString(), Linux.O_WRONLY | Linux.O_CLOEXEC | O_CREAT));
        List<SgxEvent> events = Collections.synchronizedList(new ArrayList<>());
        MachineOptions options = settings.apply(MachineOptions.defaults()
                .withSupervision(way.supervision())
                .withEnvironment(environment)
                .withStreams(new MachineOptions.Streams(input, out, err)));
        try (SharedEpc epc = SharedEpc.allocate(List.of(epcBytes))) {
            ProcessorPackage cpu = new ProcessorPackage(
                    TestMachine.FUSES,
                    CpuFeatures.SGX2,
                    TestMachine.CPU_SVN,
                    TestMachine.OWNER_EPOCH,
                    epc.epc(),
                    new Random(4));
            try (SgxDriver driver = new SgxDriver(cpu, Machine.driver(DriverOptions.defaults(), options))) {
                int free = driver.freePages();
                int status = run(command, options, driver, epc, sink(events));
                return new Ended(
                        status,
                        Files.readString(output, StandardCharsets.ISO_8859_1),
                        Files.readString(errors, StandardCharsets.ISO_8859_1),
                        List.copyOf(events),
                        free - driver.freePages());
            }
        } finally {
            Linux.close(input);
            Linux.close(out);
            Linux.close(err);
            Files.delete(output);
            Files.delete(errors);
        }
    }

    private EventSink sink(List<SgxEvent> events) {
        boolean each = inDetail;
        return new EventSink() {
            @Override
            public void event(SgxEvent event) {
                events.add(event);
            }

            @Override
            public boolean inDetail(SgxEvent.Kind kind) {
                return each;
            }
        };
    }

    private int run(List<String> command, MachineOptions options, SgxDriver driver, SharedEpc epc, EventSink events)
            throws MachineException {
        CompletableFuture<Integer> ended = new CompletableFuture<>();
        Thread runner = Thread.ofPlatform().daemon().start(() -> {
            try {
                ended.complete(
                        way == Way.DAEMON
                                ? underDaemon(command, options, new TestDaemon(driver, epc), events)
                                : Machine.run(command, options, driver, epc, events));
            } catch (MachineException | RuntimeException | Error e) {
                ended.completeExceptionally(e);
            }
        });
        try {
            return ended.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            // That kills the program.
            runner.interrupt();
            throw new AssertionError(command + " did not end within " + deadline + end(runner), e);
        } catch (InterruptedException e) {
            runner.interrupt();
            throw new AssertionError(end(runner), e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof MachineException failed) {
                throw failed;
            }
            throw new AssertionError(e.getCause());
        }
    }

    private static int underDaemon(List<String> command, MachineOptions options, TestDaemon daemon, EventSink events)
            throws MachineException {
        int status = Machine.run(command, options, daemon, report -> {}, events);
        daemon.ended();
        return status;
    }

    /** Waits for what an interrupted run leaves to its machine: what is wrong where it does not end. */
    private static String end(Thread runner) {
        try {
            return runner.join(DEADLINE) ? "" : ", nor when it was interrupted";
        } catch (InterruptedException e) {
            return ", and the test was interrupted twice";
        }
    }
}
