package jsgx.driver;

import java.util.Optional;
import jsgx.arch.Outcome;

/** An open file of one of the devices. */
public interface DeviceFile extends AutoCloseable {

    /** The path of the device. */
    String path();

    /**
     * The ioctl system call.
     *
     * @param caller the process that calls
     * @param cmd the request number
     * @param arg the argument, a linear address in the caller for most requests
     * @return what the driver returns: 0, a positive value, or a negated errno; {@link Errno#toUserSpace} makes of it what
     *     the process sees
     */
    long ioctl(AddressSpace caller, int cmd, long arg);

    /**
     * The mmap system call for this file.
     *
     * @param address where to map, or a hint without {@link #MAP_FIXED}
     * @param protection PROT_ bits of {@link AddressSpace}
     * @param flags MAP_ bits
     * @param offset the offset in the file in bytes
     * @return the address, or a negated errno
     */
    long mmap(AddressSpace caller, long address, long length, int protection, int flags, long offset);

    /** MAP_SHARED. */
    int MAP_SHARED = 1;

    /** MAP_PRIVATE. */
    int MAP_PRIVATE = 2;

    /** The bits of the flags that say shared or private. */
    int MAP_TYPE = 0xf;

    /** MAP_FIXED. */
    int MAP_FIXED = 0x10;

    /** The enclave of this file: on mainline each file has one once it is created, elsewhere none has. */
    Optional<EnclaveInfo> enclave();

    /** Why the last ECREATE for this file made no enclave, which would have kept it; empty if none failed. */
    default Optional<Outcome> lastFailedCreation() {
        return Optional.empty();
    }

    /** Why the last ioctl or mmap on this file, by whichever thread, failed in the driver itself; empty if it did not. */
    Optional<Refusal> lastRefusal();

    /** The last descriptor is closed. Mappings keep the enclave alive. */
    @Override
    void close();
}
