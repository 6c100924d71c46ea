package jsgx.host.peer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jsgx.driver.Workload;
import jsgx.host.service.HostException;
import jsgx.machine.linux.PeerCredentials;
import jsgx.machine.linux.ProcessDescriptor;
import jsgx.machine.linux.UnixConnection;

/** Tells of each connection who is at its other end and whom that is charged to, from what the kernel says alone. */
public final class Peers {

    private final Cgroups cgroups;

    /**
     * Peers that are charged to their user, unless their cgroup begins with one of these prefixes.
     *
     * @param cgroups the administrator's prefixes, such as {@code /kubepods.slice}; the longest that fits counts
     * @throws IllegalArgumentException where one is no path from the root of the hierarchy
     */
    public Peers(List<String> cgroups) {
        this.cgroups = new Cgroups(cgroups);
    }

    /**
     * Who connected.
     *
     * @throws HostException where cgroups are workloads and the process that connected cannot be told: it is gone, or has no number here. It would
     *     be charged to its user then, and get out of its cgroup's quota
     */
    public Peer identify(UnixConnection connection) throws IOException, HostException {
        PeerCredentials who = connection.credentials();
        Workload user = new Workload("uid:" + Integer.toUnsignedString(who.uid()));
        if (cgroups.isEmpty()) {
            return new Peer(who.pid(), who.uid(), who.gid(), user);
        }
        Workload workload = cgroups.longest(cgroupFile(connection, who))
                .map(prefix -> new Workload("cgroup:" + prefix))
                .orElse(user);
        return new Peer(who.pid(), who.uid(), who.gid(), workload);
    }

    private static List<String> cgroupFile(UnixConnection connection, PeerCredentials who)
            throws IOException, HostException {
        try (ProcessDescriptor process = connection
                .peerProcess()
                .filter(descriptor -> descriptor.pid() > 0)
                .orElseThrow(() -> unknown(who, "is gone, or in another PID namespace"))) {
            List<String> lines;
            try {
                lines = Files.readAllLines(Path.of("/proc/" + process.pid() + "/cgroup"), StandardCharsets.ISO_8859_1);
            } catch (IOException e) {
                throw unknown(who, "has no readable /proc/%d/cgroup: %s".formatted(process.pid(), e.getMessage()));
            }
            // While the process lives its number is nobody else's, so that the file was its own.
            if (!process.isAlive()) {
                throw unknown(who, "ended");
            }
            return lines;
        }
    }

    private static HostException unknown(PeerCredentials who, String why) {
        return new HostException(
                "whom to charge is not known: the process %d of user %s, which connected, %s, and cgroups are workloads here; connect from a process that goes on"
                        .formatted(who.pid(), Integer.toUnsignedString(who.uid()), why));
    }
}
