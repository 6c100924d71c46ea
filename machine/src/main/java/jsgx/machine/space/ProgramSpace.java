package jsgx.machine.space;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
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
import jsgx.machine.linux.Linux;
import jsgx.machine.sgx.EnclaveThreads;
import jsgx.machine.task.Agent;
import org.jspecify.annotations.Nullable;

/**
 * An address space of the program: for the drivers a process's memory and page tables, for the processor the linear memory of the
 * program's threads.
 *
 * <h2>Locks</h2>
 *
 * <p>Taken in this order, each perhaps left out: the lock of {@link MemoryManagement} (mmap_lock), the monitor of {@link DeviceMappings}, an enclave's lock, the page table's
 * lock, the agent's. The reclaimer comes with an enclave's lock or without, and takes the page table's. A thread that serves a fault holds none when it asks the driver,
 * whose answer is entered under the enclave's lock and the page table's. Making threads leave an enclave waits for them with all but the last
 * two of these held: a thread of the program takes none of them while the processor has it inside an enclave, that is, an exception there is an
 * asynchronous exit before it is a driver's business.
 */
public final class ProgramSpace implements EnclaveSpace {

    private static final ScopedValue<Call> CALL = ScopedValue.newInstance();
    private static final long PAGE_SIZE = Epc.PAGE_SIZE;

    /** A call of a driver for a thread of the program. Only that thread's server uses it. */
    private static final class Call {
        final Caller caller;
        ProcessView.@Nullable Ground ground;

        Call(Caller caller) {
            this.caller = caller;
        }
    }

    private final ProcessView process;
    private final EnclaveThreads threads;
    private final DeviceMappings mappings = new DeviceMappings();
    private final EpcPageTable pages;
    private final UserMemory memory;
    private final MemoryManagement management;

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
        this.threads = threads;
        pages = new EpcPageTable(agent, epcm, strict);
        memory = new UserMemory(process, mappings);
        management = new MemoryManagement(this, mappings, pages, agent);
    }

    /** Runs what calls drivers for a thread of the program, which they may ask about. */
    public static long calling(Caller caller, LongSupplier action) {
        return ScopedValue.where(CALL, new Call(caller)).call(action::getAsLong);
    }

    /** How the program changes what is mapped. */
    public MemoryManagement management() {
        return management;
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
        pages.refresh(0, Linux.TASK_SIZE, false);
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

    static int readable(int protection) {
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
        return memory.from(from, to);
    }

    @Override
    public long copyToUser(MemorySegment from, long to) {
        return memory.to(to, from);
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

    @Override
    public long unmappedArea(long hint, long length) {
        return management.unmappedArea(hint, length);
    }
}
