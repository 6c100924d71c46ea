package jsgx.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Encls;
import jsgx.arch.Fuses;
import jsgx.arch.KernelMemory;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Building an enclave of 64 MiB of measured pages by its leaves, and the limit: one SHA-256 by the JDK over the same number
 * of bytes in one stream. The share of the limit that the build reaches is the time of {@link #limit} by that of
 * {@link #build}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 6, time = 2)
public class EnclaveBuildBenchmark {

    private static final int PAGES = (64 << 20) >>> Epc.PAGE_SHIFT;
    private static final int CHUNK = 256;

    /** What is measured of a page: EADD's block, and sixteen times EEXTEND's with its chunk. */
    private static final int MEASURED = 64 + 16 * (64 + CHUNK);

    private static final long BASE = 0x7000_0000_0000L;

    private final Epc epc = Epc.allocate((PAGES + 1L) << Epc.PAGE_SHIFT);
    private final ProcessorPackage cpu = new ProcessorPackage(
            Fuses.burn(new Random(1)), CpuFeatures.SGX2, CpuSvn.ZERO, new byte[16], epc, new Random(2));
    private final KernelMemory memory = new KernelMemory(epc);
    private final LogicalProcessor lp = new LogicalProcessor(cpu, memory);
    private final Pageinfo pageinfo = Pageinfo.allocate();
    private final Secinfo secinfo = Secinfo.allocate();
    private final Secs image = Secs.allocate();
    private final long pageinfoAt = memory.map(0, pageinfo.memory());
    private final long secinfoAt = memory.map(1, secinfo.memory());
    private final long imageAt = memory.map(2, image.memory());
    private long contentAt;

    private final MessageDigest sha256 = sha256();
    private byte[] stream = new byte[0];

    @Setup
    public void prepare() {
        stream = new byte[PAGES * MEASURED];
        new Random(3).nextBytes(stream);
        MemorySegment content = Arena.ofAuto().allocate((long) PAGES << Epc.PAGE_SHIFT, Epc.PAGE_SIZE);
        MemorySegment.copy(MemorySegment.ofArray(stream), 0, content, 0, content.byteSize());
        contentAt = memory.map(3, content);
        image.size((2L * PAGES) << Epc.PAGE_SHIFT);
        image.baseAddr(BASE);
        image.ssaFrameSize(1);
        image.attributes(new Attributes(Attributes.MODE64BIT, 3));
    }

    /** The EPC is empty again. */
    @Setup(Level.Invocation)
    public void emptyEpc() {
        cpu.powerLoss();
    }

    @Benchmark
    public Outcome build() {
        long secs = KernelMemory.epcAddress(0);
        pageinfo.secinfo(secinfoAt);
        pageinfo.linAddr(0);
        pageinfo.secs(0);
        pageinfo.srcPge(imageAt);
        secinfo.flags(0);
        Outcome last = Encls.ecreate(lp, pageinfoAt, secs);
        secinfo.flags(Secinfo.R | Secinfo.W);
        secinfo.pageType(PageType.REG);
        pageinfo.secs(secs);
        for (int page = 0; page < PAGES; page++) {
            long offset = (long) page << Epc.PAGE_SHIFT;
            long target = KernelMemory.epcAddress(page + 1);
            pageinfo.linAddr(BASE + offset);
            pageinfo.srcPge(contentAt + offset);
            last = checked(Encls.eadd(lp, pageinfoAt, target));
            for (int at = 0; at < Epc.PAGE_SIZE; at += CHUNK) {
                last = checked(Encls.eextend(lp, secs, target + at));
            }
        }
        return last;
    }

    @Benchmark
    public byte[] limit() {
        return sha256.digest(stream);
    }

    private static Outcome checked(Outcome outcome) {
        if (!outcome.isSuccess()) {
            throw new IllegalStateException(outcome.toString());
        }
        return outcome;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new LinkageError("every JDK has SHA-256", e);
        }
    }
}
