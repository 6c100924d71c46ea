package jsgx.host.state;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jsgx.host.service.HostException;
import jsgx.launch.LaunchException;
import jsgx.launch.file.PrivateFile;

/**
 * What a host leaves in its state folder to know it again: the file {@code host} with the version of what the folder holds, and whose it is.
 * A folder without one is an earlier release's, which had no daemon; what it holds is taken as it is.
 */
public final class StateMark {

    static final String FILE = "host";

    private static final int VERSION = 1;
    private static final int MAX_SIZE = 256;
    private static final Pattern FORMAT =
            Pattern.compile("jsgx state ([0-9]{1,9})\\n(?:platform ([0-9a-f]{32})\\n)?[^\\x00]*");

    private StateMark() {}

    /**
     * Checks that a folder is one of this release and this platform, and marks one that has no mark.
     *
     * @param platform the id of the platform that the folder holds
     * @throws HostException where it is another's
     * @throws LaunchException where the mark cannot be read or written
     */
    public static void check(Path folder, String platform) throws HostException, LaunchException {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            String text = "jsgx state %d\nplatform %s\n".formatted(VERSION, platform);
            PrivateFile.write(file, text.getBytes(StandardCharsets.US_ASCII));
            return;
        }
        Matcher mark = FORMAT.matcher(new String(PrivateFile.read(file, MAX_SIZE), StandardCharsets.ISO_8859_1));
        if (!mark.matches()) {
            throw new HostException(
                    "%s does not say what the state folder holds: restore it from a backup, or remove it to take the folder as it is"
                            .formatted(file));
        }
        int version = Integer.parseInt(mark.group(1));
        if (version > VERSION) {
            throw new HostException(
                    "%s: the state folder has version %d, and this jsgx knows none after %d: a newer jsgx wrote it; use that one, or another state folder"
                            .formatted(file, version, VERSION));
        }
        if (!platform.equals(mark.group(2))) {
            throw new HostException(
                    "%s: the state folder is that of platform %s, and the platform in it is %s: audit trail and tokens are another's; put the platform back (jsgx host restore), take another state folder, or remove %s to go on with the new one"
                            .formatted(file, mark.group(2), platform, file));
        }
    }
}
