package jsgx.machine.program;

import java.util.Set;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.task.SystemCallAnswer;

/** System calls that the program makes to files and processes that are not its business. */
final class ProtectedCalls {

    private static final SystemCallAnswer NOT_PERMITTED = new SystemCallAnswer.Result(-Errors.EPERM);
    private static final SystemCallAnswer DENIED = new SystemCallAnswer.Result(-Errors.EACCES);

    /** File systems that show what lies elsewhere under other names: layers of folders, and the processes. */
    private static final Set<String> SHOWS_OTHERS = Set.of("overlay", "proc");

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
    SystemCallAnswer paths(long oldFolder, long oldPath, boolean followOld, long newFolder, long newPath) {
        return holdsForbidden(oldFolder, oldPath, followOld) || holdsForbidden(newFolder, newPath, false)
                ? DENIED
                : SystemCalls.PROCEED;
    }

    /** What is mounted elsewhere would be found there by another name. */
    SystemCallAnswer mount(long source, long type) {
        boolean shows = (source != 0 && holdsForbidden(Linux.AT_FDCWD, source, true))
                || (type != 0 && files.path(type).filter(SHOWS_OTHERS::contains).isPresent());
        return shows ? DENIED : SystemCalls.PROCEED;
    }

    /** pidfd_getfd: no descriptor of the supervisor. */
    SystemCallAnswer pidfd(long descriptor) {
        return PidFd.process(thread.task().tid(), (int) descriptor)
                .filter(thread.program().guard()::isSupervisor)
                .map(any -> NOT_PERMITTED)
                .orElse(SystemCalls.PROCEED);
    }

    /** Whether a path leads to what is forbidden, or to a folder above it, which must not get another name. */
    private boolean holdsForbidden(long folder, long pathAddress, boolean follow) {
        return files.path(pathAddress)
                .flatMap(path -> files.paths().walk((int) folder, path, follow))
                .map(place ->
                        thread.program().guard().holdsForbidden(files.paths().outside(place)))
                .orElse(false);
    }

    private boolean isForbidden(long folder, long pathAddress, boolean follow) {
        return files.path(pathAddress)
                .map(path -> files.isForbidden((int) folder, path, follow))
                .orElse(false);
    }
}
