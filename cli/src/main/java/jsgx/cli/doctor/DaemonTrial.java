package jsgx.cli.doctor;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import jsgx.host.client.AdminClient;
import jsgx.host.client.HostFolder;
import jsgx.host.service.HostException;
import jsgx.launch.json.Json;
import jsgx.launch.json.MalformedJson;

/** What only a connection tells of a daemon. */
public final class DaemonTrial {

    /** The run folder of the daemon that this user's commands use. */
    static final String FOLDER = "jsgx.daemon.folder";

    /** Why it does not answer. */
    static final String FAILURE = "jsgx.daemon.failure";

    /** Its version, where the user may ask it. */
    static final String VERSION = "jsgx.daemon.version";

    private DaemonTrial() {}

    /** The trial in this environment; empty where there is no daemon. */
    public static Map<String, String> of(Map<String, String> environment) {
        Map<String, String> found = new TreeMap<>();
        Optional<HostFolder> folder = HostFolder.find(environment);
        folder.ifPresent(host -> {
            found.put(FOLDER, host.path().toString());
            try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                channel.connect(UnixDomainSocketAddress.of(host.driverSocket()));
                found.put(VERSION, version(host));
            } catch (IOException e) {
                found.put(FAILURE, String.valueOf(e.getMessage()));
            }
        });
        return found;
    }

    /** Empty where the user may not ask. */
    private static String version(HostFolder folder) {
        try (AdminClient.Answer answer = new AdminClient(folder.adminSocket()).ask("GET", "/v1/host", "")) {
            Object version = Json.parse(answer.text()).get("version");
            return version == null ? "" : version.toString();
        } catch (HostException | IOException | MalformedJson e) {
            return "";
        }
    }
}
