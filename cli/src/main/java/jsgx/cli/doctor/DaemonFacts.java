package jsgx.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;

/** The daemon whose front ends the commands of this user are, if there is one. */
final class DaemonFacts {

    private static final String SUBJECT = "daemon";

    private DaemonFacts() {}

    static Fact of(Host host) {
        String folder = host.property(DaemonTrial.FOLDER);
        if (folder.isEmpty()) {
            return Fact.notNeeded(
                    SUBJECT,
                    "none runs",
                    "each command is a machine of its own, switched on and off again; one for all:  jsgx serve");
        }
        String failure = host.property(DaemonTrial.FAILURE);
        if (!failure.isEmpty()) {
            return Fact.broken(
                    SUBJECT,
                    "nobody answers at " + folder + "/driver.socket (" + failure + ")",
                    "jsgx run and jsgx launch refuse to work without it",
                    "start it with  jsgx serve , or set JSGX_RUN=none to do without");
        }
        if (isOpen(host.path(folder + "/admin.socket"))) {
            return Fact.broken(
                    SUBJECT,
                    folder + "/admin.socket is open to everybody",
                    "anybody here may change the policy",
                    "chmod 600 " + folder + "/admin.socket , or restart the daemon");
        }
        String version = host.property(DaemonTrial.VERSION);
        return Fact.good(
                SUBJECT,
                "answers at " + folder + "/driver.socket"
                        + (version.isEmpty() ? "; its admin socket is not yours to use" : ", version " + version),
                "jsgx run and jsgx launch are its front ends");
    }

    private static boolean isOpen(Path socket) {
        try {
            return Files.getPosixFilePermissions(socket).contains(PosixFilePermission.OTHERS_WRITE);
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
