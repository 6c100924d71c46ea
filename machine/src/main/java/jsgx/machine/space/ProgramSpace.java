package jsgx.machine.space;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import jsgx.arch.Fault;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.driver.DeviceMappings;
import jsgx.driver.FaultResult;
import jsgx.machine.enclave.EnclaveSpace;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.sgx.EnclaveThreads;
import jsgx.machine.sgx.SgxSpace.Piece;
import jsgx.machine.task.Agent;
import org.jspecify.annotations.Nullable;

/**
 * An address space of the program: for the drivers a process's memory and page tables, for the processor the linear memory of the
 * program's threads.
 *
 * <h2>Locks</h2>
 *
 * <p>Taken in this order, each perhaps left out: the lock of memory management here (mmap_lock), the monitor of {@link DeviceMappings}, an enclave's lock, the page table's
 * lock, the agent's. The reclaimer comes with an enclave's lock or without, and takes the page table's. A thread that serves a fault holds none when it asks the driver,
 * whose answer is entered under the enclave's lock and the page table's. Making threads leave an enclave waits for them with all but the last
 * two of these held: a thread of the program takes none of them while the processor has it inside an enclave, that is, an exception there is an
 * asynchronous exit before it is a driver's business.
 */
public final class ProgramSpace implements EnclaveSpace {

    private static final ScopedValue<Call> CALL = ScopedValue.newInstance();
    private static final long PAGE_SIZE = Epc.PAGE_SIZE;
    private static final int MAP_32BIT = 0x40;
    private static final long TASK_SIZE = 0x7fff_ffff_f000L;

    /** How much is copied through memory of our own at once. */
    private static final long CHUNK = 64 << 10;

    /** A call of a driver for a thread of the program. Only that thread's server uses it. */
    private static final class Call {
        final Caller caller;
        ProcessView.@Nullable Ground ground;

        Call(Caller caller) {
            this.caller = caller;
        }
    }

    private final ProcessView process;
    private final Agent agent;
    private final EnclaveThreads threads;
    private final DeviceMappings mappings = new DeviceMappings();
    private final EpcPageTable pages;
    private final ReentrantLock management = new ReentrantLock();

    /** MAP_ flags of the mmap that runs, and what it has reserved; guarded by {@link #management}. */
    private int mmapFlags;

    private long reservedStart;
    private long reservedEnd;

    /**
     * An address space without mappings of devices.
     *
     * @param pid a process that has it
     * @param agent our own thread in it
     */
    public ProgramSpace(int pid, Agent agent, Epcm epcm, EnclaveThreads threads) {
        this(new LocalProcess(pid), agent, epcm, threads, false);
    }

    /**
     * The same.
     *
     * @param process one that has it
     * @param strict whether the process shows an enclave's pages only while a thread is inside
     */
    public ProgramSpace(ProcessView process, Agent agent, Epcm epcm, EnclaveThreads threads, boolean strict) {
        this.process = process;
        this.agent = agent;
        this.threads = threads;
        pages = new EpcPageTable(agent, epcm, strict);
    }

    /** Runs what calls drivers for a thread of the program, which they may ask about. */
    public static long calling(Caller caller, LongSupplier action) {
        return ScopedValue.where(CALL, new Call(caller)).call(action::getAsLong);
    }

    // What the processor and the supervision ask.

    /** Tells somebody of changes to pages from now on. */
    public void watch(PageWatcher watcher) {
        pages.watch(watcher);
    }

    /** Does something during which no page table entry of a device changes, and no page that is shown. */
    public <T> T unchanged(Supplier<T> action) {
        return pages.unchanged(action);
    }

    /**
     * Repairs a page fault as the kernel does, by the page table or the driver. Whether the mapping's protection permits the access at all is looked at before
     * ({@link #permits}), what the EPCM says of the page after it.
     *
     * @return what the driver answered; empty where no device is mapped at the address
     */
    public Optional<FaultResult> fault(long address, boolean write) {
        Optional<DeviceMapping> mapping = mappings.at(address);
        if (mapping.isEmpty() || pages.show(address)) {
            return mapping.map(any -> FaultResult.NOPAGE);
        }
        return mapping.map(device -> device.fault(address & -PAGE_SIZE, write));
    }

    /**
     * Makes the real protection of the pages between two addresses what their mapping and the EPCM allow now, also of those that the process
     * does not show at the moment.
     */
    @Override
    public void refresh(long start, long end) {
        pages.refresh(start & -PAGE_SIZE, (end + PAGE_SIZE - 1) & -PAGE_SIZE, true);
    }

    @Override
    public void entered(long base, long size) {
        pages.enter(base, size);
    }

    @Override
    public void left(long base, long size) {
        pages.leave(base, size);
    }

    @Override
    public boolean showOnes(long linear) {
        return pages.showOnes(linear, page -> {
            try (Arena arena = Arena.ofConfined()) {
                process.write(page, arena.allocate(PAGE_SIZE).fill((byte) 0xff));
            }
        });
    }

    @Override
    public int realProtection(long linear) {
        return pages.shown(linear);
    }

    /** Takes from all pages what the EPCM no longer allows, where the process shows them. */
    public void restrict() {
        pages.refresh(0, TASK_SIZE, false);
    }

    @Override
    public int epcPage(long linear) {
        int page = pages.access(linear);
        if (page >= 0) {
            return page;
        }
        return mappings.at(linear).isPresent() ? UNMAPPED : ORDINARY;
    }

    @Override
    public boolean permits(long linear, int protection) {
        Optional<DeviceMapping> mapping = mappings.at(linear);
        // On x86 what can be written or executed can be read.
        return mapping.isEmpty() || (readable(mapping.get().protection()) & protection) == protection;
    }

    private static int readable(int protection) {
        return protection == 0 ? 0 : protection | Linux.PROT_READ;
    }

    /** A copy: no leaf that a program can execute writes to ordinary memory. */
    @Override
    public MemorySegment ordinary(long linear, long size, boolean write) throws PageFaultException {
        MemorySegment copy = MemorySegment.ofArray(new byte[(int) size]);
        if (write || copyFromUser(linear, copy) != 0) {
            throw new PageFaultException(linear, write ? Fault.PF_WRITE : 0);
        }
        return copy;
    }

    // The driver's port.

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
        pages.zap(start, end);
    }

    @Override
    public boolean testAndClearAccessed(long address) {
        return pages.testAndClearAccessed(address);
    }

    @Override
    public void evictThreads(long start, long end) {
        threads.evict(start, end);
    }

    @Override
    public long copyFromUser(long from, MemorySegment to) {
        return copy(from, to, false);
    }

    @Override
    public long copyToUser(MemorySegment from, long to) {
        return copy(to, from, true);
    }

    private long copy(long user, MemorySegment kernel, boolean toUser) {
        long size = kernel.byteSize();
        long done = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Math.clamp(size, 1, CHUNK));
            while (done < size) {
                long here = Math.min(size - done, CHUNK);
                long moved = toUser
                        ? write(buffer, kernel.asSlice(done, here), user + done)
                        : read(buffer, user + done, kernel.asSlice(done, here));
                done += moved;
                if (moved < here) {
                    break;
                }
            }
        }
        return size - done;
    }

    /** Software outside an enclave finds all ones in its pages. */
    private long read(MemorySegment buffer, long user, MemorySegment to) {
        long ordinary = ordinaryBytes(user, to.byteSize());
        if (ordinary == 0) {
            long shown = deviceBytes(user, to.byteSize(), Linux.PROT_READ);
            to.asSlice(0, shown).fill((byte) 0xff);
            return shown == 0 || shown == to.byteSize() ? shown : shown + read(buffer, user + shown, to.asSlice(shown));
        }
        long moved = process.read(user, buffer.asSlice(0, ordinary));
        MemorySegment.copy(buffer, 0, to, 0, moved);
        return moved < ordinary || moved == to.byteSize()
                ? moved
                : moved + read(buffer, user + moved, to.asSlice(moved));
    }

    /** What software outside an enclave writes to its pages is lost. */
    private long write(MemorySegment buffer, MemorySegment from, long user) {
        long ordinary = ordinaryBytes(user, from.byteSize());
        if (ordinary == 0) {
            long shown = deviceBytes(user, from.byteSize(), Linux.PROT_WRITE);
            return shown == 0 || shown == from.byteSize()
                    ? shown
                    : shown + write(buffer, from.asSlice(shown), user + shown);
        }
        MemorySegment.copy(from, 0, buffer, 0, ordinary);
        long moved = process.write(user, buffer.asSlice(0, ordinary));
        return moved < ordinary || moved == from.byteSize()
                ? moved
                : moved + write(buffer, from.asSlice(moved), user + moved);
    }

    /** How many bytes from an address on belong to no device. */
    private long ordinaryBytes(long address, long size) {
        long next = mappings.nextStart(address);
        return next - address < 0 || next - address > size ? size : next - address;
    }

    private long deviceBytes(long address, long size, int protection) {
        Optional<DeviceMapping> mapping = mappings.at(address);
        return mapping.isPresent() && (readable(mapping.get().protection()) & protection) != 0
                ? Math.min(size, mapping.get().end() - address)
                : 0;
    }

    /** get_user_pages refuses pages of devices. */
    @Override
    public Optional<MemorySegment> readPage(long address) {
        MemorySegment page = MemorySegment.ofArray(new byte[(int) PAGE_SIZE]);
        return mappings.at(address).isEmpty() && copyFromUser(address, page) == 0
                ? Optional.of(page)
                : Optional.empty();
    }

    @Override
    public Source source(long address) {
        Call call = CALL.isBound() ? CALL.get() : null;
        ProcessView.Ground known = call == null ? null : call.ground;
        if (known != null && address >= known.start() && address < known.end()) {
            return source(known);
        }
        Optional<ProcessView.Ground> ground = process.ground(address);
        if (call != null && ground.isPresent()) {
            call.ground = ground.get();
        }
        return ground.map(ProgramSpace::source).orElse(Source.UNMAPPED);
    }

    private static Source source(ProcessView.Ground ground) {
        return ground.noexec() ? Source.NOEXEC : Source.MAY_EXEC;
    }

    @Override
    public boolean signalPending() {
        return CALL.isBound() && CALL.get().caller.signalPending();
    }

    @Override
    public boolean readImpliesExec() {
        return process.readImpliesExec();
    }

    @Override
    public Optional<DeviceFile> file(int descriptor) {
        return CALL.isBound() ? CALL.get().caller.file(descriptor) : Optional.empty();
    }

    /** Reserves the range where the kernel finds it. */
    @Override
    public long unmappedArea(long hint, long length) {
        int flags = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE | mmapFlags;
        long start = agent.systemCall(SystemCall.MMAP, hint, length, Linux.PROT_NONE, flags, -1, 0);
        if (!Linux.failed(start)) {
            reservedStart = start;
            reservedEnd = start + roundUp(length);
        }
        return start;
    }

    // Memory management of the program.

    /**
     * mmap of a device.
     *
     * @param flags MAP_ flags; MAP_FIXED_NOREPLACE too
     * @return the address, or a negated errno
     */
    public long mmap(DeviceFile file, long address, long length, int protection, int flags, long offset) {
        management.lock();
        try {
            if ((flags & (Linux.MAP_FIXED | Linux.MAP_FIXED_NOREPLACE)) == 0) {
                mmapFlags = flags & MAP_32BIT;
                return mmapAnywhere(file, address, length, protection, flags, offset);
            }
            long end = address + roundUp(length);
            if ((address & (PAGE_SIZE - 1)) != 0 || length <= 0) {
                return -Errors.EINVAL;
            }
            if (Long.compareUnsigned(end, TASK_SIZE) > 0) {
                return -Errors.ENOMEM;
            }
            return mmapFixed(file, address, end, protection, flags, offset);
        } finally {
            management.unlock();
        }
    }

    private long mmapAnywhere(DeviceFile file, long hint, long length, int protection, int flags, long offset) {
        reservedStart = 0;
        reservedEnd = 0;
        // The hint is a page's address for whoever looks for room.
        long start = file.mmap(this, hint & -PAGE_SIZE, length, protection, flags, offset);
        long usedStart = Linux.failed(start) ? reservedEnd : start;
        long usedEnd = Linux.failed(start) ? reservedEnd : start + roundUp(length);
        release(reservedStart, usedStart);
        release(usedEnd, reservedEnd);
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
            long result = file.mmap(this, start, end - start, protection, driverFlags, offset);
            if (!Linux.failed(result) && replace) {
                long reserved = agent.systemCalls(EpcPageTable.reservation(start, end - start))[0];
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
        management.lock();
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
            management.unlock();
        }
    }

    /** munmap of whole pages: 0 or a negated errno. */
    public long munmap(long start, long end) {
        return replace(start, end, () -> agent.systemCall(SystemCall.MUNMAP, start, end - start));
    }

    /** Does something with a range of addresses piece by piece, lowest first, up to the first failure: with what is a device's mapping and what is not. */
    public long pieces(long start, long end, Piece device, Piece other) {
        management.lock();
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
            management.unlock();
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
        management.lock();
        try {
            long length = end - start;
            long result = replace(to, to + length, () -> agent.systemCalls(EpcPageTable.reservation(to, length))[0]);
            if (Linux.failed(result)) {
                return result;
            }
            DeviceMapping moved = new DeviceMapping(
                    this, to, to + length, from.offset() + start - from.start(), from.protection(), from.operations());
            moved.enclave(from.enclave().orElse(null));
            moved.operations().opened(moved);
            mappings.insert(moved);
            result = munmap(start, end);
            return result == 0 ? to : result;
        } finally {
            management.unlock();
        }
    }

    /**
     * Makes this address space, which fork has just made of another, have the other's mappings: none of their pages is shown yet. Nothing of the program
     * runs in it.
     */
    public void forked(ProgramSpace parent) {
        management.lock();
        try {
            for (DeviceMapping mapping : parent.mappings.all()) {
                long length = mapping.end() - mapping.start();
                if (!mapping.operations().isCopiedByFork()) {
                    agent.systemCall(SystemCall.MUNMAP, mapping.start(), length);
                    continue;
                }
                agent.systemCalls(EpcPageTable.reservation(mapping.start(), length));
                DeviceMapping copy = new DeviceMapping(
                        this,
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
            management.unlock();
        }
    }

    /** The last process with this address space is gone, or executes another program: the drivers' mappings are, too. */
    public void gone() {
        management.lock();
        try {
            List<DeviceMapping> all = mappings.all();
            if (!all.isEmpty()) {
                mappings.unmap(all.getFirst().start(), all.getLast().end());
            }
        } finally {
            management.unlock();
        }
    }

    private static long roundUp(long length) {
        return (length + PAGE_SIZE - 1) & -PAGE_SIZE;
    }
}
