package jsgx.launch.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;

/**
 * Reads a file that somebody may be writing: whole, as it was at one moment. A file that changed while it was read, or a moment before, is
 * read again until it rests.
 */
public final class FileReader {

    /** A file that was written to less than this ago may not be finished. */
    private static final Duration REST = Duration.ofMillis(50);

    private static final int ATTEMPTS = 40;

    private final InstantSource clock;

    public FileReader(InstantSource clock) {
        this.clock = clock;
    }

    /** What tells a file from a later one of the same name. */
    public record Stamp(long size, FileTime modified, Object key) {

        /** That of a file now. */
        public static Stamp of(Path file) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw new UnfitException(
                        attributes.isDirectory() ? "a folder: expected a file" : "no ordinary file: expected one");
            }
            return new Stamp(
                    attributes.size(),
                    attributes.lastModifiedTime(),
                    Objects.requireNonNullElse(attributes.fileKey(), ""));
        }
    }

    /** Not a file that can be read, however often that is tried. */
    private static final class UnfitException extends IOException {

        private static final long serialVersionUID = 1L;

        UnfitException(String message) {
            super(message);
        }
    }

    /** What a file says and which file that was. */
    public record Content(byte[] bytes, Stamp stamp) {}

    /**
     * Reads a file.
     *
     * @param maxSize how many bytes it may have
     * @throws IOException where it cannot be read, is too large, or does not rest
     */
    public Content read(Path file, int maxSize) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Stamp before = Stamp.of(file);
            if (before.size() > maxSize) {
                throw new UnfitException("%d bytes, expected at most %d".formatted(before.size(), maxSize));
            }
            byte[] bytes;
            try (InputStream in = Files.newInputStream(file)) {
                bytes = in.readNBytes(maxSize + 1);
            }
            if (Stamp.of(file).equals(before) && bytes.length == before.size() && rests(before)) {
                return new Content(bytes, before);
            }
            pause();
        }
        throw new IOException("it is being written to all the time: write it under another name and rename it");
    }

    private boolean rests(Stamp stamp) {
        Instant written = stamp.modified().toInstant();
        Instant now = clock.instant();
        return written.isAfter(now) || written.plus(REST).isBefore(now);
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(REST.dividedBy(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Whether this is a failure of the system rather than of what is to be read: another time the same file may be read. */
    public static boolean mayPass(IOException e) {
        return !(e instanceof UnfitException || e instanceof NoSuchFileException || e instanceof AccessDeniedException);
    }

    /** One line for a failure of the system. */
    public static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException none -> "no such file";
            case AccessDeniedException denied -> "permission denied";
            default -> String.valueOf(e.getMessage());
        };
    }
}
