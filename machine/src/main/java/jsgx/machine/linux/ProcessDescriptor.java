package jsgx.machine.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A pidfd: it stands for one process, and for no other that gets the same number later. */
public final class ProcessDescriptor implements AutoCloseable {

    private static final String PID = "Pid:";

    private final OpenDescriptor open;
    private final int pid;

    ProcessDescriptor(int descriptor) {
        this.open = new OpenDescriptor(descriptor);
        this.pid = pidOf(descriptor);
    }

    /** The process that has a number now; empty where there is none. */
    public static Optional<ProcessDescriptor> open(int pid) throws LinuxException {
        long descriptor = Linux.call(SystemCall.PIDFD_OPEN, pid, 0);
        if (descriptor == -Errors.ESRCH || descriptor == -Errors.EINVAL) {
            return Optional.empty();
        }
        return Optional.of(new ProcessDescriptor((int) Linux.check("pidfd_open", descriptor)));
    }

    private static int pidOf(int descriptor) {
        try {
            return Files.readAllLines(Path.of("/proc/self/fdinfo/" + descriptor), StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> line.startsWith(PID))
                    .mapToInt(line ->
                            Integer.parseInt(line.substring(PID.length()).strip()))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    /** Its number in this process's namespace; 0 or less where it has none, or had ended before. */
    public int pid() {
        return pid;
    }

    /** Whether the process has not ended; while this is so its number is nobody else's. */
    public boolean isAlive() {
        if (!open.enter()) {
            return false;
        }
        try {
            return Linux.poll(new int[] {open.number()}, new short[] {Linux.POLLIN}, 0) == 0;
        } finally {
            open.leave();
        }
    }

    @Override
    public void close() {
        open.close(() -> {});
    }
}
