package jsgx.machine.space;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.driver.DeviceFile;
import jsgx.driver.DriverOptions;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.driver.mainline.AddPages;
import jsgx.driver.mainline.Create;
import jsgx.machine.MachineException;
import jsgx.machine.SharedEpc;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;

/** A driver whose EPC is shown in the test's own address space, which is the program's. */
final class SpaceFixture implements AutoCloseable {

    static final long PAGE = 4096;
    static final Workload WORKLOAD = new Workload("test");
    static final int R = 1;
    static final int RW = 3;
    static final int RX = 5;

    private static final AtomicLong NEXT = new AtomicLong(0x2000_0000_0000L);

    final SharedEpc epc;
    final ProcessorPackage cpu;
    final SgxDriver driver;
    final OwnAgent agent;
    final ProgramSpace space;
    final Arena arena = Arena.ofShared();

    SpaceFixture(int epcPages) throws MachineException {
        Random random = new Random(5);
        epc = SharedEpc.allocate(List.of(epcPages * PAGE));
        cpu = new ProcessorPackage(Fuses.burn(random), CpuFeatures.SGX2, CpuSvn.ZERO, new byte[16], epc.epc(), random);
        driver = new SgxDriver(cpu, DriverOptions.defaults().withSwapThread(false));
        agent = new OwnAgent(epc.descriptor());
        space = new ProgramSpace(Linux.pid(), agent, cpu.epcm(), (start, end) -> {});
    }

    DeviceFile open() {
        try {
            return driver.mainline().open(WORKLOAD);
        } catch (jsgx.driver.DeviceAbsentException e) {
            throw new AssertionError(e);
        }
    }

    /** Where neither the kernel nor the JVM places anything: what a test unmaps there stays free, and what it maps is its own. */
    static long place(long pages) {
        long size = pages * PAGE;
        return (NEXT.getAndAdd(4 * size + (1 << 20)) + size - 1) & -PAGE;
    }

    /** Memory of a test's own, filled with a byte. */
    @SuppressWarnings("restricted")
    static MemorySegment memory(long pages, int content) {
        long at = place(pages);
        long mapped = Linux.call(
                SystemCall.MMAP,
                at,
                pages * PAGE,
                Linux.PROT_READ | Linux.PROT_WRITE,
                Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_FIXED_NOREPLACE,
                -1,
                0);
        assertThat(mapped).isEqualTo(at);
        return MemorySegment.ofAddress(at).reinterpret(pages * PAGE).fill((byte) content);
    }

    /** Reserves a naturally aligned range through the device, as loaders do, and creates an enclave there. */
    long create(DeviceFile file, long pages) {
        long size = pages * PAGE;
        long area = space.management().mmap(file, place(2 * pages), 2 * size, 0, Linux.MAP_SHARED, 0);
        assertThat(Linux.failed(area)).isFalse();
        long base = (area + size - 1) & -size;
        if (base > area) {
            assertThat(space.management().munmap(area, base)).isZero();
        }
        assertThat(space.management().munmap(base + size, area + 2 * size)).isZero();
        Secs secs = Secs.allocate();
        secs.size(size);
        secs.baseAddr(base);
        secs.ssaFrameSize(1);
        secs.attributes(new Attributes(Attributes.MODE64BIT | Attributes.DEBUG, 3));
        MemorySegment image = arena.allocate(PAGE, PAGE).copyFrom(secs.memory());
        MemorySegment argument = arena.allocate(ValueLayout.JAVA_LONG);
        argument.set(ValueLayout.JAVA_LONG, 0, image.address());
        assertThat(file.ioctl(space, Create.CMD, argument.address())).isZero();
        return base;
    }

    /** Adds pages to an enclave. */
    long add(DeviceFile file, long offset, MemorySegment source, int permissions) {
        MemorySegment secinfo = arena.allocate(Secinfo.SIZE, 64);
        secinfo.set(ValueLayout.JAVA_LONG, 0, permissions | 0x200);
        MemorySegment argument = arena.allocate(AddPages.SIZE, 8);
        AddPages add = new AddPages(argument);
        add.src(source.address());
        add.offset(offset);
        add.length(source.byteSize());
        add.secinfo(secinfo.address());
        return file.ioctl(space, AddPages.CMD, argument.address());
    }

    /** The page at an address of the test's own address space. */
    @SuppressWarnings("restricted")
    static MemorySegment at(long address) {
        return MemorySegment.ofAddress(address).reinterpret(PAGE);
    }

    @Override
    public void close() {
        space.management().gone();
        driver.close();
        arena.close();
    }
}
