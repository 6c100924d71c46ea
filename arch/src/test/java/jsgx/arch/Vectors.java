package jsgx.arch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * Vectors that others made, which lie beside the repository: in {@code $JSGX_VECTORS}, else in the first {@code shared/data}
 * found from the working directory upwards.
 */
public final class Vectors {
    private static final Optional<Path> FOLDER = folder();

    private Vectors() {}

    /** The bytes of a vector; skips the test that asks if the vectors are not on this machine. */
    public static byte[] bytes(String name) {
        try {
            return Files.readAllBytes(path(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The file of a vector; skips the test that asks if the vectors are not on this machine. */
    public static Path path(String name) {
        Assumptions.assumeTrue(FOLDER.isPresent(), "no ../shared/data: set JSGX_VECTORS to the folder of the vectors");
        return FOLDER.orElseThrow().resolve(name);
    }

    private static Optional<Path> folder() {
        String configured = System.getenv("JSGX_VECTORS");
        if (configured != null) {
            return Optional.of(Path.of(configured));
        }
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path data = at.resolve("shared").resolve("data");
            if (Files.isDirectory(data)) {
                return Optional.of(data);
            }
        }
        return Optional.empty();
    }
}
