package jsgx.machine.program;

import java.util.Optional;
import jsgx.driver.DeviceAbsentException;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.RemoteMemory;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.sgx.SgxFile;
import jsgx.machine.task.SystemCallAnswer;
import jsgx.machine.task.Task;

/**
 * open, openat, openat2 and creat.
 *
 * <ul>
 *   <li>A path to a device opens the device. Devices do not exist on the host: a path that leads to one through links is looked at again where the
 *       kernel found nothing.
 *   <li>What else the kernel opened is judged by where its descriptor leads, so that no name can be changed in between.
 * </ul>
 */
final class OpenCalls {

    private static final int KEPT_FLAGS = Linux.O_CLOEXEC;
    private static final int HOW_SIZE = 24;
    private static final int HOW_RESOLVE = 16;
    private static final long RESOLVE_IN_ROOT = 0x10;

    private final ProgramThread thread;
    private final Task task;
    private final ThreadFiles files;
    private final ProcFiles proc;

    OpenCalls(ProgramThread thread, ThreadFiles files) {
        this.thread = thread;
        this.task = thread.task();
        this.files = files;
        this.proc = new ProcFiles(thread);
    }

    SystemCallAnswer openat2(long folder, long path, long how, long size) {
        if (size < HOW_SIZE) {
            return SystemCalls.PROCEED;
        }
        RemoteMemory memory = thread.memory().contents();
        Optional<Long> flags = memory.readLong(how);
        Optional<Long> resolve = memory.readLong(how + HOW_RESOLVE);
        if (flags.isEmpty() || resolve.isEmpty()) {
            return SystemCalls.PROCEED;
        }
        if ((resolve.get() & RESOLVE_IN_ROOT) != 0 && changes(flags.get().intValue())) {
            // It names another file than the walk finds, and the look at what was opened comes too late.
            return new SystemCallAnswer.Result(-Errors.ENOSYS);
        }
        return open((int) folder, path, flags.get().intValue());
    }

    /** Whether an open changes a file before anybody can look at it. */
    private static boolean changes(int flags) {
        return (flags & (Flags.O_CREAT | Flags.O_TRUNC)) != 0;
    }

    /** open_by_handle_at: a file without a path. */
    SystemCallAnswer byHandle(int flags) {
        return changes(flags) ? new SystemCallAnswer.Result(-Errors.EACCES) : judged(flags);
    }

    SystemCallAnswer open(int folder, long pathAddress, int flags) {
        Optional<String> read = files.path(pathAddress);
        if (read.isEmpty()) {
            return SystemCalls.PROCEED;
        }
        String path = read.get();
        // O_CREAT with O_EXCL does not follow a link at the end either.
        boolean follow = (flags & Flags.O_NOFOLLOW) == 0
                && (flags & (Flags.O_CREAT | Flags.O_EXCL)) != (Flags.O_CREAT | Flags.O_EXCL);
        Optional<ThreadFiles.Named> named = files.named(folder, path, follow);
        if (named.isPresent()) {
            return new SystemCallAnswer.Result(open(named.get(), flags));
        }
        if (files.isForbidden(folder, path, follow)) {
            return new SystemCallAnswer.Result(-Errors.EACCES);
        }
        return judged(flags);
    }

    /** An open that names nothing that could be looked at beforehand. */
    private SystemCallAnswer judged(int flags) {
        return new SystemCallAnswer.ProceedThen(result -> opened(result, flags));
    }

    /** The kernel opened something: what it is decides whether the program may have it. */
    private long opened(long descriptor, int flags) {
        if (Linux.failed(descriptor)) {
            return descriptor;
        }
        String name = files.descriptor(descriptor);
        Optional<DeviceNode> node = thread.program().node(name);
        if (node.isPresent()) {
            close(descriptor);
            return open(new ThreadFiles.Named(node.get(), false), flags);
        }
        if (thread.program().guard().isForbidden(name)) {
            close(descriptor);
            return -Errors.EACCES;
        }
        return (flags & Flags.O_PATH) != 0 ? descriptor : proc.opened(name, (int) descriptor, flags);
    }

    private void close(long descriptor) {
        task.systemCall(SystemCall.CLOSE, descriptor);
    }

    private long open(ThreadFiles.Named named, int flags) {
        DeviceNode node = named.node();
        long result = check(named, flags);
        if (result == 0) {
            thread.program().devices().reap();
            result = (flags & Flags.O_PATH) != 0 ? openPath(node, flags) : openDevice(node, flags);
        }
        long seen = result;
        thread.program().tell(SgxEvent.Kind.OPEN, () -> new SgxEvent.Opened(task.pid(), task.tid(), node.path(), seen));
        return result;
    }

    private static long check(ThreadFiles.Named named, int flags) {
        if (named.beyond()) {
            return -Errors.ENOTDIR;
        }
        if ((flags & Flags.O_PATH) == 0 && (flags & Flags.O_CREAT) != 0) {
            if ((flags & Flags.O_DIRECTORY) != 0) {
                return -Errors.EINVAL;
            }
            if ((flags & Flags.O_EXCL) != 0) {
                return -Errors.EEXIST;
            }
        }
        return (flags & Flags.O_DIRECTORY) != 0 ? -Errors.ENOTDIR : 0;
    }

    private long openPath(DeviceNode node, int flags) {
        return thread.memory()
                .scratch()
                .withPath(
                        thread.program().devices().pathFile(node),
                        at -> task.systemCall(
                                SystemCall.OPENAT, Linux.AT_FDCWD, at, Flags.O_PATH | (flags & KEPT_FLAGS), 0));
    }

    private long openDevice(DeviceNode node, int flags) {
        SgxFile file;
        try {
            file = node.device().open(thread.process().workload());
        } catch (DeviceAbsentException e) {
            return -Errors.ENOENT;
        }
        // Access 3 is for ioctl alone; a pipe has no such thing.
        int access = (flags & Flags.O_ACCMODE) == Flags.O_ACCMODE ? Linux.O_RDWR : flags & Flags.O_ACCMODE;
        // A read or write of the device fails at once; one of the pipe must not wait at least.
        int pipeFlags = access | Linux.O_NONBLOCK | (flags & KEPT_FLAGS);
        return thread.program()
                .devices()
                .add(
                        node,
                        file,
                        access,
                        task.pid(),
                        path -> thread.memory()
                                .scratch()
                                .withPath(
                                        path,
                                        at -> task.systemCall(SystemCall.OPENAT, Linux.AT_FDCWD, at, pipeFlags, 0)));
    }
}
