package jsgx.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Encls;
import jsgx.arch.Fuses;
import jsgx.arch.KernelMemory;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Pcmd;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A page out of the EPC and in again, beside its limit: AES-GCM of the same bytes by the JDK's own provider, each time with
 * a new initialisation vector and 128 bytes of additional data.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class PagingBenchmark {

    private static final int SECS = 0;
    private static final int VA = 1;
    private static final int PAGE = 2;
    private static final int PAGES = 4;
    private static final long BASE = 1L << 40;
    private static final int PAGEINFO_WINDOW = 0;
    private static final int PAGE_WINDOW = 1;
    private static final int PCMD_WINDOW = 2;

    private final byte[] key = new byte[16];
    private final byte[] iv = new byte[12];
    private final byte[] header = new byte[128];
    private final byte[] plain = new byte[Epc.PAGE_SIZE];
    private final byte[] sealed = new byte[Epc.PAGE_SIZE + 16];
    private final SecretKeySpec aes = new SecretKeySpec(key, "AES");
    private final Cipher encryptor = aesGcm();
    private final Cipher decryptor = aesGcm();
    private long version;

    private final Pageinfo pageinfo;
    private final LogicalProcessor lp;
    private final Epcm epcm;
    private final long pageinfoAt;
    private final long slotAt = KernelMemory.epcAddress(VA);
    private final long pageAt = KernelMemory.epcAddress(PAGE);
    private final long secsAt = KernelMemory.epcAddress(SECS);

    /** An enclave of one page. */
    public PagingBenchmark() {
        Random random = new Random(0);
        random.nextBytes(plain);
        random.nextBytes(key);
        Epc epc = Epc.allocate(PAGES * (long) Epc.PAGE_SIZE);
        ProcessorPackage cpu =
                new ProcessorPackage(Fuses.burn(random), CpuFeatures.SGX2, CpuSvn.ZERO, new byte[16], epc, random);
        KernelMemory memory = new KernelMemory(epc);
        lp = new LogicalProcessor(cpu, memory);
        Arena arena = Arena.ofAuto();
        pageinfo = new Pageinfo(arena.allocate(Pageinfo.SIZE, Pageinfo.ALIGNMENT));
        Secinfo secinfo = Secinfo.allocate();
        MemorySegment outside = arena.allocate(Epc.PAGE_SIZE, Epc.PAGE_SIZE);
        pageinfoAt = memory.map(PAGEINFO_WINDOW, pageinfo.memory());
        pageinfo.srcPge(memory.map(PAGE_WINDOW, outside));
        pageinfo.secinfo(memory.map(PCMD_WINDOW, secinfo.memory()));
        build(outside, secinfo);
        epcm = cpu.epcm();
        succeeds(Encls.etrack(lp, secsAt));
        pageinfo.pcmd(memory.map(PCMD_WINDOW, arena.allocate(Pcmd.SIZE, Pcmd.ALIGNMENT)));
    }

    private void build(MemorySegment outside, Secinfo secinfo) {
        Secs secs = new Secs(outside);
        secs.size(2L * Epc.PAGE_SIZE);
        secs.baseAddr(BASE);
        secs.ssaFrameSize(1);
        secs.attributes(new Attributes(Attributes.MODE64BIT, 3));
        succeeds(Encls.ecreate(lp, pageinfoAt, secsAt));
        succeeds(Encls.epa(lp, PageType.VA.code(), KernelMemory.epcAddress(VA)));
        outside.copyFrom(MemorySegment.ofArray(plain));
        pageinfo.secs(secsAt);
        pageinfo.linAddr(BASE);
        secinfo.flags(Secinfo.R | Secinfo.W | (long) PageType.REG.code() << 8);
        succeeds(Encls.eadd(lp, pageinfoAt, pageAt));
    }

    /** The page becomes blocked by a stroke of the pen, as EBLOCK and ETRACK are not what is measured. */
    @Benchmark
    public Outcome ewbAndEldu() {
        pageinfo.linAddr(0);
        pageinfo.secs(0);
        epcm.update(PAGE, 0, Epcm.BLOCKED);
        succeeds(Encls.ewb(lp, pageinfoAt, pageAt, slotAt));
        pageinfo.secs(secsAt);
        return succeeds(Encls.eldu(lp, pageinfoAt, pageAt, slotAt));
    }

    /** The limit. */
    @Benchmark
    public int aesGcm4096() throws GeneralSecurityException {
        version += 8;
        ByteBuffer.wrap(iv).putLong(4, version);
        GCMParameterSpec parameters = new GCMParameterSpec(128, iv);
        encryptor.init(Cipher.ENCRYPT_MODE, aes, parameters);
        encryptor.updateAAD(header);
        encryptor.doFinal(plain, 0, plain.length, sealed, 0);
        decryptor.init(Cipher.DECRYPT_MODE, aes, parameters);
        decryptor.updateAAD(header);
        return decryptor.doFinal(sealed, 0, sealed.length, plain, 0);
    }

    private static Cipher aesGcm() {
        try {
            return Cipher.getInstance("AES/GCM/NoPadding");
        } catch (GeneralSecurityException e) {
            throw new LinkageError("every JDK has AES-GCM", e);
        }
    }

    private static Outcome succeeds(Outcome outcome) {
        if (!outcome.isSuccess()) {
            throw new IllegalStateException(outcome.toString());
        }
        return outcome;
    }
}
