package jsgx.driver.legacy;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.driver.EnclaveInfo;
import jsgx.driver.FaultResult;
import jsgx.driver.FileCause;
import jsgx.driver.InterfaceKind;
import jsgx.driver.IoctlNumber;
import jsgx.driver.MappingOperations;
import jsgx.driver.Refusal;
import jsgx.driver.Workload;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Kernel;
import jsgx.driver.core.MappingRange;
import jsgx.driver.core.Refused;
import jsgx.driver.core.UserMemory;
import org.jspecify.annotations.Nullable;

/**
 * An open {@code /dev/sgx} of the v5 series or {@code /dev/isgx}. It has no enclave of its own: an enclave belongs to the mapping that
 * it was created in, and lives as long as that.
 *
 * <p>What ioctl returns beside what each request documents:
 *
 * <ul>
 *   <li>-ENOIOCTLCMD: there is no such request; the process sees -ENOTTY.
 *   <li>-EFAULT: the argument cannot be read.
 * </ul>
 *
 * <p>mmap returns -EINVAL for a private mapping, and for a length that is not a power of two of at least two pages, or that is larger
 * than an enclave can be.
 */
public final class LegacyFile implements DeviceFile, MappingOperations {

    /** What a request does with its structure. */
    public interface Handler {
        long run(LegacyFile file, AddressSpace caller, MemorySegment structure) throws Refused;
    }

    private final Kernel kernel;
    private final InterfaceKind kind;
    private final String path;
    private final Map<Integer, Handler> handlers;
    private final Workload workload;
    private final boolean launchEnclave;
    private volatile @Nullable Refusal lastRefusal;
    private volatile @Nullable Outcome failedCreation;

    /**
     * An open file.
     *
     * @param launchEnclave whether it is the kernel's own launch enclave that has it, which the launch authority waits for
     */
    public LegacyFile(
            Kernel kernel,
            InterfaceKind kind,
            String path,
            Map<Integer, Handler> handlers,
            Workload workload,
            boolean launchEnclave) {
        this.kernel = kernel;
        this.kind = kind;
        this.path = path;
        this.handlers = handlers;
        this.workload = workload;
        this.launchEnclave = launchEnclave;
    }

    public Kernel kernel() {
        return kernel;
    }

    public InterfaceKind kind() {
        return kind;
    }

    public Workload workload() {
        return workload;
    }

    /** Whether the kernel's own launch enclave has this file. */
    public boolean isLaunchEnclaves() {
        return launchEnclave;
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public long ioctl(AddressSpace caller, int cmd, long arg) {
        try {
            lastRefusal = null;
            Handler handler = handlers.get(cmd);
            if (handler == null) {
                throw new Refused(FileCause.KNOWN_COMMAND, "a request of " + path, "0x" + Integer.toHexString(cmd));
            }
            MemorySegment structure = UserMemory.read(caller, arg, IoctlNumber.size(cmd), FileCause.ARGUMENT_READABLE);
            return handler.run(this, caller, structure);
        } catch (Refused e) {
            return refuse(e);
        }
    }

    @Override
    public long mmap(AddressSpace caller, long address, long length, int protection, int flags, long offset) {
        try {
            MappingRange.check(address, length, flags, offset);
            long max = 1L << kernel.features().log2MaxSize64();
            long max32 = 1L << kernel.features().log2MaxSize32();
            long rounded = MappingRange.roundUp(length);
            Refused.unless(
                    rounded >= 2 * Epc.PAGE_SIZE
                            && Long.bitCount(rounded) == 1
                            && rounded <= (caller.is32Bit() ? max32 : max),
                    FileCause.MMAP_SIZE,
                    "a power of two of at least 8192",
                    length);
            Refused.unless((flags & MAP_PRIVATE) == 0, FileCause.MMAP_SHARED, "MAP_SHARED", flags);
            // Twice the size is sure to hold one naturally aligned range.
            long area = (flags & MAP_FIXED) != 0 ? address : caller.unmappedArea(address, 2 * rounded);
            if (area < 0) {
                return area;
            }
            long start = (area + rounded - 1) & -rounded;
            caller.mappings().insert(new DeviceMapping(caller, start, start + rounded, offset, protection, this));
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
        Optional<Enclave> enclave = enclave(mapping);
        return enclave.isPresent()
                ? LegacyFault.handle(enclave.get(), mapping, address & -Epc.PAGE_SIZE, write)
                : FaultResult.SIGBUS;
    }

    @Override
    public long access(DeviceMapping mapping, long address, MemorySegment buffer, boolean write) {
        return LegacyDebugAccess.run(enclave(mapping), address, buffer, write);
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
        enclave(mapping).ifPresent(enclave -> {
            if (!enclave.acquire()) {
                mapping.enclave(null);
            }
        });
    }

    @Override
    public void closed(DeviceMapping mapping) {
        enclave(mapping).ifPresent(enclave -> {
            enclave.markDead();
            enclave.evictThreads();
            enclave.drop();
        });
    }

    /** The enclave that a mapping shows. */
    static Optional<Enclave> enclave(DeviceMapping mapping) {
        return mapping.enclave().map(Enclave.class::cast);
    }

    @Override
    public Optional<EnclaveInfo> enclave() {
        return Optional.empty();
    }

    void creationFailed(Outcome outcome) {
        failedCreation = outcome;
    }

    @Override
    public Optional<Outcome> lastFailedCreation() {
        return Optional.ofNullable(failedCreation);
    }

    @Override
    public Optional<Refusal> lastRefusal() {
        return Optional.ofNullable(lastRefusal);
    }

    @Override
    public void close() {}
}
