package jsgx.machine.program;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What /proc says of a thread's signals. */
final class PendingSignals {

    private PendingSignals() {}

    /** Whether the thread has a signal pending that it does not block. */
    static boolean any(int tid) {
        long pending = 0;
        long blocked = 0;
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + tid + "/status"), StandardCharsets.ISO_8859_1)) {
                if (line.startsWith("SigPnd:") || line.startsWith("ShdPnd:")) {
                    pending |= mask(line);
                } else if (line.startsWith("SigBlk:")) {
                    blocked = mask(line);
                }
            }
        } catch (IOException e) {
            // It is gone.
            return true;
        }
        return (pending & ~blocked) != 0;
    }

    private static long mask(String line) {
        return Long.parseUnsignedLong(line.substring(line.indexOf(':') + 1).strip(), 16);
    }
}
