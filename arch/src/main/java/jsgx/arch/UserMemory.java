package jsgx.arch;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import jsgx.arch.epc.Epc;
import org.jspecify.annotations.Nullable;

/**
 * The linear address space of a process: EPC pages where its page table maps them, and regions of ordinary memory. Threads
 * map, unmap and look up at once; a look-up sees a page either before or after a change.
 */
public final class UserMemory implements LinearMemory {

    private record Mapping(int epcPage, int protection) {}

    private final ConcurrentHashMap<Long, Mapping> epcPages = new ConcurrentHashMap<>();
    private final ConcurrentSkipListMap<Long, MemorySegment> regions = new ConcurrentSkipListMap<>();

    /** An address space in which nothing is mapped. */
    public UserMemory() {}

    /** Maps an EPC page, in place of what was mapped there, with all rights. */
    public void mapEpc(long linear, int epcPage) {
        mapEpc(linear, epcPage, PROT_READ | PROT_WRITE | PROT_EXEC);
    }

    /**
     * Maps an EPC page, in place of what was mapped there.
     *
     * @param linear a multiple of the page size
     * @param protection what the page table allows, of the constants of {@link LinearMemory}
     */
    public void mapEpc(long linear, int epcPage, int protection) {
        checkAligned(linear);
        epcPages.put(linear, new Mapping(epcPage, protection));
    }

    /**
     * Maps ordinary memory. A read-only segment is mapped without the right to write. The caller unmaps what was there.
     *
     * @param linear a multiple of the page size
     */
    public void map(long linear, MemorySegment memory) {
        checkAligned(linear);
        regions.put(linear, memory);
    }

    /** Unmaps the EPC pages in a range, and the region of ordinary memory that begins where it begins. */
    public void unmap(long linear, long size) {
        regions.remove(linear);
        if (size >>> Epc.PAGE_SHIFT < epcPages.size()) {
            for (long page = linear & -Epc.PAGE_SIZE; page - linear < size; page += Epc.PAGE_SIZE) {
                epcPages.remove(page);
            }
        } else {
            epcPages.keySet().removeIf(page -> Long.compareUnsigned(page - linear, size) < 0);
        }
    }

    @Override
    public int epcPage(long linear) {
        Mapping mapping = epcPages.get(linear & -Epc.PAGE_SIZE);
        if (mapping != null) {
            return mapping.epcPage();
        }
        return region(linear, 1) == null ? UNMAPPED : ORDINARY;
    }

    @Override
    public boolean permits(long linear, int protection) {
        Mapping mapping = epcPages.get(linear & -Epc.PAGE_SIZE);
        return mapping == null || (mapping.protection() & protection) == protection;
    }

    @Override
    public MemorySegment ordinary(long linear, long size, boolean write) throws PageFaultException {
        MemorySegment memory = region(linear, size);
        if (memory == null) {
            throw new PageFaultException(linear, write ? Fault.PF_WRITE : 0);
        }
        if (write && memory.isReadOnly()) {
            throw new PageFaultException(linear, Fault.PF_WRITE | Fault.PF_PRESENT);
        }
        return memory;
    }

    private @Nullable MemorySegment region(long linear, long size) {
        Map.Entry<Long, MemorySegment> entry = regions.floorEntry(linear);
        if (entry == null) {
            return null;
        }
        long offset = linear - entry.getKey();
        MemorySegment memory = entry.getValue();
        return offset + size <= memory.byteSize() ? memory.asSlice(offset, size) : null;
    }

    private static void checkAligned(long linear) {
        if ((linear & (Epc.PAGE_SIZE - 1)) != 0) {
            throw new IllegalArgumentException("0x%x is not a multiple of the page size".formatted(linear));
        }
    }
}
