package jsgx.host.state;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jsgx.host.service.HostException;

/**
 * What a backup holds.
 *
 * <pre>
 * jsgx backup 1
 * platform ID
 * created INSTANT
 * file SHA256 SIZE NAME      for each
 * end SHA256                 of all the lines before
 * </pre>
 *
 * @param platform the id of the platform
 * @param created when it was made
 */
public record Manifest(String platform, Instant created, List<Item> files) {

    /** Its name in the archive, the last of all. */
    static final String NAME = "manifest";

    static final int MAX_SIZE = 1 << 24;

    /** Printable ASCII, no level that begins with a dot. */
    private static final Pattern NAMES = Pattern.compile("[ -~&&[^./]][ -~&&[^/]]*(/[ -~&&[^./]][ -~&&[^/]]*)*");

    private static final Pattern LINE = Pattern.compile("file ([0-9a-f]{64}) (0|[1-9][0-9]{0,17}) (.*)");
    private static final Pattern HEAD =
            Pattern.compile("jsgx backup 1\\nplatform ([0-9a-f]{32})\\ncreated ([0-9TZ:.-]{20,40})\\n");
    private static final String END = "end ";

    public Manifest {
        files = List.copyOf(files);
    }

    /**
     * A file.
     *
     * @param name in the state folder, with a slash for each level
     * @param size bytes
     */
    public record Item(String name, long size, String sha256) {}

    /** Whether a file of this name may be in a state folder: no name leads out of it. */
    static boolean isName(String name) {
        return NAMES.matcher(name).matches();
    }

    byte[] format() {
        StringBuilder text = new StringBuilder("jsgx backup 1\nplatform %s\ncreated %s\n".formatted(platform, created));
        files.forEach(item -> text.append("file %s %d %s\n".formatted(item.sha256(), item.size(), item.name())));
        return (text + END + sha256(text.toString()) + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    static Manifest parse(byte[] content) throws HostException {
        String text = new String(content, StandardCharsets.ISO_8859_1);
        Matcher head = HEAD.matcher(text);
        if (!head.lookingAt()) {
            throw new HostException("it is no backup of this version of jsgx: expected a manifest that begins with"
                    + " \"jsgx backup 1\"");
        }
        int end = text.lastIndexOf("\n" + END) + 1;
        if (end == 0 || !text.substring(end).equals(END + sha256(text.substring(0, end)) + "\n")) {
            throw new HostException("its manifest was changed or damaged");
        }
        List<Item> files = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (String line : text.substring(head.end(), end).lines().toList()) {
            Matcher item = LINE.matcher(line);
            if (!item.matches() || !isName(item.group(3)) || !names.add(item.group(3))) {
                throw new HostException("its manifest names a file that no state folder has, or one twice");
            }
            files.add(new Item(item.group(3), Long.parseLong(item.group(2)), item.group(1)));
        }
        try {
            return new Manifest(head.group(1), Instant.parse(head.group(2)), files);
        } catch (DateTimeException e) {
            throw new HostException("its manifest has no time");
        }
    }

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String sha256(String text) {
        return HexFormat.of().formatHex(digest().digest(text.getBytes(StandardCharsets.ISO_8859_1)));
    }
}
