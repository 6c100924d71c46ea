package jsgx.machine;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/**
 * A program's file that this process never had open. A file that anybody has open for writing cannot be executed, and what a test has open is for a moment
 * also that of a process that another test forks.
 */
public final class ExecutableFile {

    private ExecutableFile() {}

    /** Writes one that its owner may execute. */
    public static void write(Path file, byte[] content) throws IOException {
        Process installing = start(new ProcessBuilder("install", "-m", "700", "/dev/stdin", file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT));
        try (OutputStream in = installing.getOutputStream()) {
            in.write(content);
        }
        int status = installing.onExit().join().exitValue();
        if (status != 0) {
            throw new IOException("install ended with %d, so that there is no %s".formatted(status, file));
        }
    }

    /** Once, among hundreds, a process did not begin as a descriptor of its was not open (EBADF); why is not known. */
    private static Process start(ProcessBuilder program) throws IOException {
        try {
            return program.start();
        } catch (IOException e) {
            return program.start();
        }
    }
}
