package jsgx.machine.enclave;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jsgx.arch.TestMemory;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceMappings;

/** An address space for tests: the mappings of devices show what a {@link TestMemory} maps. */
final class TestSpace implements EnclaveSpace {

    private final TestMemory memory;
    private final DeviceMappings mappings = new DeviceMappings();
    /** How many threads are inside. */
    int occupants;

    final List<Long> refreshed = new ArrayList<>();

    TestSpace(TestMemory memory) {
        this.memory = memory;
    }

    @Override
    public void refresh(long start, long end) {
        for (long page = start; page < end; page += 4096) {
            refreshed.add(page);
        }
    }

    @Override
    public void entered(long base, long size) {
        occupants++;
    }

    @Override
    public void left(long base, long size) {
        occupants--;
    }

    @Override
    public boolean showOnes(long linear) {
        return false;
    }

    @Override
    public int realProtection(long linear) {
        return 0;
    }

    @Override
    public long copyFromUser(long from, MemorySegment to) {
        for (long i = 0; i < to.byteSize(); i++) {
            try {
                MemorySegment.copy(memory.ordinary(from + i, 1, false), 0, to, i, 1);
            } catch (PageFaultException e) {
                return to.byteSize() - i;
            }
        }
        return 0;
    }

    @Override
    public DeviceMappings mappings() {
        return mappings;
    }

    @Override
    public int epcPage(long linear) {
        int page = memory.epcPage(linear);
        return page < 0 && mappings.at(linear).isPresent() ? UNMAPPED : page;
    }

    @Override
    public boolean permits(long linear, int protection) {
        return mappings.at(linear)
                .map(m -> (m.protection() & protection) == protection)
                .orElse(true);
    }

    @Override
    public MemorySegment ordinary(long linear, long size, boolean write) throws PageFaultException {
        return memory.ordinary(linear, size, write);
    }

    @Override
    public void map(long address, int epcPage, int protection) {
        memory.mapEpc(address, epcPage);
    }

    @Override
    public void zap(long start, long end) {
        for (long page = start; page < end; page += 4096) {
            memory.unmapEpc(page);
        }
    }

    @Override
    public long copyToUser(MemorySegment from, long to) {
        throw new AssertionError("not asked for");
    }

    @Override
    public Optional<MemorySegment> readPage(long address) {
        throw new AssertionError("not asked for");
    }

    @Override
    public AddressSpace.Source source(long address) {
        throw new AssertionError("not asked for");
    }

    @Override
    public long unmappedArea(long hint, long length) {
        throw new AssertionError("not asked for");
    }

    @Override
    public boolean testAndClearAccessed(long address) {
        throw new AssertionError("not asked for");
    }

    @Override
    public void evictThreads(long start, long end) {
        throw new AssertionError("not asked for");
    }
}
