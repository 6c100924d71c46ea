package jsgx.driver.mainline;

import java.util.Optional;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceFile;
import jsgx.driver.EnclaveInfo;
import jsgx.driver.FileCause;
import jsgx.driver.Refusal;
import jsgx.driver.core.Refused;
import org.jspecify.annotations.Nullable;

/**
 * An open {@code /dev/sgx_provision}: it can do nothing, but be the argument of {@link Provision}.
 *
 * <ul>
 *   <li>-ENOTTY: any ioctl.
 *   <li>-ENODEV: mmap.
 * </ul>
 */
final class ProvisionFile implements DeviceFile {

    private volatile @Nullable Refusal lastRefusal;

    ProvisionFile() {}

    @Override
    public String path() {
        return Devices.PROVISION;
    }

    @Override
    public long ioctl(AddressSpace caller, int cmd, long arg) {
        return refuse(new Refused(FileCause.HAS_IOCTLS, "no ioctl", "0x" + Integer.toHexString(cmd)));
    }

    @Override
    public long mmap(AddressSpace caller, long address, long length, int protection, int flags, long offset) {
        return refuse(new Refused(FileCause.MMAP_DEVICE, "no mmap", "mmap"));
    }

    private long refuse(Refused refused) {
        lastRefusal = refused.refusal();
        return refused.result();
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
    public void close() {}
}
