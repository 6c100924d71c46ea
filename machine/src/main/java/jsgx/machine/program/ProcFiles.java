package jsgx.machine.program;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SharedMemory;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.task.Task;

/**
 * Files of /proc that tell of the memory of the run's processes. In place of maps and smaps a thread gets a memory file with their text as of the open: what is
 * read later does not follow what happens later. mem stays what it is, and reads and writes of it are served from then on ({@link DebugCalls}).
 */
final class ProcFiles {

    private static final Pattern MEMORY = Pattern.compile("/proc/(\\d+)(?:/task/(\\d+))?/(maps|smaps|mem)");
    private static final String MEM = "mem";

    private final ProgramThread thread;
    private final Task task;

    ProcFiles(ProgramThread thread) {
        this.thread = thread;
        this.task = thread.task();
    }

    /** The process of the run whose {@code /proc/PID/mem} a descriptor's link names; empty where it is none. */
    static Optional<ProgramMemory> mem(Program program, String name) {
        Matcher matcher = MEMORY.matcher(name);
        return matcher.matches() && matcher.group(3).equals(MEM)
                ? program.memoryOf(Integer.parseInt(matcher.group(1)))
                : Optional.empty();
    }

    /**
     * The kernel opened a file for the thread.
     *
     * @param name where it leads
     * @param flags that it was opened with
     * @return the descriptor that the program gets, or a negated errno
     */
    long opened(String name, int descriptor, int flags) {
        Matcher matcher = MEMORY.matcher(name);
        if (!matcher.matches()) {
            return descriptor;
        }
        Optional<ProgramMemory> memory = thread.program().memoryOf(Integer.parseInt(matcher.group(1)));
        if (memory.isEmpty()) {
            return descriptor;
        }
        if (matcher.group(3).equals(MEM)) {
            return thread.watchTransfers(descriptor);
        }
        try {
            String kernel = Files.readString(Path.of(name), StandardCharsets.ISO_8859_1);
            String text = MapsText.of(kernel, memory.get().space().mappings());
            return replace(descriptor, text.getBytes(StandardCharsets.ISO_8859_1), flags);
        } catch (IOException e) {
            // The process is gone: its file is empty, as this one will be.
            return descriptor;
        }
    }

    private long replace(int descriptor, byte[] content, int flags) {
        task.systemCall(SystemCall.CLOSE, descriptor);
        try (SharedMemory file = new SharedMemory("jsgx:maps", content.length)) {
            MemorySegment.copy(MemorySegment.ofArray(content), 0, file.memory(), 0, content.length);
            String path = "/proc/" + Linux.pid() + "/fd/" + file.descriptor();
            return thread.memory()
                    .scratch()
                    .withPath(
                            path,
                            at -> task.systemCall(
                                    SystemCall.OPENAT, Linux.AT_FDCWD, at, Linux.O_RDONLY | (flags & Linux.O_CLOEXEC)));
        } catch (LinuxException e) {
            return -Errors.ENOMEM;
        }
    }
}
