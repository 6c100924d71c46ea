package jsgx.bench;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.driver.DriverOptions;
import jsgx.driver.SgxDriver;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * Building 64 MiB of measured pages through the driver, as 1, 2, 4 or 8 enclaves at once, each on a thread of its own; and the limit
 * of one stream: SHA-256 by the JDK over as many bytes as are measured. With more processors than enclaves, the time of {@link #build} falls
 * below that limit in proportion.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 4, time = 2)
public class DriverBuildBenchmark {

    private static final int PAGES = (64 << 20) >>> Epc.PAGE_SHIFT;

    /** What is measured of a page: EADD's block, and sixteen times EEXTEND's with its chunk. */
    private static final int MEASURED = 64 + 16 * (64 + 256);

    @Param({"1", "2", "4", "8"})
    int enclaves;

    private SgxDriver driver = driver();
    private MemorySegment content = DriverProcess.content(1);
    private byte[] stream = new byte[0];
    private ExecutorService threads = Executors.newSingleThreadExecutor();

    private static SgxDriver driver() {
        Epc epc = Epc.allocate((PAGES + 1024L) << Epc.PAGE_SHIFT);
        ProcessorPackage cpu = new ProcessorPackage(
                Fuses.burn(new Random(1)), CpuFeatures.SGX2, CpuSvn.ZERO, new byte[16], epc, new Random(2));
        return new SgxDriver(cpu, DriverOptions.defaults().withSwapThread(false));
    }

    @Setup
    public void prepare() {
        content = DriverProcess.content(PAGES / enclaves);
        stream = new byte[PAGES * MEASURED];
        new Random(3).nextBytes(stream);
        threads.shutdown();
        threads = Executors.newFixedThreadPool(enclaves);
    }

    @TearDown
    public void stop() {
        threads.shutdown();
        driver.close();
    }

    /** All enclaves at once, and away with them. */
    @Benchmark
    public int build() throws InterruptedException, ExecutionException {
        List<Future<?>> built = new ArrayList<>();
        for (int i = 0; i < enclaves; i++) {
            built.add(threads.submit(() -> {
                new DriverProcess(driver, PAGES / enclaves).build(content).close();
            }));
        }
        for (Future<?> future : built) {
            future.get();
        }
        return driver.freePages();
    }

    /** One stream over what is measured of all enclaves. */
    @Benchmark
    public byte[] limit() throws NoSuchAlgorithmException {
        return MessageDigest.getInstance("SHA-256").digest(stream);
    }
}
