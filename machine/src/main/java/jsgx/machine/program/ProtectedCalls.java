package jsgx.machine.program;

import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.task.SystemCallAnswer;

/** System calls that the program makes to files and processes that are not its business. */
final class ProtectedCalls {

    private static final SystemCallAnswer NOT_PERMITTED = new SystemCallAnswer.Result(-Errors.EPERM);
    private static final SystemCallAnswer DENIED = new SystemCallAnswer.Result(-Errors.EACCES);

    private final ProgramThread thread;
    private final ThreadFiles files;

    ProtectedCalls(ProgramThread thread, ThreadFiles files) {
        this.thread = thread;
        this.files = files;
    }

    /** A call that changes what a path names. */
    SystemCallAnswer path(long folder, long path, boolean follow) {
        return isForbidden(folder, path, follow) ? DENIED : SystemCalls.PROCEED;
    }

    /** rename and link. */
    SystemCallAnswer paths(long oldFolder, long oldPath, long newFolder, long newPath) {
        return isForbidden(oldFolder, oldPath, false) || isForbidden(newFolder, newPath, false)
                ? DENIED
                : SystemCalls.PROCEED;
    }

    /** What is mounted elsewhere would be found there by another name. */
    SystemCallAnswer mount(long source) {
        boolean holds = source != 0
                && files.path(source)
                        .flatMap(path -> files.paths().walk(Linux.AT_FDCWD, path, true))
                        .map(place -> thread.program()
                                .guard()
                                .holdsForbidden(files.paths().outside(place)))
                        .orElse(false);
        return holds ? DENIED : SystemCalls.PROCEED;
    }

    /** pidfd_getfd: no descriptor of the supervisor. */
    SystemCallAnswer pidfd(long descriptor) {
        return PidFd.process(thread.task().tid(), (int) descriptor)
                .filter(thread.program().guard()::isSupervisor)
                .map(any -> NOT_PERMITTED)
                .orElse(SystemCalls.PROCEED);
    }

    private boolean isForbidden(long folder, long pathAddress, boolean follow) {
        return files.path(pathAddress)
                .map(path -> files.isForbidden((int) folder, path, follow))
                .orElse(false);
    }
}
