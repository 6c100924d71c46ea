package jsgx.bench;

import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.crypto.SignatureCache;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.DriverOptions;
import jsgx.driver.SgxDriver;
import jsgx.image.ImageException;
import jsgx.image.SigningKey;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;

/**
 * How much heap an idle enclave costs beyond its EPC pages: the difference of the heap in use, after collections, before and after
 * many enclaves were launched, each in a process of its own. What is charged to an enclave is all that the process and the
 * processor keep for it too. The limit is 4 KiB.
 */
public final class IdleEnclaveMemory {

    private static final int ENCLAVES = 10_000;
    private static final int PAGES = 4;

    /** A SECS and a version array. */
    private static final int MORE_PAGES = 2;

    private static final int LIMIT = 4096;
    private static final int COLLECTIONS = 5;

    private IdleEnclaveMemory() {}

    /** Prints the bytes an enclave; ends with status 1 where they are too many. */
    public static void main(String[] args) throws ImageException, InterruptedException {
        PrintStream out = System.out;
        long each = measure();
        out.printf("%d bytes of heap for an idle enclave of %d pages, limit %d%n", each, PAGES, LIMIT);
        if (each >= LIMIT) {
            System.exit(1);
        }
    }

    private static long measure() throws ImageException, InterruptedException {
        Epc epc = Epc.allocate(((long) ENCLAVES * (PAGES + MORE_PAGES) + 128) << Epc.PAGE_SHIFT);
        ProcessorPackage cpu = new ProcessorPackage(
                Fuses.burn(new Random(1)), CpuFeatures.SGX2, CpuSvn.ZERO, new byte[16], epc, new Random(2));
        cpu.signatureCache(new SignatureCache(1));
        MemorySegment content = DriverProcess.content(PAGES);
        Sigstruct sigstruct = sigstruct(content);
        List<DriverProcess> processes = new ArrayList<>(ENCLAVES);
        try (SgxDriver driver = new SgxDriver(cpu, DriverOptions.defaults().withSwapThread(false))) {
            new DriverProcess(driver, PAGES).build(content).init(sigstruct).close();
            long before = used();
            for (int i = 0; i < ENCLAVES; i++) {
                processes.add(new DriverProcess(driver, PAGES).build(content).init(sigstruct));
            }
            long each = (used() - before) / ENCLAVES;
            processes.forEach(DriverProcess::close);
            if (!DriverProcess.isEmpty(driver)) {
                throw new IllegalStateException("EPC pages leaked");
            }
            return each;
        }
    }

    private static Sigstruct sigstruct(MemorySegment content) throws ImageException {
        String mrEnclave = HexFormat.of().formatHex(DriverProcess.mrEnclave(content));
        SigstructOptions options = SigstructOptions.of(mrEnclave, 0x20260101);
        return SigstructSigner.sign(options, SigningKey.generate(new SecureRandom()));
    }

    private static long used() throws InterruptedException {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            Thread.sleep(100);
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
