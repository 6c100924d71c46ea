package jsgx.driver;

import java.util.Arrays;
import java.util.Optional;

/** An error number of Linux on x86-64. A call returns it negated. */
public enum Errno {
    EPERM(1, "Operation not permitted"),
    ENOENT(2, "No such file or directory"),
    EINTR(4, "Interrupted system call"),
    EIO(5, "Input/output error"),
    EAGAIN(11, "Resource temporarily unavailable"),
    ENOMEM(12, "Cannot allocate memory"),
    EACCES(13, "Permission denied"),
    EFAULT(14, "Bad address"),
    EBUSY(16, "Device or resource busy"),
    EEXIST(17, "File exists"),
    ENODEV(19, "No such device"),
    EINVAL(22, "Invalid argument"),
    ENOTTY(25, "Inappropriate ioctl for device"),
    ENOSYS(38, "Function not implemented"),
    /** Inside the kernel only: the call is restarted after the signal, or becomes EINTR. */
    ERESTARTSYS(512, "Interrupted; restart the call"),
    /** Inside the kernel only: no such ioctl; the system call returns ENOTTY. */
    ENOIOCTLCMD(515, "No such ioctl command");

    private final int number;
    private final String text;

    Errno(int number, String text) {
        this.number = number;
        this.text = text;
    }

    /** The positive number. */
    public int number() {
        return number;
    }

    /** What a call returns: the number negated. */
    public long result() {
        return -number;
    }

    /** What strerror says. */
    public String text() {
        return text;
    }

    /** The errno that a call returned; empty where the result is none of these. */
    public static Optional<Errno> of(long result) {
        return Arrays.stream(values()).filter(errno -> errno.result() == result).findFirst();
    }

    /** What user space sees where a driver returned this result: the two that never leave the kernel are replaced. */
    public static long toUserSpace(long result) {
        if (result == ENOIOCTLCMD.result()) {
            return ENOTTY.result();
        }
        return result == ERESTARTSYS.result() ? EINTR.result() : result;
    }
}
