package jsgx.machine.program;

import jsgx.machine.code.CodeLayout;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SeccompFilter;
import jsgx.machine.linux.SystemCall;

/** Which system calls of the program are served: those that {@link ProgramThread#systemCall} is to be told of. */
public final class FilteredCalls {

    private static final int SGX_REQUESTS = 0xA400;
    private static final int REQUEST_MAGIC = 0xff00;

    private static final int[] ALWAYS = {
        SystemCall.OPEN,
        SystemCall.CREAT,
        SystemCall.OPENAT,
        SystemCall.OPENAT2,
        SystemCall.OPEN_BY_HANDLE_AT,
        SystemCall.STAT,
        SystemCall.LSTAT,
        SystemCall.FSTAT,
        SystemCall.NEWFSTATAT,
        SystemCall.STATX,
        SystemCall.ACCESS,
        SystemCall.FACCESSAT,
        SystemCall.FACCESSAT2,
        SystemCall.READLINK,
        SystemCall.READLINKAT,
        SystemCall.MPROTECT,
        SystemCall.PKEY_MPROTECT,
        SystemCall.MUNMAP,
        SystemCall.MREMAP,
        SystemCall.MADVISE,
        SystemCall.RENAME,
        SystemCall.RENAMEAT,
        SystemCall.RENAMEAT2,
        SystemCall.LINK,
        SystemCall.LINKAT,
        SystemCall.UNLINK,
        SystemCall.UNLINKAT,
        SystemCall.TRUNCATE,
        SystemCall.MOUNT,
        SystemCall.EXECVE,
        SystemCall.EXECVEAT,
        SystemCall.PTRACE,
        SystemCall.PROCESS_VM_READV,
        SystemCall.PROCESS_VM_WRITEV,
        SystemCall.PIDFD_GETFD,
        SystemCall.MKDIR,
        SystemCall.MKDIRAT,
        SystemCall.RMDIR,
        SystemCall.MKNOD,
        SystemCall.MKNODAT,
        SystemCall.SYMLINK,
        SystemCall.SYMLINKAT,
        SystemCall.CHMOD,
        SystemCall.FCHMODAT,
        SystemCall.FCHMODAT2,
        SystemCall.CHOWN,
        SystemCall.LCHOWN,
        SystemCall.FCHOWNAT,
        SystemCall.UTIME,
        SystemCall.UTIMES,
        SystemCall.FUTIMESAT,
        SystemCall.UTIMENSAT,
        SystemCall.SETXATTR,
        SystemCall.LSETXATTR,
        SystemCall.REMOVEXATTR,
        SystemCall.LREMOVEXATTR,
    };

    /** Mounts by descriptors, which no path tells of; programs fall back on mount. */
    private static final int[] MOUNTS = {
        SystemCall.OPEN_TREE,
        SystemCall.MOVE_MOUNT,
        SystemCall.FSOPEN,
        SystemCall.FSCONFIG,
        SystemCall.FSMOUNT,
        SystemCall.FSPICK,
        SystemCall.MOUNT_SETATTR,
        SystemCall.OPEN_TREE_ATTR,
    };

    private static final int[] TRANSFERS = {
        SystemCall.READ,
        SystemCall.WRITE,
        SystemCall.PREAD64,
        SystemCall.PWRITE64,
        SystemCall.READV,
        SystemCall.WRITEV,
        SystemCall.PREADV,
        SystemCall.PWRITEV,
        SystemCall.PREADV2,
        SystemCall.PWRITEV2,
    };

    private FilteredCalls() {}

    /** A filter for processes that have opened a /proc/PID/mem of the run: their reads and writes are served too. */
    static byte[] transfers(SeccompFilter.Action action) {
        SeccompFilter filter = new SeccompFilter(CodeLayout.CODE, CodeLayout.CODE + CodeLayout.CODE_SIZE);
        for (int number : TRANSFERS) {
            filter.pick(number, action);
        }
        return filter.program();
    }

    /**
     * Adds what is served to a filter.
     *
     * @param action what the filter does with these calls
     */
    public static void pick(SeccompFilter filter, SeccompFilter.Action action) {
        for (int number : ALWAYS) {
            filter.pick(number, action);
        }
        filter.pickWhereEqual(SystemCall.IOCTL, 1, REQUEST_MAGIC, SGX_REQUESTS, action);
        // Of anonymous memory only what may replace a device's mapping.
        filter.pickWhereClear(SystemCall.MMAP, 3, Linux.MAP_ANONYMOUS, action);
        int fixed = Linux.MAP_ANONYMOUS | Linux.MAP_FIXED;
        filter.pickWhereEqual(SystemCall.MMAP, 3, fixed, fixed, action);
        for (int number : MOUNTS) {
            filter.refuse(number, Errors.ENOSYS);
        }
        // What goes through a ring is seen by no filter.
        filter.refuse(SystemCall.IO_URING_SETUP, Errors.EPERM);
    }
}
