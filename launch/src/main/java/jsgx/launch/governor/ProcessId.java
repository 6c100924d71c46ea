package jsgx.launch.governor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A process of this machine in one number that no other process ever has: the pid, and of boot and start time as many bits as find
 * place. The top two bits are free.
 */
final class ProcessId {

    /** Bits of a pid: Linux has none beyond 2^22. */
    static final int PID_BITS = 22;

    private static final int START_BITS = 40;
    private static final long PID_MASK = (1L << PID_BITS) - 1;
    private static final long START_MASK = (1L << START_BITS) - 1;
    private static final int START_TIME = 19;
    private static final long BOOT = hash(read(Path.of("/proc/sys/kernel/random/boot_id")));

    /** This process. */
    static final long OWN = of(ProcessHandle.current().pid());

    private ProcessId() {}

    /** The process that has this pid now; 0 where there is none, or only its remains. */
    static long of(long pid) {
        return of(read(stat(pid)).getBytes(StandardCharsets.ISO_8859_1), pid);
    }

    private static Path stat(long pid) {
        return Path.of("/proc/" + pid + "/stat");
    }

    private static long of(byte[] content, long pid) {
        String stat = new String(content, StandardCharsets.ISO_8859_1);
        // The name in parentheses may have anything in it, parentheses too.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
        if (fields.length <= START_TIME || fields[0].equals("Z") || fields[0].equals("X")) {
            return 0;
        }
        long start = hash(fields[START_TIME]) ^ BOOT;
        return (start & START_MASK) << PID_BITS | (pid & PID_MASK);
    }

    /** Whether a process still runs. Where that cannot be found out, it does: it may be about to launch. */
    static boolean isAlive(long id) {
        if (id == OWN) {
            return true;
        }
        try {
            return id == of(Files.readAllBytes(stat(pid(id))), pid(id));
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            // It ended while it was looked at, or this process may not look, or has no file descriptor left.
            return ProcessHandle.of(pid(id)).isPresent();
        }
    }

    static long pid(long id) {
        return id & PID_MASK;
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    /** FNV-1a. */
    private static long hash(String text) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return hash ^ (hash >>> START_BITS);
    }
}
