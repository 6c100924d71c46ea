package jsgx.machine.program;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What /proc/TID/status says of a thread now. */
final class ThreadStatus {

    private static final int NOBODY = 65534;

    private final List<String> lines;

    private ThreadStatus(List<String> lines) {
        this.lines = lines;
    }

    static ThreadStatus of(int tid) {
        try {
            return new ThreadStatus(
                    Files.readAllLines(Path.of("/proc/" + tid + "/status"), StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return new ThreadStatus(List.of());
        }
    }

    /** The thread's effective user; nobody where it is gone. */
    int effectiveUser() {
        String[] ids = field("Uid:").split("\\s+", -1);
        return ids.length > 1 ? Integer.parseUnsignedInt(ids[1]) : NOBODY;
    }

    /** The process that traces it; 0 where none does. */
    int tracer() {
        String tracer = field("TracerPid:");
        return tracer.isEmpty() ? 0 : Integer.parseInt(tracer);
    }

    /** Whether it has a signal pending that it does not block, or is gone. */
    boolean signalPending() {
        return lines.isEmpty() || ((mask("SigPnd:") | mask("ShdPnd:")) & ~mask("SigBlk:")) != 0;
    }

    private long mask(String name) {
        String mask = field(name);
        return mask.isEmpty() ? 0 : Long.parseUnsignedLong(mask, 16);
    }

    private String field(String name) {
        for (String line : lines) {
            if (line.startsWith(name)) {
                return line.substring(name.length()).strip();
            }
        }
        return "";
    }
}
