package jsgx.machine.program;

import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.task.SystemCallAnswer;

/** The system calls of one thread, each handed to those who serve its kind. */
final class SystemCalls {

    static final SystemCallAnswer PROCEED = new SystemCallAnswer.Proceed();

    private static final int CWD = Linux.AT_FDCWD;

    private final OpenCalls open;
    private final StatCalls stat;
    private final MemoryCalls memory;
    private final DeviceCalls devices;
    private final ProtectedCalls others;
    private final DebugCalls debug;

    SystemCalls(ProgramThread thread) {
        ThreadFiles files = new ThreadFiles(thread);
        open = new OpenCalls(thread, files);
        stat = new StatCalls(thread, files);
        memory = new MemoryCalls(thread, files);
        devices = new DeviceCalls(thread, files);
        debug = new DebugCalls(thread, files);
        others = new ProtectedCalls(thread, files);
    }

    SystemCallAnswer serve(int number, long[] a) {
        return switch (number) {
            case SystemCall.OPEN -> open.open(CWD, a[0], (int) a[1]);
            case SystemCall.CREAT -> open.open(CWD, a[0], Flags.O_CREAT | Flags.O_TRUNC | Linux.O_WRONLY);
            case SystemCall.OPENAT -> open.open((int) a[0], a[1], (int) a[2]);
            case SystemCall.OPENAT2 -> open.openat2(a[0], a[1], a[2], a[3]);
            case SystemCall.OPEN_BY_HANDLE_AT -> open.byHandle((int) a[2]);
            case SystemCall.STAT -> stat.stat(CWD, a[0], a[1], 0);
            case SystemCall.LSTAT -> stat.stat(CWD, a[0], a[1], Flags.AT_SYMLINK_NOFOLLOW);
            case SystemCall.FSTAT -> stat.fstat(a[0], a[1]);
            case SystemCall.NEWFSTATAT -> stat.stat((int) a[0], a[1], a[2], (int) a[3]);
            case SystemCall.STATX -> stat.statx((int) a[0], a[1], (int) a[2], a[4]);
            case SystemCall.ACCESS -> stat.access(CWD, a[0], (int) a[1], 0);
            case SystemCall.FACCESSAT -> stat.access((int) a[0], a[1], (int) a[2], 0);
            case SystemCall.FACCESSAT2 -> stat.access((int) a[0], a[1], (int) a[2], (int) a[3]);
            case SystemCall.READLINK -> stat.readlink(CWD, a[0], a[1], a[2]);
            case SystemCall.READLINKAT -> stat.readlink((int) a[0], a[1], a[2], a[3]);
            case SystemCall.IOCTL -> devices.ioctl(a[0], (int) a[1], a[2]);
            case SystemCall.MMAP -> memory.mmap(a);
            case SystemCall.MUNMAP -> memory.munmap(a[0], a[1]);
            case SystemCall.MPROTECT -> memory.mprotect(a[0], a[1], (int) a[2]);
            case SystemCall.PKEY_MPROTECT -> (int) a[3] == -1 ? memory.mprotect(a[0], a[1], (int) a[2]) : PROCEED;
            case SystemCall.MREMAP -> memory.mremap(a);
            case SystemCall.MADVISE -> memory.madvise(a[0], a[1], (int) a[2]);
            case SystemCall.RENAME, SystemCall.LINK -> others.paths(CWD, a[0], false, CWD, a[1]);
            case SystemCall.RENAMEAT, SystemCall.RENAMEAT2 -> others.paths(a[0], a[1], false, a[2], a[3]);
            case SystemCall.LINKAT -> others.paths(a[0], a[1], (a[4] & Flags.AT_SYMLINK_FOLLOW) != 0, a[2], a[3]);
            case SystemCall.MKDIR,
                    SystemCall.RMDIR,
                    SystemCall.MKNOD,
                    SystemCall.LCHOWN,
                    SystemCall.LSETXATTR,
                    SystemCall.LREMOVEXATTR -> others.path(CWD, a[0], false);
            case SystemCall.CHMOD,
                    SystemCall.CHOWN,
                    SystemCall.UTIME,
                    SystemCall.UTIMES,
                    SystemCall.SETXATTR,
                    SystemCall.REMOVEXATTR -> others.path(CWD, a[0], true);
            case SystemCall.MKDIRAT, SystemCall.MKNODAT -> others.path(a[0], a[1], false);
            case SystemCall.FCHMODAT,
                    SystemCall.FCHMODAT2,
                    SystemCall.FCHOWNAT,
                    SystemCall.FUTIMESAT,
                    SystemCall.UTIMENSAT -> others.path(a[0], a[1], true);
            case SystemCall.SYMLINK -> others.path(CWD, a[1], false);
            case SystemCall.SYMLINKAT -> others.path(a[1], a[2], false);
            case SystemCall.UNLINK -> others.path(CWD, a[0], false);
            case SystemCall.UNLINKAT -> others.path(a[0], a[1], false);
            case SystemCall.TRUNCATE, SystemCall.EXECVE -> others.path(CWD, a[0], true);
            case SystemCall.EXECVEAT -> others.path(a[0], a[1], true);
            case SystemCall.MOUNT -> others.mount(a[0], a[2]);
            case SystemCall.PTRACE -> debug.ptrace((int) a[0], a[1], a[2], a[3]);
            case SystemCall.PROCESS_VM_READV, SystemCall.PROCESS_VM_WRITEV -> debug.processVm(number, a);
            case SystemCall.PIDFD_GETFD -> others.pidfd(a[0]);
            case SystemCall.READ -> debug.transfer(a[0], a[1], a[2], false);
            case SystemCall.WRITE -> debug.transfer(a[0], a[1], a[2], true);
            case SystemCall.PREAD64 -> debug.transfer(a[0], a[1], a[2], a[3], false);
            case SystemCall.PWRITE64 -> debug.transfer(a[0], a[1], a[2], a[3], true);
            case SystemCall.READV -> debug.vector(a[0], a[1], a[2], -1, false);
            case SystemCall.WRITEV -> debug.vector(a[0], a[1], a[2], -1, true);
            case SystemCall.PREADV, SystemCall.PREADV2 -> debug.vector(a[0], a[1], a[2], a[3], false);
            case SystemCall.PWRITEV, SystemCall.PWRITEV2 -> debug.vector(a[0], a[1], a[2], a[3], true);
            default -> PROCEED;
        };
    }
}
