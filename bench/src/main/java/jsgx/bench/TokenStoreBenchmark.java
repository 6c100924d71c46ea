package jsgx.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.launch.LaunchException;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.store.TokenStore;
import jsgx.launch.store.UserToken;
import jsgx.launch.store.UserTokenCache;
import jsgx.launch.token.TokenIdentity;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * A store of 100,000 tokens. It is opened, by a JVM that never read one before, beside a bare sequential read of the file (limit: 500
 * ms). Tokens are got from the file, from the file with the use noted there too, and from memory (limit: 20 µs), beside a HashMap of the
 * same labels.
 */
@Fork(1)
public class TokenStoreBenchmark {

    private static final int TOKENS = 100_000;
    private static final int BATCH = 50_000;
    private static final int WRITERS = 32;
    private static final Instant KEPT = Instant.parse("2017-12-19T12:00:00Z");
    private static final Instant LATER = KEPT.plus(Duration.ofHours(1));
    private static final TokenOrigin HERE = new TokenOrigin("11".repeat(16), "22".repeat(32));
    private static final byte[] NONE = {};
    private static final TokenIdentity IDENTITY =
            TokenIdentity.of(new byte[32], new byte[32], new Attributes(Attributes.MODE64BIT, 3));

    /** A folder with a store. */
    @State(Scope.Benchmark)
    public static class Kept {

        private final List<String> labels =
                IntStream.range(0, TOKENS).mapToObj(i -> "application-" + i).toList();
        private final Map<String, byte[]> map = new HashMap<>();
        private final byte[] buffer = new byte[1 << 20];
        private Path folder = Path.of("");

        @Setup
        public void fill() throws IOException, InterruptedException, ExecutionException, LaunchException {
            folder = Files.createTempDirectory("jsgx-token-store");
            byte[] token = new byte[EinitToken.SIZE];
            EinitToken.of(token).attributes(IDENTITY.attributes());
            labels.forEach(label -> map.put(label, token));
            List<Callable<Integer>> writers = new ArrayList<>();
            try (TokenStore store = TokenStore.in(folder);
                    ExecutorService pool = Executors.newFixedThreadPool(WRITERS)) {
                UserTokenCache cache = cache(store, KEPT);
                for (int writer = 0; writer < WRITERS; writer++) {
                    int first = writer;
                    writers.add(() -> {
                        for (int i = first; i < TOKENS; i += WRITERS) {
                            cache.keep(labels.get(i), token, Duration.ofDays(1));
                        }
                        return first;
                    });
                }
                for (var done : pool.invokeAll(writers)) {
                    done.get();
                }
            }
        }

        @TearDown
        public void delete() throws IOException {
            try (var files = Files.walk(folder)) {
                files.map(Path::toFile).sorted((a, b) -> b.compareTo(a)).forEach(File::delete);
            }
        }
    }

    /** The store, opened anew for each iteration, so that memory has no copies of tokens. */
    @State(Scope.Benchmark)
    public static class Opened {

        private @Nullable TokenStore store;
        private @Nullable UserTokenCache sameMinute;
        private @Nullable UserTokenCache later;
        private int next;

        @Setup(Level.Iteration)
        public void open(Kept kept) throws LaunchException {
            TokenStore opened = TokenStore.in(kept.folder);
            sameMinute = cache(opened, KEPT);
            later = cache(opened, LATER);
            store = opened;
        }

        @TearDown(Level.Iteration)
        public void close() {
            Objects.requireNonNull(store).close();
        }

        private UserToken get(@Nullable UserTokenCache cache, String label) throws LaunchException {
            return Objects.requireNonNull(cache).get(label, IDENTITY, TokenStoreBenchmark::noneIsIssued);
        }

        private String label(Kept kept) {
            next = (next + 1) % TOKENS;
            return kept.labels.get(next);
        }
    }

    private static UserTokenCache cache(TokenStore store, Instant now) {
        return new UserTokenCache(store, () -> HERE, InstantSource.fixed(now));
    }

    private static byte[] noneIsIssued(TokenIdentity identity) {
        throw new IllegalStateException("every token is in the store");
    }

    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @OutputTimeUnit(TimeUnit.MILLISECONDS)
    @Fork(3)
    @Warmup(iterations = 0)
    @Measurement(iterations = 1)
    public long openCold(Kept kept) throws LaunchException {
        try (TokenStore store = TokenStore.in(kept.folder)) {
            return cache(store, KEPT).size();
        }
    }

    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @OutputTimeUnit(TimeUnit.MILLISECONDS)
    @Fork(3)
    @Warmup(iterations = 0)
    @Measurement(iterations = 1)
    public long limitSequentialRead(Kept kept) throws IOException {
        long bytes = 0;
        try (InputStream in = Files.newInputStream(kept.folder.resolve(TokenStore.FILE_NAME))) {
            for (int count = in.read(kept.buffer); count >= 0; count = in.read(kept.buffer)) {
                bytes += count;
            }
        }
        return bytes;
    }

    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    @OperationsPerInvocation(BATCH)
    @Warmup(iterations = 3)
    @Measurement(iterations = 5)
    public void getFromFile(Kept kept, Opened opened, Blackhole blackhole) throws LaunchException {
        for (int i = 0; i < BATCH; i++) {
            blackhole.consume(opened.get(opened.sameMinute, opened.label(kept)));
        }
    }

    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    @OperationsPerInvocation(BATCH)
    @Warmup(iterations = 1)
    @Measurement(iterations = 1)
    public void getFromFileAndNoteUse(Kept kept, Opened opened, Blackhole blackhole) throws LaunchException {
        for (int i = 0; i < BATCH; i++) {
            blackhole.consume(opened.get(opened.later, opened.label(kept)));
        }
    }

    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    @Warmup(iterations = 2, time = 1)
    @Measurement(iterations = 3, time = 1)
    public UserToken getFromMemory(Kept kept, Opened opened) throws LaunchException {
        return opened.get(opened.sameMinute, kept.labels.getFirst());
    }

    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    @Warmup(iterations = 2, time = 1)
    @Measurement(iterations = 3, time = 1)
    public byte[] limitHashMap(Kept kept, Opened opened) {
        return kept.map.getOrDefault(opened.label(kept), NONE);
    }
}
