package jsgx.machine.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds the process that connected a socket by its number, where the kernel gives no pidfd of it. */
final class PeerByNumber {

    private PeerByNumber() {}

    /** The process of the number, if it is the same user's and was the same before and after it was opened. */
    static Optional<ProcessDescriptor> find(PeerCredentials peer) throws LinuxException {
        Optional<String> start = Linux.startTime(peer.pid());
        if (peer.pid() <= 0 || start.isEmpty()) {
            return Optional.empty();
        }
        Optional<ProcessDescriptor> process = ProcessDescriptor.open(peer.pid());
        if (process.isPresent() && !(start.equals(Linux.startTime(peer.pid())) && isOf(peer))) {
            process.get().close();
            return Optional.empty();
        }
        return process;
    }

    private static boolean isOf(PeerCredentials peer) {
        try {
            return Files.readAllLines(Path.of("/proc/" + peer.pid() + "/status")).stream()
                    .filter(line -> line.startsWith("Uid:"))
                    // Real, effective, saved and of the file system: a set-user-ID program may have changed the second.
                    .anyMatch(line -> (line + "\t").contains("\t" + Integer.toUnsignedString(peer.uid()) + "\t"));
        } catch (IOException e) {
            return false;
        }
    }
}
