package jsgx.driver.mainline;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.arch.Outcome;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.driver.EnclaveInfo;
import jsgx.driver.FaultResult;
import jsgx.driver.FileCause;
import jsgx.driver.InterfaceKind;
import jsgx.driver.MappingOperations;
import jsgx.driver.Refusal;
import jsgx.driver.Workload;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Kernel;
import jsgx.driver.core.MappingRange;
import jsgx.driver.core.Refused;
import org.jspecify.annotations.Nullable;

/**
 * An open {@code /dev/sgx_enclave}: one enclave, from SGX_IOC_ENCLAVE_CREATE until the file is closed and the last mapping of it is
 * gone.
 *
 * <p>What ioctl returns beside what each request documents:
 *
 * <ul>
 *   <li>-EBUSY: another ioctl runs on this enclave.
 *   <li>-ENOIOCTLCMD: there is no such request; the process sees -ENOTTY.
 * </ul>
 *
 * <p>What mmap and mprotect return:
 *
 * <ul>
 *   <li>-EINVAL: not whole pages, or a private mapping.
 *   <li>-EACCES: outside the range of an initialised enclave; the personality READ_IMPLIES_EXEC is set; or a page in the range was
 *       added with fewer permissions than are asked for.
 * </ul>
 */
final class EnclaveFile implements DeviceFile, MappingOperations {

    private final Kernel kernel;
    private final Enclave enclave;
    private final Attributes attributes;

    /** SGX_ENCL_IOCTL. */
    private final AtomicBoolean ioctl = new AtomicBoolean();

    /** The descriptor, and each mapping. */
    private final AtomicInteger references = new AtomicInteger(1);

    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile @Nullable Refusal lastRefusal;

    EnclaveFile(Kernel kernel, Workload workload) {
        this.kernel = kernel;
        this.enclave = new Enclave(kernel, InterfaceKind.MAINLINE, workload);
        this.attributes = new Attributes(kernel);
    }

    Kernel kernel() {
        return kernel;
    }

    Enclave theEnclave() {
        return enclave;
    }

    /** Which attributes the enclave may have. */
    Attributes attributes() {
        return attributes;
    }

    @Override
    public String path() {
        return Devices.ENCLAVE;
    }

    @Override
    public long ioctl(AddressSpace caller, int cmd, long arg) {
        // As the kernel's fdget: whoever closes the file meanwhile does not take the enclave away from the call.
        boolean held = enclave.acquire();
        try {
            Refused.unless(
                    ioctl.compareAndSet(false, true), FileCause.ONE_IOCTL_AT_A_TIME, "no other ioctl", "one that runs");
            try {
                lastRefusal = null;
                return dispatch(caller, cmd, arg);
            } finally {
                ioctl.set(false);
            }
        } catch (Refused e) {
            return refuse(e);
        } finally {
            if (held) {
                enclave.drop();
            }
        }
    }

    private long dispatch(AddressSpace caller, int cmd, long arg) throws Refused {
        // The handlers' results pass through an int.
        return switch (cmd) {
            case Create.CMD -> Create.run(this, caller, arg);
            case AddPages.CMD -> AddPages.run(this, caller, arg);
            case Init.CMD -> (int) Init.run(this, caller, arg);
            case Provision.CMD -> Provision.run(this, caller, arg);
            case RestrictPermissions.CMD -> RestrictPermissions.run(this, caller, arg);
            case ModifyTypes.CMD -> ModifyTypes.run(this, caller, arg);
            case RemovePages.CMD -> RemovePages.run(this, caller, arg);
            case InitToken.CMD -> {
                if (!kernel.options().tokenExtension()) {
                    throw unknown(cmd);
                }
                yield (int) InitToken.run(this, caller, arg);
            }
            default -> throw unknown(cmd);
        };
    }

    private static Refused unknown(int cmd) {
        return new Refused(FileCause.KNOWN_COMMAND, "a request of /dev/sgx_enclave", "0x" + Integer.toHexString(cmd));
    }

    private long refuse(Refused refused) {
        lastRefusal = refused.refusal();
        return refused.result();
    }

    @Override
    public long mmap(AddressSpace caller, long address, long length, int protection, int flags, long offset) {
        try {
            MappingRange.check(address, length, flags, offset);
            Refused.unless((flags & MAP_TYPE) != MAP_PRIVATE, FileCause.MMAP_SHARED, "MAP_SHARED", flags);
            long start = (flags & MAP_FIXED) != 0 ? address : caller.unmappedArea(address, length);
            if (start < 0) {
                return start;
            }
            long end = start + MappingRange.roundUp(length);
            MapPermission.check(enclave, caller, start, end, protection);
            enclave.addSpace(caller);
            DeviceMapping mapping = new DeviceMapping(caller, start, end, offset, protection, this);
            mapping.enclave(enclave);
            references.getAndIncrement();
            caller.mappings().insert(mapping);
            return start;
        } catch (Refused e) {
            return refuse(e);
        }
    }

    @Override
    public FaultResult fault(DeviceMapping mapping, long address, boolean write) {
        return PageFault.handle(enclave, mapping, address);
    }

    @Override
    public long access(DeviceMapping mapping, long address, MemorySegment buffer, boolean write) {
        return DebugAccess.run(enclave, mapping, address, buffer, write);
    }

    @Override
    public long mprotect(DeviceMapping mapping, long start, long end, int protection) {
        try {
            MapPermission.check(enclave, mapping.space(), start, end, protection);
            return 0;
        } catch (Refused e) {
            return refuse(e);
        }
    }

    @Override
    public void opened(DeviceMapping mapping) {
        references.getAndIncrement();
        enclave.addSpace(mapping.space());
    }

    @Override
    public void closed(DeviceMapping mapping) {
        enclave.evictThreads();
        drop();
    }

    @Override
    public Optional<EnclaveInfo> enclave() {
        return enclave.isCreated() ? Optional.of(enclave) : Optional.empty();
    }

    @Override
    public Optional<Outcome> lastFailedCreation() {
        return enclave.isCreated() ? Optional.empty() : enclave.lastOutcome();
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
            enclave.drop();
        }
    }
}
