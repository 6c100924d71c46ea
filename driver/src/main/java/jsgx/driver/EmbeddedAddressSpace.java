package jsgx.driver;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import jsgx.arch.Fault;
import jsgx.arch.LinearMemory;

/**
 * An address space inside this Java program: ordinary memory is made of segments at linear addresses of the caller's choice,
 * and the mappings of a device are entries in a page table. There is no process behind it.
 *
 * <p>It is the linear memory of a logical processor that executes ENCLU for it. A page of an enclave that is not in the page
 * table gives #PF there; {@link #fault} then does what the kernel does.
 */
public final class EmbeddedAddressSpace implements AddressSpace, LinearMemory {

    private static final long PAGE_SIZE = 4096;
    private static final long FIRST_ORDINARY = 0x0000_5555_0000_0000L;
    private static final long FIRST_MAPPING = 0x0000_7f00_0000_0000L;

    private static final MemorySegment NOTHING = MemorySegment.ofArray(new byte[0]);

    private record Region(MemorySegment memory, boolean mayExec) {}

    private final ConcurrentSkipListMap<Long, Region> regions = new ConcurrentSkipListMap<>();
    private final AtomicLong nextOrdinary = new AtomicLong(FIRST_ORDINARY);
    private final AtomicLong nextMapping = new AtomicLong(FIRST_MAPPING);
    private final DeviceMappings mappings = new DeviceMappings();
    private final PageTable pages = new PageTable();
    private final ReentrantReadWriteLock inside = new ReentrantReadWriteLock();
    private final AtomicLong evictions = new AtomicLong();
    private final ConcurrentHashMap<Integer, DeviceFile> files = new ConcurrentHashMap<>();
    private final AtomicInteger nextDescriptor = new AtomicInteger(3);

    /** An empty address space. */
    public EmbeddedAddressSpace() {}

    /** Lets a segment appear at a linear address; writable unless the segment is read-only, and it may be executable. */
    public void put(long address, MemorySegment memory) {
        put(address, memory, true);
    }

    /**
     * Lets a segment appear at a linear address.
     *
     * @param mayExec false for memory that can never be made executable, as of a file system mounted noexec
     */
    public void put(long address, MemorySegment memory, boolean mayExec) {
        regions.put(address, new Region(memory, mayExec));
    }

    /** Lets a segment appear at a page-aligned address that was free, and returns it. */
    public long place(MemorySegment memory) {
        long pages = memory.byteSize() / PAGE_SIZE + 2;
        long address = nextOrdinary.getAndAdd(pages * PAGE_SIZE);
        put(address, memory);
        return address;
    }

    /** Takes away the segment that begins at an address. */
    public void remove(long address) {
        regions.remove(address);
    }

    /** An ioctl whose argument is a structure: it lies in this address space for the call, and the call may change it. */
    public long ioctl(DeviceFile file, int cmd, MemorySegment argument) {
        long address = place(argument);
        try {
            return file.ioctl(this, cmd, address);
        } finally {
            remove(address);
        }
    }

    /** munmap of mappings of a device. */
    public void unmap(long address, long length) {
        mappings.unmap(address, address + length);
    }

    /** mprotect of mappings of a device: 0 or a negated errno. */
    public long protect(long address, long length, int protection) {
        return mappings.protect(address, address + length, protection);
    }

    /** Gives an open file a descriptor. */
    public int descriptor(DeviceFile file) {
        int descriptor = nextDescriptor.getAndIncrement();
        files.put(descriptor, file);
        return descriptor;
    }

    /** close of a descriptor, and of its file. */
    public void close(int descriptor) {
        DeviceFile file = files.remove(descriptor);
        if (file != null) {
            file.close();
        }
    }

    /** A page fault of this program at an address: what the driver answers; SIGBUS where nothing is mapped. */
    public FaultResult fault(long address, boolean write) {
        Optional<DeviceMapping> mapping = mappings.at(address);
        return mapping.isPresent() ? mapping.get().fault(address & -PAGE_SIZE, write) : FaultResult.SIGBUS;
    }

    /**
     * Held by a thread while it is inside an enclave of this address space. The reclaimer waits for it where the kernel sends
     * an interrupt, so it must be given back before {@link #fault} is called.
     */
    public Lock inside() {
        return inside.readLock();
    }

    /** How often all threads were made to leave. */
    public long evictions() {
        return evictions.get();
    }

    @Override
    public long copyFromUser(long from, MemorySegment to) {
        return copy(from, to, false);
    }

    @Override
    public long copyToUser(MemorySegment from, long to) {
        return copy(to, from, true);
    }

    @Override
    public Optional<MemorySegment> readPage(long address) {
        MemorySegment memory = from(address);
        if (memory.byteSize() >= PAGE_SIZE) {
            return Optional.of(memory.asSlice(0, PAGE_SIZE));
        }
        MemorySegment copy = MemorySegment.ofArray(new byte[(int) PAGE_SIZE]);
        return copyFromUser(address, copy) == 0 ? Optional.of(copy) : Optional.empty();
    }

    @Override
    public Source source(long address) {
        Map.Entry<Long, Region> region = regions.floorEntry(address);
        if (region == null
                || address - region.getKey() >= region.getValue().memory().byteSize()) {
            region = regions.ceilingEntry(address);
        }
        if (region == null) {
            return mappings.all().stream().anyMatch(m -> m.end() > address) ? Source.MAY_EXEC : Source.UNMAPPED;
        }
        return region.getValue().mayExec() ? Source.MAY_EXEC : Source.NOEXEC;
    }

    @Override
    public long unmappedArea(long hint, long length) {
        if (hint != 0
                && mappings.at(hint).isEmpty()
                && mappings.at(hint + length - 1).isEmpty()) {
            return hint;
        }
        return nextMapping.getAndAdd(length);
    }

    @Override
    public DeviceMappings mappings() {
        return mappings;
    }

    @Override
    public void map(long address, int epcPage, int protection) {
        pages.map(address, epcPage, protection);
    }

    @Override
    public void zap(long start, long end) {
        pages.unmap(start, end);
    }

    @Override
    public boolean testAndClearAccessed(long address) {
        return pages.testAndClearAccessed(address);
    }

    @Override
    public void evictThreads(long start, long end) {
        inside.writeLock().lock();
        try {
            evictions.getAndIncrement();
        } finally {
            inside.writeLock().unlock();
        }
    }

    @Override
    public Optional<DeviceFile> file(int descriptor) {
        return Optional.ofNullable(files.get(descriptor));
    }

    @Override
    public int epcPage(long linear) {
        long entry = pages.access(linear);
        if (entry != PageTable.NONE) {
            return PageTable.epcPage(entry);
        }
        if (mappings.at(linear).isPresent()) {
            return UNMAPPED;
        }
        return from(linear).byteSize() > 0 ? ORDINARY : UNMAPPED;
    }

    @Override
    public MemorySegment ordinary(long linear, long size, boolean write) throws PageFaultException {
        MemorySegment memory = from(linear);
        if (memory.byteSize() < size) {
            throw new PageFaultException(linear, write ? Fault.PF_WRITE : 0);
        }
        if (write && memory.isReadOnly()) {
            throw new PageFaultException(linear, Fault.PF_WRITE | Fault.PF_PRESENT);
        }
        return memory.asSlice(0, size);
    }

    /** What an address has of ordinary memory, to the end of its segment; no byte where there is none. */
    private MemorySegment from(long address) {
        Map.Entry<Long, Region> region = regions.floorEntry(address);
        if (region == null) {
            return NOTHING;
        }
        MemorySegment memory = region.getValue().memory();
        return memory.asSlice(Math.min(address - region.getKey(), memory.byteSize()));
    }

    /** Copies as much as there is, and returns how much there was not. */
    private long copy(long user, MemorySegment kernel, boolean toUser) {
        long done = 0;
        long size = kernel.byteSize();
        while (done < size) {
            MemorySegment memory = from(user + done);
            long here = Math.min(size - done, memory.byteSize());
            if (here == 0 || (toUser && memory.isReadOnly())) {
                break;
            }
            if (toUser) {
                MemorySegment.copy(kernel, done, memory, 0, here);
            } else {
                MemorySegment.copy(memory, 0, kernel, done, here);
            }
            done += here;
        }
        return size - done;
    }
}
