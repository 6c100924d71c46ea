package jsgx.host.aesm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import jsgx.host.service.HostException;
import jsgx.launch.le.WhiteList;
import jsgx.launch.le.WhiteListCertificate;
import jsgx.launch.le.WhiteListException;
import org.jspecify.annotations.Nullable;

/**
 * The white list that is answered: the operator's file, as it is. It is read again when it has changed; one that is no white list does not
 * take the place of the one before.
 */
final class WhiteListFile {

    /** More than the longest list has. */
    private static final int MAX_BYTES = 1 << 17;

    private final @Nullable Path file;
    private final WhiteListCertificate certificates;

    /** What is answered, empty where there is none. Guarded by this, as are the fields below. */
    private byte[] content = {};

    /** Size, time and inode of what was read last. */
    private Object stamp = "";

    private String trouble = "";

    /** The list in a file; none where there is no file. */
    WhiteListFile(@Nullable Path file, WhiteListCertificate certificates) {
        this.file = file;
        this.certificates = certificates;
    }

    /** Reads it for the first time. */
    void open() throws HostException {
        content();
        if (!trouble().isEmpty()) {
            throw new HostException(trouble());
        }
    }

    /** The list's bytes; empty where there is none. */
    synchronized byte[] content() {
        if (file == null) {
            return content;
        }
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            Object present = now.lastModifiedTime() + " " + now.size() + " " + now.fileKey();
            if (!present.equals(stamp)) {
                stamp = present;
                content = read(file, now.size());
                trouble = "";
            }
        } catch (IOException e) {
            trouble = "the white list %s cannot be read: %s".formatted(file, e.getMessage());
            stamp = "";
        } catch (WhiteListException e) {
            trouble = "%s is no white list: %s".formatted(file, e.getMessage());
        }
        return content;
    }

    /** Why it is not the file's content that is answered; empty where it is. */
    synchronized String trouble() {
        return trouble;
    }

    private byte[] read(Path path, long size) throws IOException, WhiteListException {
        if (size > MAX_BYTES) {
            throw new IOException("it has %d bytes, and no list has more than %d".formatted(size, MAX_BYTES));
        }
        byte[] bytes = Files.readAllBytes(path);
        WhiteList accepted = certificates.accept(bytes, WhiteList.NONE);
        Objects.checkIndex(0, accepted.signers().size());
        return bytes;
    }
}
