package jsgx.image;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;

/** The way in: any enclave file, its format told by its first bytes. */
public final class EnclaveFiles {

    private static final int MAX_FILE = 1 << 30;
    private static final int MAX_STREAM = 1 << 26;

    private EnclaveFiles() {}

    /** The enclave in a file. */
    public static EnclaveImage read(Path file, ImageOptions options) throws IOException, ImageException {
        try {
            return read(bytes(file), options);
        } catch (ImageException e) {
            throw e.in(file.toString());
        }
    }

    /** The enclave in these bytes, which must not change while the image is in use. */
    public static EnclaveImage read(MemorySegment bytes, ImageOptions options) throws ImageException {
        Optional<RawLayout> layout = options.layout();
        if (layout.isPresent()) {
            return layout.get().apply(bytes, options);
        }
        Input input = new Input(bytes);
        if (bytes.byteSize() >= Long.BYTES) {
            long magic = Layouts.u64(bytes, 0);
            if (SgxsReader.recognizes(magic)) {
                return SgxsReader.read(input, options);
            }
            if ((int) magic == Elf.MAGIC) {
                return elf(Elf.parse(input), options);
            }
            if (isSigstruct(bytes)) {
                throw ImageException.at(0, "the file", "an enclave", "a bare SIGSTRUCT, which has no pages");
            }
        }
        throw ImageException.at(
                0,
                "a file of no known format",
                "an SGXS stream (\"ECREATE\" or \"UNSIZED\"), an ELF file (7f 45 4c 46), or a layout for a raw blob",
                input.shown(0, Long.BYTES));
    }

    /** Whether these bytes are a bare SIGSTRUCT: 1808 of them, beginning with one of its headers. */
    public static boolean isSigstruct(MemorySegment bytes) {
        if (bytes.byteSize() != Sigstruct.SIZE) {
            return false;
        }
        Sigstruct sigstruct = new Sigstruct(bytes);
        return sigstruct.headerIsValid() || sigstruct.header2IsValid();
    }

    /** The SIGSTRUCT in a file: the file itself if it has 1808 bytes, or the one that an enclave file carries. */
    public static Optional<Sigstruct> readSigstruct(Path file, ImageOptions options)
            throws IOException, ImageException {
        try {
            return sigstruct(bytes(file), options);
        } catch (ImageException e) {
            throw e.in(file.toString());
        }
    }

    /** The SIGSTRUCT in these bytes: all of them if they are 1808, or the one that an enclave file carries. */
    public static Optional<Sigstruct> sigstruct(MemorySegment bytes, ImageOptions options) throws ImageException {
        if (isSigstruct(bytes)) {
            return Optional.of(new Sigstruct(bytes));
        }
        return read(bytes, options).sigstruct();
    }

    private static EnclaveImage elf(Elf elf, ImageOptions options) throws ImageException {
        Optional<Elf.Section> metadata = elf.section(SdkMetadata.SECTION);
        if (metadata.isPresent()) {
            return SdkReader.read(elf, metadata.get(), options);
        }
        if (SelftestReader.recognizes(elf)) {
            return SelftestReader.read(elf, options);
        }
        throw ImageException.at(
                0,
                "an ELF file of no known kind",
                "a section " + SdkMetadata.SECTION
                        + " as the Intel SDK signs it, or a first segment that is read-write,"
                        + " the TCS of the kernel's selftest",
                "neither");
    }

    private static MemorySegment bytes(Path file) throws IOException, ImageException {
        if (Files.isDirectory(file)) {
            throw ImageException.of("the file", "an enclave file", "a folder");
        }
        // A regular file is read at once; what a pipe or a device gives has no size to go by.
        boolean regular = Files.isRegularFile(file);
        long limit = regular ? MAX_FILE : MAX_STREAM;
        if (regular && Files.size(file) <= limit) {
            return MemorySegment.ofArray(Files.readAllBytes(file));
        }
        if (!regular) {
            try (InputStream in = Files.newInputStream(file)) {
                byte[] bytes = in.readNBytes(MAX_STREAM + 1);
                if (bytes.length <= limit) {
                    return MemorySegment.ofArray(bytes);
                }
            }
        }
        throw ImageException.at(limit, "a file too large", "at most " + (limit >> 20) + " MiB", "more");
    }
}
