package jsgx.machine.program;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What process a pidfd is for. */
final class PidFd {

    private static final String PID = "Pid:";

    private PidFd() {}

    /** The process of a thread's descriptor; empty where it is no pidfd. */
    static Optional<Long> process(int tid, int descriptor) {
        Path info = Path.of("/proc/" + tid + "/fdinfo/" + descriptor);
        try {
            return Files.readAllLines(info, StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> line.startsWith(PID))
                    .map(line -> Long.parseLong(line.substring(PID.length()).strip()))
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
