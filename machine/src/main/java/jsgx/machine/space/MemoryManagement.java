package jsgx.machine.space;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import jsgx.arch.epc.Epc;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.driver.DeviceMappings;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.sgx.SgxSpace.Piece;
import jsgx.machine.task.Agent;

/** How the program manages the memory of an address space where devices are, or may be, mapped: mmap, munmap, mprotect, mremap and fork. */
public final class MemoryManagement {

    private static final long PAGE_SIZE = Epc.PAGE_SIZE;
    private static final int MAP_32BIT = 0x40;

    private final ProgramSpace space;
    private final DeviceMappings mappings;
    private final EpcPageTable pages;
    private final Agent agent;
    private final ReentrantLock lock = new ReentrantLock();

    /** MAP_ flags of the mmap that runs, and what it has reserved; guarded by the lock. */
    private int mmapFlags;

    private long reservedStart;
    private long reservedEnd;

    MemoryManagement(ProgramSpace space, DeviceMappings mappings, EpcPageTable pages, Agent agent) {
        this.space = space;
        this.mappings = mappings;
        this.pages = pages;
        this.agent = agent;
    }

    /**
     * mmap of a device.
     *
     * @param flags MAP_ flags; MAP_FIXED_NOREPLACE too
     * @return the address, or a negated errno
     */
    public long mmap(DeviceFile file, long address, long length, int protection, int flags, long offset) {
        lock.lock();
        try {
            if ((flags & (Linux.MAP_FIXED | Linux.MAP_FIXED_NOREPLACE)) == 0) {
                mmapFlags = flags & MAP_32BIT;
                return mmapAnywhere(file, address, length, protection, flags, offset);
            }
            long end = address + roundUp(length);
            if ((address & (PAGE_SIZE - 1)) != 0 || length <= 0) {
                return -Errors.EINVAL;
            }
            if (Long.compareUnsigned(end, Linux.TASK_SIZE) > 0) {
                return -Errors.ENOMEM;
            }
            return mmapFixed(file, address, end, protection, flags, offset);
        } finally {
            lock.unlock();
        }
    }

    private long mmapAnywhere(DeviceFile file, long hint, long length, int protection, int flags, long offset) {
        reservedStart = 0;
        reservedEnd = 0;
        // The hint is a page's address for whoever looks for room.
        long start = file.mmap(space, hint & -PAGE_SIZE, length, protection, flags, offset);
        long usedStart = Linux.failed(start) ? reservedEnd : start;
        long usedEnd = Linux.failed(start) ? reservedEnd : start + roundUp(length);
        release(reservedStart, usedStart);
        release(usedEnd, reservedEnd);
        return start;
    }

    /** For a driver in mmap: reserves the range where the kernel finds it. */
    long unmappedArea(long hint, long length) {
        int flags = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE | mmapFlags;
        long start = agent.systemCall(SystemCall.MMAP, hint, length, Linux.PROT_NONE, flags, -1, 0);
        if (!Linux.failed(start)) {
            reservedStart = start;
            reservedEnd = start + roundUp(length);
        }
        return start;
    }

    private void release(long start, long end) {
        if (start < end) {
            agent.systemCall(SystemCall.MUNMAP, start, end - start);
        }
    }

    private long mmapFixed(DeviceFile file, long start, long end, int protection, int flags, long offset) {
        boolean replace = (flags & Linux.MAP_FIXED_NOREPLACE) == 0;
        if (!replace) {
            // A free range is taken here and now; one that is not is EEXIST.
            long reserved = agent.systemCall(
                    SystemCall.MMAP,
                    start,
                    end - start,
                    Linux.PROT_NONE,
                    Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE | Linux.MAP_FIXED_NOREPLACE,
                    -1,
                    0);
            if (Linux.failed(reserved)) {
                return reserved;
            }
        }
        pages.close(start, end);
        try {
            int driverFlags = (flags & ~Linux.MAP_FIXED_NOREPLACE) | Linux.MAP_FIXED;
            long result = file.mmap(space, start, end - start, protection, driverFlags, offset);
            if (!Linux.failed(result) && replace) {
                long reserved = agent.systemCalls(ShownPages.reservation(start, end - start))[0];
                if (Linux.failed(reserved)) {
                    mappings.unmap(start, end);
                    return reserved;
                }
            } else if (Linux.failed(result) && !replace) {
                release(start, end);
            }
            return result;
        } finally {
            pages.open();
        }
    }

    /**
     * Makes something else of a range in which devices may be mapped, as munmap does, or mmap with MAP_FIXED.
     *
     * @param call the system call itself, which returns what the kernel returned: the mappings of devices are gone where it did not fail
     */
    public long replace(long start, long end, LongSupplier call) {
        lock.lock();
        try {
            pages.close(start, end);
            try {
                long result = call.getAsLong();
                if (!Linux.failed(result)) {
                    mappings.unmap(start, end);
                }
                return result;
            } finally {
                pages.open();
            }
        } finally {
            lock.unlock();
        }
    }

    /** munmap of whole pages: 0 or a negated errno. */
    public long munmap(long start, long end) {
        return replace(start, end, () -> agent.systemCall(SystemCall.MUNMAP, start, end - start));
    }

    /** Does something with a range of addresses piece by piece, lowest first, up to the first failure: with what is a device's mapping and what is not. */
    public long pieces(long start, long end, Piece device, Piece other) {
        lock.lock();
        try {
            long from = start;
            while (from < end) {
                Optional<DeviceMapping> mapping = mappings.at(from);
                long to = Math.min(end, mapping.map(DeviceMapping::end).orElse(mappings.nextStart(from)));
                long result = mapping.isPresent() ? device.apply(from, to) : other.apply(from, to);
                if (result != 0) {
                    return result;
                }
                from = to;
            }
            return 0;
        } finally {
            lock.unlock();
        }
    }

    /**
     * mprotect of whole pages, of devices and of other memory.
     *
     * @param other mprotect of a range in which there are no devices
     */
    public long mprotect(long start, long end, int protection, Piece other) {
        return pieces(start, end, (from, to) -> mappings.protect(from, to, protection), other);
    }

    /**
     * Moves part of a device's mapping, in place of what is there; an enclave cannot be used there.
     *
     * @return the new address, or a negated errno
     */
    public long move(DeviceMapping from, long start, long end, long to) {
        lock.lock();
        try {
            long length = end - start;
            long result = replace(to, to + length, () -> agent.systemCalls(ShownPages.reservation(to, length))[0]);
            if (Linux.failed(result)) {
                return result;
            }
            DeviceMapping moved = new DeviceMapping(
                    space, to, to + length, from.offset() + start - from.start(), from.protection(), from.operations());
            moved.enclave(from.enclave().orElse(null));
            moved.operations().opened(moved);
            mappings.insert(moved);
            result = munmap(start, end);
            return result == 0 ? to : result;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Makes this address space, which fork has just made of another, have the other's mappings: none of their pages is shown yet. Nothing of the program
     * runs in it.
     */
    public void forked(ProgramSpace parent) {
        lock.lock();
        try {
            for (DeviceMapping mapping : parent.mappings().all()) {
                long length = mapping.end() - mapping.start();
                if (!mapping.operations().isCopiedByFork()) {
                    agent.systemCall(SystemCall.MUNMAP, mapping.start(), length);
                    continue;
                }
                agent.systemCalls(ShownPages.reservation(mapping.start(), length));
                DeviceMapping copy = new DeviceMapping(
                        space,
                        mapping.start(),
                        mapping.end(),
                        mapping.offset(),
                        mapping.protection(),
                        mapping.operations());
                copy.enclave(mapping.enclave().orElse(null));
                copy.operations().opened(copy);
                mappings.insert(copy);
            }
        } finally {
            lock.unlock();
        }
    }

    /** The last process with this address space is gone, or executes another program: the drivers' mappings are, too. */
    public void gone() {
        lock.lock();
        try {
            List<DeviceMapping> all = mappings.all();
            if (!all.isEmpty()) {
                mappings.unmap(all.getFirst().start(), all.getLast().end());
            }
        } finally {
            lock.unlock();
        }
    }

    private static long roundUp(long length) {
        return (length + PAGE_SIZE - 1) & -PAGE_SIZE;
    }
}
