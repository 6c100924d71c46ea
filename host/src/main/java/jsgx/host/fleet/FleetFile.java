package jsgx.host.fleet;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import jsgx.launch.LaunchException;
import jsgx.launch.file.PrivateFile;
import jsgx.launch.governor.Revocation;

/**
 * What a host last had in force of its fleet, in its file {@code fleet}: by it a host that was away tells what others did meanwhile from
 * what was done here, and an engine that lost data from one that is up to date.
 *
 * @param name the fleet's name
 * @param id the fleet's id; empty before the host ever heard from it
 * @param revision the fleet's revision
 * @param revoked what the fleet had revoked, each with the revision from which on it held
 */
record FleetFile(String name, String id, long revision, Map<Revocation, Long> revoked) {

    /** The file's name in the state folder. */
    static final String FILE_NAME = "fleet";

    private static final String FIRST_LINE = "jsgx fleet 1";
    private static final int MAX_SIZE = 1 << 26;

    FleetFile {
        revoked = Map.copyOf(revoked);
    }

    /** That of a host which never heard from this fleet. */
    static FleetFile none(String name) {
        return new FleetFile(name, "", 0, Map.of());
    }

    /** What is kept in a state folder; nothing for another fleet than the one that is there. */
    static FleetFile read(Path folder, String name) throws LaunchException {
        Path file = folder.resolve(FILE_NAME);
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return none(name);
        }
        String text = new String(PrivateFile.read(file, MAX_SIZE), StandardCharsets.UTF_8);
        String[] lines = text.split("\n", -1);
        try {
            int last = text.lastIndexOf("\ncrc32c ") + 1;
            if (last == 0
                    || lines.length < 6
                    || !lines[0].equals(FIRST_LINE)
                    || !text.substring(last).equals("crc32c " + checksum(text.substring(0, last)) + "\n")) {
                throw new IllegalArgumentException("its last line is not the checksum of the others");
            }
            Map<Revocation, Long> revoked = new HashMap<>();
            for (int i = 4; i < lines.length - 2; i++) {
                String[] parts = lines[i].split(" ", 2);
                revoked.put(Revocation.parse(parts[1]), Long.parseLong(parts[0]));
            }
            FleetFile found = new FleetFile(
                    lines[1].substring("name ".length()),
                    lines[2].substring("id ".length()),
                    Long.parseLong(lines[3].substring("revision ".length())),
                    revoked);
            return found.name().equals(name) ? found : none(name);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new LaunchException(
                    "%s is damaged: %s; remove it, and the host joins its fleet anew, with all that is revoked on either"
                            .formatted(file, e.getMessage()),
                    e);
        }
    }

    /** Keeps it in a state folder. */
    void write(Path folder) throws LaunchException {
        StringBuilder text =
                new StringBuilder("%s\nname %s\nid %s\nrevision %d\n".formatted(FIRST_LINE, name, id, revision));
        Map<String, Long> sorted = new TreeMap<>();
        revoked.forEach((each, at) -> sorted.put(each.toString(), at));
        sorted.forEach((each, at) -> text.append(at).append(' ').append(each).append('\n'));
        String body = text.toString();
        PrivateFile.write(
                folder.resolve(FILE_NAME), (body + "crc32c " + checksum(body) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static String checksum(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return "%08x".formatted(crc.getValue());
    }
}
