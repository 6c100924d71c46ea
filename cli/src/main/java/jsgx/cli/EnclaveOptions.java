package jsgx.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jsgx.arch.struct.Sigstruct;
import jsgx.image.EnclaveFiles;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.image.ImageOptions;
import jsgx.image.RawLayout;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say how an enclave file is to be read. */
final class EnclaveOptions {

    @Option(
            order = 51,
            names = "--layout",
            paramLabel = "FILE|v5-le",
            description =
                    "FILE is a raw blob: its layout is described here, or is that of the v5 driver's launch enclave.")
    private @Nullable String layout;

    @Option(
            order = 52,
            names = "--size",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description = "The enclave's size, for a file that leaves it open.")
    private @Nullable Long size;

    @Option(
            order = 53,
            names = "--heap",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description = "The heap that the kernel selftest's loader adds, by default one page.")
    private @Nullable Long heap;

    /** The enclave in a file. */
    EnclaveImage image(String name, Surroundings surroundings) throws BadInput, ImageException, IOException {
        return EnclaveFiles.read(existing(name, surroundings), imageOptions(surroundings));
    }

    ImageOptions imageOptions(Surroundings surroundings) throws BadInput, ImageException, IOException {
        ImageOptions options = ImageOptions.DEFAULT;
        if (layout != null) {
            options = options.withLayout(
                    layout.equals("v5-le") ? new RawLayout.V5Le() : RawLayout.read(existing(layout, surroundings)));
        }
        if (size != null) {
            options = options.withSize(size);
        }
        if (heap != null) {
            options = options.withSelftestHeap(heap);
        }
        return options;
    }

    /**
     * The SIGSTRUCT that goes with an enclave.
     *
     * @param name the enclave's file, for the message
     * @param other the file that {@code --sigstruct} names, null for the one that the enclave file carries
     */
    Sigstruct sigstruct(String name, EnclaveImage image, @Nullable String other, Surroundings surroundings)
            throws BadInput, IOException {
        if (other != null) {
            return sigstruct(other, surroundings);
        }
        return image.sigstruct()
                .orElseThrow(() -> new BadInput(Text.printable(name)
                        + ": carries no SIGSTRUCT: name one with --sigstruct," + " or make one with  jsgx sign"));
    }

    /** Whether a file has the size of a SIGSTRUCT, which no enclave file has. */
    static boolean hasSizeOfSigstruct(Path file) throws IOException {
        return Files.size(file) == Sigstruct.SIZE;
    }

    /** The SIGSTRUCT that a file is. */
    static Sigstruct sigstruct(String name, Surroundings surroundings) throws BadInput, IOException {
        Path file = existing(name, surroundings);
        if (!hasSizeOfSigstruct(file)) {
            throw new BadInput(Text.printable(name) + ": not a SIGSTRUCT: expected " + Sigstruct.SIZE + " bytes, found "
                    + Files.size(file));
        }
        return Sigstruct.of(Files.readAllBytes(file));
    }

    /** A file that can be read; what cannot is refused with the reason. */
    static Path existing(String name, Surroundings surroundings) throws BadInput, IOException {
        Path file = surroundings.file(name);
        String shown = Text.printable(name);
        if (name.isEmpty()) {
            throw new BadInput("an empty file name: expected the name of a file");
        }
        if (!Files.exists(file)) {
            throw new BadInput(shown + ": no such file");
        }
        if (Files.isDirectory(file)) {
            throw new BadInput(shown + ": a folder: expected a file");
        }
        if (!Files.isRegularFile(file)) {
            throw new BadInput(shown + ": neither a file nor a link to one: expected a file");
        }
        if (!Files.isReadable(file)) {
            throw new BadInput(shown + ": permission denied: expected a file that you may read");
        }
        if (Files.size(file) == 0) {
            throw new BadInput(shown + ": an empty file: expected an enclave, a SIGSTRUCT, a token or a key");
        }
        return file;
    }
}
