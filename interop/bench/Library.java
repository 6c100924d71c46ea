import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceFile;
import jsgx.driver.DriverOptions;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.driver.mainline.AddPages;
import jsgx.driver.mainline.Create;

/** What ADD_PAGES costs in the library, where the caller's memory is the JVM's: what `jsgx run` is held against. */
final class Library {

    private static final long MIB = 1 << 20;
    private static final long HEAP = 16 * MIB;

    public static void main(String[] args) throws Exception {
        ProcessorPackage cpu = new ProcessorPackage(
                Fuses.burn(new Random(1)),
                CpuFeatures.SGX2,
                CpuSvn.ZERO,
                new byte[16],
                Epc.allocate(2 * HEAP),
                new Random(2));
        double best = Double.MAX_VALUE;
        try (SgxDriver driver =
                new SgxDriver(cpu, DriverOptions.defaults().withSwapThread(false))) {
            MemorySegment content =
                    Arena.ofAuto().allocate(HEAP, Epc.PAGE_SIZE).fill((byte) 0x5a);
            for (int round = 0; round < 20; round++) {
                double each = build(driver, content);
                if (round == 0) {
                    System.out.printf("library_first %.4g ms/MiB%n", each);
                }
                best = Math.min(best, each);
            }
        }
        System.out.printf("library %.4g ms/MiB%n", best);
    }

    private static double build(SgxDriver driver, MemorySegment content) throws Exception {
        EmbeddedAddressSpace space = new EmbeddedAddressSpace();
        DeviceFile file = driver.mainline().open(new Workload("bench"));
        long size = 2 * HEAP;
        long base = (space.unmappedArea(0, 2 * size) + size - 1) & -size;
        int access = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;
        expect(base, file.mmap(space, base, size, access, DeviceFile.MAP_SHARED | DeviceFile.MAP_FIXED, 0));
        Secs secs = Secs.allocate();
        secs.size(size);
        secs.baseAddr(base);
        secs.ssaFrameSize(1);
        secs.attributes(new Attributes(Attributes.MODE64BIT, 3));
        Create create = Create.allocate();
        create.src(space.place(secs.memory()));
        expect(0, space.ioctl(file, Create.CMD, create.memory()));

        Secinfo secinfo = Secinfo.allocate();
        secinfo.flags(Secinfo.R | Secinfo.W);
        secinfo.pageType(PageType.REG);
        AddPages add = AddPages.allocate();
        add.src(space.place(content));
        add.offset(HEAP);
        add.length(HEAP);
        add.secinfo(space.place(secinfo.memory()));
        add.flags(AddPages.MEASURE);
        long start = System.nanoTime();
        expect(0, space.ioctl(file, AddPages.CMD, add.memory()));
        double took = (System.nanoTime() - start) / 1e6;
        space.unmap(base, size);
        file.close();
        return took / (HEAP / (double) MIB);
    }

    private static void expect(long expected, long result) {
        if (result != expected) {
            throw new IllegalStateException("the driver returned " + result);
        }
    }
}
