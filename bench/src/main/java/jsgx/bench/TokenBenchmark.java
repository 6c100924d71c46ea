package jsgx.bench;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import jsgx.image.ImageException;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.Durability;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * How long a driver waits for a token, policy and both records of the audit trail included, at each placement with a warm cache and each
 * durability; and the peer: the v5 design with the same durability. {@code token} asks without a pause, so that an asynchronous trail's writer sets the
 * pace; {@code burst} asks a thousand times and then lets it catch up, as launches do, which have an enclave to build. In a burst, a warm cache
 * with an asynchronous trail should be at least 20 times as fast as v5.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 3, time = 1)
public class TokenBenchmark {

    private static final int BURST = 1000;

    @Param
    private LaunchHost.Design design = LaunchHost.Design.V5;

    @Param({"ASYNC", "GROUP", "EACH"})
    private Durability durability = Durability.ASYNC;

    private @Nullable LaunchHost host;

    @Setup
    public void start() throws IOException, LaunchException, ImageException {
        host = LaunchHost.of(design, durability);
    }

    @Benchmark
    public byte[] token() throws LaunchException {
        return host().token();
    }

    @Benchmark
    @Threads(2)
    public byte[] tokenByTwo() throws LaunchException {
        return host().token();
    }

    /** Time for the trail's writer, which is not measured. */
    @State(Scope.Thread)
    public static class Pause {
        @Setup(Level.Invocation)
        public void pause() throws InterruptedException {
            Thread.sleep(50);
        }
    }

    @Benchmark
    @OperationsPerInvocation(BURST)
    public void burst(Pause pause, Blackhole sink) throws LaunchException {
        for (int i = 0; i < BURST; i++) {
            sink.consume(host().token());
        }
    }

    @Benchmark
    @Threads(2)
    @OperationsPerInvocation(BURST)
    public void burstByTwo(Pause pause, Blackhole sink) throws LaunchException {
        burst(pause, sink);
    }

    @TearDown
    public void end() throws LaunchException, IOException {
        host().close();
    }

    private LaunchHost host() {
        return Objects.requireNonNull(host, "JMH sets up before it measures");
    }
}
