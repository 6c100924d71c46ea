package jsgx.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.crypto.Measurement;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DeviceFile;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.driver.mainline.AddPages;
import jsgx.driver.mainline.Create;
import jsgx.driver.mainline.Init;

/** A process that builds enclaves of equal pages through {@code /dev/sgx_enclave}. */
final class DriverProcess implements AutoCloseable {

    private static final int CHUNK = 256;
    private static final Workload WORKLOAD = new Workload("bench");
    private static final int READ_WRITE = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;

    private final EmbeddedAddressSpace space = new EmbeddedAddressSpace();
    private final DeviceFile file;
    private final int pages;
    private final long size;
    private long base;

    DriverProcess(SgxDriver driver, int pages) {
        this.pages = pages;
        size = size(pages);
        try {
            file = driver.mainline().open(WORKLOAD);
        } catch (DeviceAbsentException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The smallest ELRANGE for so many pages. */
    private static long size(int pages) {
        return Math.max(2L << Epc.PAGE_SHIFT, Long.highestOneBit(2L * pages - 1) << Epc.PAGE_SHIFT);
    }

    /** Content for so many pages. */
    static MemorySegment content(int pages) {
        return Arena.ofAuto()
                .allocate((long) pages << Epc.PAGE_SHIFT, Epc.PAGE_SIZE)
                .fill((byte) 0x5a);
    }

    /** ECREATE, EADD and EEXTEND of all pages. */
    DriverProcess build(MemorySegment content) {
        long area = space.unmappedArea(0, 2 * size);
        base = (area + size - 1) & -size;
        int flags = DeviceFile.MAP_SHARED | DeviceFile.MAP_FIXED;
        expect(base, file.mmap(space, base, size, READ_WRITE, flags, 0));
        Secs secs = Secs.allocate();
        secs.size(size);
        secs.baseAddr(base);
        secs.ssaFrameSize(1);
        secs.attributes(new Attributes(Attributes.MODE64BIT, 3));
        Create create = Create.allocate();
        create.src(space.place(secs.memory()));
        expect(0, space.ioctl(file, Create.CMD, create.memory()));
        space.remove(create.src());

        AddPages add = AddPages.allocate();
        add.src(space.place(content));
        add.length((long) pages << Epc.PAGE_SHIFT);
        add.secinfo(space.place(secinfo().memory()));
        add.flags(AddPages.MEASURE);
        expect(0, space.ioctl(file, AddPages.CMD, add.memory()));
        space.remove(add.src());
        space.remove(add.secinfo());
        return this;
    }

    private static Secinfo secinfo() {
        Secinfo secinfo = Secinfo.allocate();
        secinfo.flags(Secinfo.R | Secinfo.W);
        secinfo.pageType(PageType.REG);
        return secinfo;
    }

    /** What {@link #build} makes of this content. */
    static byte[] mrEnclave(MemorySegment content) {
        int pages = (int) (content.byteSize() >>> Epc.PAGE_SHIFT);
        Measurement measurement = Measurement.ecreate(1, size(pages), 0);
        for (long at = 0; at < content.byteSize(); at += CHUNK) {
            if (at % Epc.PAGE_SIZE == 0) {
                measurement.eadd(at, secinfo().memory().asSlice(0, 48));
            }
            measurement.eextend(at, content, at);
        }
        return measurement.value();
    }

    /** EINIT. */
    DriverProcess init(Sigstruct sigstruct) {
        Init init = Init.allocate();
        init.sigstruct(space.place(sigstruct.memory()));
        expect(0, space.ioctl(file, Init.CMD, init.memory()));
        space.remove(init.sigstruct());
        return this;
    }

    private static void expect(long expected, long result) {
        if (result != expected) {
            throw new IllegalStateException("the driver returned " + result);
        }
    }

    /** Whether the driver's processor still has the enclave. */
    static boolean isEmpty(SgxDriver driver) {
        ProcessorPackage cpu = driver.processorPackage();
        return driver.freePages() == cpu.epc().pages();
    }

    @Override
    public void close() {
        space.unmap(base, size);
        file.close();
    }
}
