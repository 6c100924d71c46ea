package jsgx.driver;

/** Why a call on an open device fails whatever it asks. */
public enum FileCause implements Refusal.Cause {
    /** Mainline only. */
    ONE_IOCTL_AT_A_TIME(Errno.EBUSY, "no other ioctl runs on the enclave"),
    KNOWN_COMMAND(Errno.ENOIOCTLCMD, "the driver has an ioctl of this number"),
    HAS_IOCTLS(Errno.ENOTTY, "the device has an ioctl of this number"),
    ARGUMENT_READABLE(Errno.EFAULT, "the argument of the ioctl can be read"),
    ARGUMENT_WRITABLE(Errno.EFAULT, "the argument of the ioctl can be written back"),
    MMAP_RANGE(Errno.EINVAL, "mmap is asked for whole pages at a whole page of the file"),
    MMAP_SHARED(Errno.EINVAL, "mmap is asked for a shared mapping"),
    MMAP_SIZE(Errno.EINVAL, "mmap is asked for a power of two of at least two pages, no larger than an enclave can be"),
    MMAP_PERMITTED(Errno.EACCES, "a mapping allows no more than its enclave's pages were added with"),
    MMAP_IN_ELRANGE(Errno.EACCES, "a mapping of an initialised enclave lies inside it"),
    MMAP_NOT_READ_IMPLIES_EXEC(Errno.EACCES, "the personality of the process is not READ_IMPLIES_EXEC"),
    MMAP_DEVICE(Errno.ENODEV, "the device can be mapped");

    private final Errno errno;
    private final String rule;

    FileCause(Errno errno, String rule) {
        this.errno = errno;
        this.rule = rule;
    }

    @Override
    public long result() {
        return errno.result();
    }

    @Override
    public String rule() {
        return rule;
    }
}
