package jsgx.driver.mainline;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.driver.EnclaveInfo;
import jsgx.driver.EpcCause;
import jsgx.driver.Errno;
import jsgx.driver.FaultResult;
import jsgx.driver.FileCause;
import jsgx.driver.InterfaceKind;
import jsgx.driver.MappingOperations;
import jsgx.driver.Refusal;
import jsgx.driver.Workload;
import jsgx.driver.core.Kernel;
import jsgx.driver.core.MappingRange;
import jsgx.driver.core.Processor;
import jsgx.driver.core.Refused;
import org.jspecify.annotations.Nullable;

/**
 * An open {@code /dev/sgx_vepc}: EPC for one virtual machine. A page is allocated when it is first touched, belongs to the machine
 * until the file is closed, and is never reclaimed.
 *
 * <ul>
 *   <li>-ENOTTY: an ioctl other than {@link VepcRemoveAll}.
 *   <li>-EINVAL: mmap of a private mapping, or not of whole pages.
 * </ul>
 */
final class VepcFile implements DeviceFile, MappingOperations {

    private final Kernel kernel;
    private final Workload workload;
    private final Zombies zombies;
    private final AtomicInteger references = new AtomicInteger(1);
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile @Nullable Refusal lastRefusal;

    /** EPC pages by their index in the file; guards itself. */
    private final TreeMap<Long, Integer> pages = new TreeMap<>();

    /** SECS pages of closed files that have children in files that are still open. */
    static final class Zombies {
        private final List<Integer> pages = new ArrayList<>();
    }

    VepcFile(Kernel kernel, Workload workload, Zombies zombies) {
        this.kernel = kernel;
        this.workload = workload;
        this.zombies = zombies;
    }

    /** All pages of this file, in the order of the file. */
    List<Integer> pages() {
        synchronized (pages) {
            return List.copyOf(pages.values());
        }
    }

    Outcome eremove(int page) {
        Processor processor = kernel.processors().acquire();
        try {
            return processor.eremove(page);
        } finally {
            kernel.processors().release(processor);
        }
    }

    @Override
    public String path() {
        return Devices.VEPC;
    }

    @Override
    public long ioctl(AddressSpace caller, int cmd, long arg) {
        try {
            lastRefusal = null;
            Refused.unless(
                    cmd == VepcRemoveAll.CMD,
                    FileCause.HAS_IOCTLS,
                    "SGX_IOC_VEPC_REMOVE_ALL",
                    Integer.toUnsignedLong(cmd));
            return VepcRemoveAll.run(this, arg);
        } catch (Refused e) {
            return refuse(e);
        }
    }

    @Override
    public long mmap(AddressSpace caller, long address, long length, int protection, int flags, long offset) {
        try {
            MappingRange.check(address, length, flags, offset);
            Refused.unless((flags & MAP_TYPE) != MAP_PRIVATE, FileCause.MMAP_SHARED, "MAP_SHARED", flags);
            long start = (flags & MAP_FIXED) != 0 ? address : caller.unmappedArea(address, length);
            if (start >= 0) {
                long end = start + MappingRange.roundUp(length);
                references.getAndIncrement();
                caller.mappings().insert(new DeviceMapping(caller, start, end, offset, protection, this));
            }
            return start;
        } catch (Refused e) {
            return refuse(e);
        }
    }

    private long refuse(Refused refused) {
        lastRefusal = refused.refusal();
        return refused.result();
    }

    @Override
    public FaultResult fault(DeviceMapping mapping, long address, boolean write) {
        long page = address & -Epc.PAGE_SIZE;
        long index = (mapping.offset() + page - mapping.start()) >>> Epc.PAGE_SHIFT;
        try {
            synchronized (pages) {
                Integer known = pages.get(index);
                if (known == null) {
                    known = kernel.allocate(InterfaceKind.MAINLINE, workload, false, mapping.space());
                    pages.put(index, known);
                }
                mapping.space().map(page, known, mapping.protection());
            }
            return FaultResult.NOPAGE;
        } catch (Refused e) {
            if (e.refusal().cause() == EpcCause.FREE_AT_ONCE) {
                kernel.reclaimer().helpFault(workload);
                return FaultResult.NOPAGE;
            }
            return FaultResult.SIGBUS;
        }
    }

    @Override
    public long access(DeviceMapping mapping, long address, MemorySegment buffer, boolean write) {
        return Errno.EIO.result();
    }

    @Override
    public long mprotect(DeviceMapping mapping, long start, long end, int protection) {
        return 0;
    }

    @Override
    public boolean isCopiedByFork() {
        return false;
    }

    @Override
    public void opened(DeviceMapping mapping) {
        references.getAndIncrement();
    }

    @Override
    public void closed(DeviceMapping mapping) {
        drop();
    }

    @Override
    public Optional<EnclaveInfo> enclave() {
        return Optional.empty();
    }

    @Override
    public Optional<Refusal> lastRefusal() {
        return Optional.ofNullable(lastRefusal);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            drop();
        }
    }

    private void drop() {
        if (references.decrementAndGet() == 0) {
            release();
        }
    }

    /** Children go first, then the SECS pages that had none elsewhere, then those of files that were closed before. */
    private void release() {
        synchronized (pages) {
            pages.values().removeIf(this::free);
            pages.values().removeIf(this::free);
            synchronized (zombies) {
                for (Iterator<Integer> it = zombies.pages.iterator(); it.hasNext(); ) {
                    if (free(it.next())) {
                        it.remove();
                    }
                }
                zombies.pages.addAll(pages.values());
            }
            pages.clear();
        }
    }

    private boolean free(int page) {
        if (!eremove(page).isSuccess()) {
            return false;
        }
        kernel.free(page, workload);
        return true;
    }
}
