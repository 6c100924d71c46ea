package jsgx.bench;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditLog;
import jsgx.launch.audit.AuditOptions;
import jsgx.launch.audit.Durability;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Records of an audit trail at each durability, of one thread and of two; and the limit: as many bytes appended to a bare file by one
 * thread, with an fdatasync after each where the durability is not {@code async}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class AuditBenchmark {

    private static final AuditEvent EVENT = new AuditEvent(
            "0123456789abcdef-1",
            Instant.parse("2026-03-04T12:00:00Z"),
            AuditEvent.Kind.OUTCOME,
            "uid:1000",
            "c5".repeat(32),
            "83".repeat(32),
            "00000000000000040000000000000003",
            7,
            3,
            "launched",
            "team-a signers",
            12,
            "kernel-cache",
            "SGX_SUCCESS",
            "");

    @Param({"each", "group", "async"})
    private String durability = "group";

    private Path folder = Path.of("");
    private byte[] record = new byte[0];
    private @Nullable AuditLog log;
    private @Nullable FileChannel bare;

    @Setup
    public void open() throws IOException, LaunchException {
        folder = Files.createTempDirectory("jsgx-audit");
        record = new byte[size(folder.resolve("one"))];
        for (Durability each : Durability.values()) {
            if (each.id().equals(durability)) {
                log = AuditLog.open(
                        folder.resolve("audit"), AuditOptions.defaults().withDurability(each), InstantSource.system());
            }
        }
        bare = FileChannel.open(folder.resolve("bare"), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** How many bytes the event takes in a file. */
    private static int size(Path trail) throws IOException, LaunchException {
        try (AuditLog log = AuditLog.open(trail, AuditOptions.defaults(), InstantSource.system())) {
            long before = Files.size(trail.resolve("records-000001"));
            log.record(EVENT);
            return (int) (Files.size(trail.resolve("records-000001")) - before);
        }
    }

    private AuditLog log() {
        return Objects.requireNonNull(log);
    }

    @Benchmark
    public void ofOneThread() throws LaunchException {
        log().record(EVENT);
    }

    @Benchmark
    @Threads(2)
    public void ofTwoThreads() throws LaunchException {
        log().record(EVENT);
    }

    @Benchmark
    public void limit() throws IOException {
        FileChannel file = Objects.requireNonNull(bare);
        file.write(ByteBuffer.wrap(record));
        if (!durability.equals("async")) {
            file.force(false);
        }
    }

    @TearDown
    public void delete() throws IOException, LaunchException {
        log().close();
        Objects.requireNonNull(bare).close();
        try (var files = Files.walk(folder)) {
            files.map(Path::toFile).sorted((a, b) -> b.compareTo(a)).forEach(File::delete);
        }
    }
}
