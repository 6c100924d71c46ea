package jsgx.host.state;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * State folders that earlier releases wrote, by the commands of their time: {@code launch} with and without a token in user space's store, {@code policy
 * reload}, {@code policy revoke}. Each is named by the commit that wrote it: 319e316 knows a platform alone, e89fe95 has policy, revocations, tokens and a trail.
 */
public final class StateFolders {

    private StateFolders() {}

    /** Unpacks the folder of a commit, 0700 with files of 0600. */
    public static Path of(String commit, Path into) throws IOException {
        Path folder = Files.createTempDirectory(
                into, commit, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try (InputStream resource =
                        Objects.requireNonNull(StateFolders.class.getResourceAsStream("state-" + commit + ".zip"));
                ZipInputStream zip = new ZipInputStream(resource)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path file = folder.resolve(entry.getName());
                Path parent = Objects.requireNonNull(file.getParent());
                if (!Files.exists(parent)) {
                    Files.createDirectory(
                            parent, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                }
                Files.copy(zip, file);
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            }
        }
        return folder;
    }

    /** The content of all files of a folder, by name; nothing where there is none. */
    static Map<String, String> content(Path folder) throws IOException {
        Map<String, String> content = new TreeMap<>();
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path file : all.filter(Files::isRegularFile).toList()) {
                    String name = folder.relativize(file).toString();
                    if (!name.endsWith(".lock")) {
                        content.put(name, java.util.HexFormat.of().formatHex(digest(file)));
                    }
                }
            }
        }
        return content;
    }

    private static byte[] digest(Path file) throws IOException {
        return Manifest.digest().digest(Files.readAllBytes(file));
    }
}
