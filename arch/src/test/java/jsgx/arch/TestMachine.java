package jsgx.arch;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Sigstruct;

/**
 * A small machine for tests: a processor package with a few EPC pages, a logical processor at CPL 0, and the operands
 * that its leaves read, each in memory of its own with its linear address beside it. {@link TestEnclave} builds enclaves
 * on it.
 */
public final class TestMachine {

    /** How many EPC pages a machine has unless told otherwise. */
    public static final int PAGES = 64;

    /** The first window that is free for a test to {@link TestMemory#map}. */
    public static final int FREE_WINDOW = 5;

    /** CPUSVN of every machine, so that there are lower and higher ones. */
    public static final CpuSvn CPU_SVN = CpuSvn.parse("08080808080808080808080808080808");

    /** The fuses of every machine. */
    public static final Fuses FUSES = Fuses.burn(new Random(2017));

    /** The owner epoch of every machine. */
    public static final byte[] OWNER_EPOCH = HexFormat.of().parseHex("0102030405060708090a0b0c0d0e0f10");

    public final ProcessorPackage cpu;
    public final LogicalProcessor lp;
    public final TestMemory memory;

    public final Pageinfo pageinfo = Pageinfo.allocate();
    public final Secinfo secinfo = Secinfo.allocate();
    public final MemorySegment source = MemorySegment.ofArray(new byte[Epc.PAGE_SIZE]);
    public final Sigstruct sigstruct = Sigstruct.allocate();
    public final EinitToken token = EinitToken.allocate();
    public final long pageinfoAt;
    public final long secinfoAt;
    public final long sourceAt;
    public final long sigstructAt;
    public final long tokenAt;

    private final AtomicInteger nextPage;

    private TestMachine(ProcessorPackage cpu, TestMemory memory, AtomicInteger nextPage) {
        this.cpu = cpu;
        this.memory = memory;
        this.nextPage = nextPage;
        this.lp = new LogicalProcessor(cpu, memory);
        pageinfoAt = memory.map(0, pageinfo.memory());
        secinfoAt = memory.map(1, secinfo.memory());
        sourceAt = memory.map(2, source);
        sigstructAt = memory.map(3, sigstruct.memory());
        tokenAt = memory.map(4, token.memory());
    }

    /** A machine with these features. */
    public static TestMachine of(CpuFeatures features) {
        return of(features, PAGES);
    }

    /** A machine with these features and so many EPC pages. */
    public static TestMachine of(CpuFeatures features, int pages) {
        return of(features, Epc.allocate((long) pages * Epc.PAGE_SIZE));
    }

    /** A machine with these features and this EPC. */
    public static TestMachine of(CpuFeatures features, Epc epc) {
        ProcessorPackage cpu = new ProcessorPackage(FUSES, features, CPU_SVN, OWNER_EPOCH, epc, new Random(18));
        return new TestMachine(cpu, new TestMemory(epc), new AtomicInteger());
    }

    /** A machine with SGX2, the preset. */
    public static TestMachine sgx2() {
        return of(CpuFeatures.SGX2);
    }

    /** SGX2 with CET in enclaves, which no preset has. */
    public static CpuFeatures withCet() {
        return sgx2(true, CpuFeatures.SGX2.xfrm());
    }

    /** SGX2 with other extended features. */
    public static CpuFeatures withXfrm(long xfrm) {
        return sgx2(false, xfrm);
    }

    private static CpuFeatures sgx2(boolean cet, long xfrm) {
        CpuFeatures f = CpuFeatures.SGX2;
        return new CpuFeatures(
                f.sgx2(),
                f.flc(),
                f.kss(),
                f.enclsC(),
                f.edeccssa(),
                f.aexNotify(),
                f.eupdatesvn(),
                cet,
                f.miscSelect(),
                xfrm,
                f.log2MaxSize32(),
                f.log2MaxSize64());
    }

    /** Another logical processor of this package, with operands of its own, for another thread. */
    public TestMachine another() {
        return new TestMachine(cpu, memory.another(cpu.epc()), nextPage);
    }

    /** An EPC page that no one was given before. */
    public int freePage() {
        return nextPage.getAndIncrement();
    }

    /** The linear address of an EPC page. */
    public long epc(int page) {
        return KernelMemory.epcAddress(page);
    }

    /** What WRMSR or firmware does: this signer's enclaves need no token, and its launch enclave makes them. */
    public void authorize(byte[] mrSigner) {
        MemorySegment hash = MemorySegment.ofArray(mrSigner);
        lp.firmwareLePubKeyHash(
                new long[] {Layouts.u64(hash, 0), Layouts.u64(hash, 8), Layouts.u64(hash, 16), Layouts.u64(hash, 24)});
    }

    /** Fails the test unless the leaf succeeded. */
    public static void succeeds(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Success.class);
    }
}
