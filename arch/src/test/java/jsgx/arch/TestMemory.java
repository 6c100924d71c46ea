package jsgx.arch;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jsgx.arch.epc.Epc;

/** A linear address space for tests: that of a kernel, with pages of enclaves mapped wherever a test wants them. */
public final class TestMemory implements LinearMemory {

    private final KernelMemory kernel;
    private final Map<Long, Integer> epcPages;

    TestMemory(Epc epc) {
        this(new KernelMemory(epc), new ConcurrentHashMap<>());
    }

    private TestMemory(KernelMemory kernel, Map<Long, Integer> epcPages) {
        this.kernel = kernel;
        this.epcPages = epcPages;
    }

    /** An address space with windows of its own that shares the enclaves' mappings with this one. */
    TestMemory another(Epc epc) {
        return new TestMemory(new KernelMemory(epc), epcPages);
    }

    /** Maps ordinary memory at one of 16 windows and returns its linear address. */
    public long map(int window, MemorySegment memory) {
        return kernel.map(window, memory);
    }

    /** Maps an EPC page at a linear address. */
    public void mapEpc(long linear, int page) {
        epcPages.put(linear >>> Epc.PAGE_SHIFT, page);
    }

    public void unmapEpc(long linear) {
        epcPages.remove(linear >>> Epc.PAGE_SHIFT);
    }

    @Override
    public int epcPage(long linear) {
        Integer page = epcPages.get(linear >>> Epc.PAGE_SHIFT);
        return page == null ? kernel.epcPage(linear) : page;
    }

    @Override
    public MemorySegment ordinary(long linear, long size, boolean write) throws PageFaultException {
        return kernel.ordinary(linear, size, write);
    }
}
