package jsgx.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** A file that a command writes: whole or not at all, and never over one of its inputs. */
final class OutputFile {

    private final Path target;
    private final String shown;

    /**
     * An output file.
     *
     * @param inputs files that must stay as they are
     */
    OutputFile(String name, Surroundings surroundings, Path... inputs) throws BadInput, IOException {
        Path file = surroundings.file(name);
        shown = Text.printable(name);
        if (name.isEmpty()) {
            throw new BadInput("an empty file name: expected the name of a file to write");
        }
        if (Files.isDirectory(file)) {
            throw new BadInput(shown + ": a folder: expected the name of a file to write");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new BadInput(shown + ": not an ordinary file: expected one that can be replaced");
        }
        // A link stays a link: what it points at is replaced.
        target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        Path folder = folder();
        if (!Files.isDirectory(folder)) {
            throw new BadInput(shown + ": there is no folder " + folder + " to write to");
        }
        for (Path input : inputs) {
            if (Files.exists(target) && Files.isSameFile(target, input)) {
                throw new BadInput(shown + ": this is an input of the command: expected another file to write");
            }
        }
    }

    private Path folder() {
        @Nullable Path parent = target.getParent();
        return parent == null ? target : parent;
    }

    /** Writes what the file is to hold. */
    @FunctionalInterface
    interface Content {
        void to(OutputStream out) throws IOException;
    }

    void write(byte[] content) throws BadInput {
        write(out -> out.write(content));
    }

    /** Writes under a temporary name, syncs and renames; where that fails nothing is left and what was there stays. */
    void write(Content content) throws BadInput {
        @Nullable Path temporary = null;
        try {
            temporary = create();
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                content.to(Channels.newOutputStream(channel));
                channel.force(true);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            temporary = null;
        } catch (IOException e) {
            throw new BadInput(shown + ": not written: " + Failures.reason(e));
        } finally {
            discard(temporary);
        }
    }

    private Path create() throws IOException {
        while (true) {
            String name = "." + target.getFileName() + "."
                    + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".tmp";
            try {
                return Files.createFile(folder().resolve(name));
            } catch (FileAlreadyExistsException e) {
                // Another name, then.
            }
        }
    }

    private static void discard(@Nullable Path temporary) throws BadInput {
        try {
            if (temporary != null && Files.exists(temporary, LinkOption.NOFOLLOW_LINKS)) {
                Files.delete(temporary);
            }
        } catch (IOException e) {
            throw new BadInput("a temporary file could not be removed: " + Failures.reason(e));
        }
    }
}
