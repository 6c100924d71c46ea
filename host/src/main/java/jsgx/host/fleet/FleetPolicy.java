package jsgx.host.fleet;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import jsgx.launch.LaunchException;
import jsgx.launch.file.PrivateFile;
import jsgx.launch.policy.PolicyFolder;

/**
 * The policy of a fleet.
 *
 * @param revision since which it is in force
 * @param sequence its sequence number
 * @param rolledBackFrom the higher sequence number of the one before it, which was accepted; 0 where it is no lower
 * @param content the file, with its signature where it has one
 * @param included the files that it includes by plain names
 * @param time when it was put in force, by the clock of the host that did it
 * @param host the name of that host
 */
public record FleetPolicy(
        long revision,
        long sequence,
        long rolledBackFrom,
        byte[] content,
        Map<String, byte[]> included,
        Instant time,
        String host) {

    /** How many bytes a policy may have with all that it includes. */
    public static final int MAX_SIZE = 8 << 20;

    public FleetPolicy {
        included = Map.copyOf(included);
    }

    /** One that is not in force yet. */
    static FleetPolicy of(PolicyFolder.Installed checked, Instant time, String host) {
        return new FleetPolicy(0, checked.policy().sequence(), 0, checked.content(), checked.included(), time, host);
    }

    /** Writes it into a folder; the policy's own file is returned. */
    Path writeTo(Path folder) throws LaunchException {
        PrivateFile.ensureFolder(folder);
        for (Map.Entry<String, byte[]> each : included.entrySet()) {
            PrivateFile.write(folder.resolve(checkedName(each.getKey())), each.getValue());
        }
        Path file = folder.resolve(PolicyFolder.POLICY);
        PrivateFile.write(file, content);
        return file;
    }

    /** A name that leads nowhere but into the folder. */
    static String checkedName(String name) throws LaunchException {
        if (!name.matches("[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}") || name.equals(PolicyFolder.POLICY)) {
            throw new LaunchException(
                    "the fleet's policy includes \"%s\": expected a plain name of letters, digits, . _ -"
                            .formatted(Printable.of(name)));
        }
        return name;
    }
}
