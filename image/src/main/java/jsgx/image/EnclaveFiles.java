package jsgx.image;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import jsgx.arch.struct.Sigstruct;

/** The way in: any enclave file, its format told by its first bytes. */
public final class EnclaveFiles {

    private EnclaveFiles() {}

    /** The enclave in a file. */
    public static EnclaveImage read(Path file, ImageOptions options) throws IOException, ImageException {
        return Skeleton.absent();
    }

    /** The enclave in these bytes. */
    public static EnclaveImage read(MemorySegment bytes, ImageOptions options) throws ImageException {
        return Skeleton.absent();
    }

    /** Whether these bytes are a bare SIGSTRUCT: 1808 bytes that begin with its header. */
    public static boolean isSigstruct(MemorySegment bytes) {
        return bytes.byteSize() == Sigstruct.SIZE && new Sigstruct(bytes).headerIsValid();
    }

    /** The SIGSTRUCT in a file: the file itself, or the one that an enclave file carries. */
    public static Optional<Sigstruct> readSigstruct(Path file, ImageOptions options)
            throws IOException, ImageException {
        return Skeleton.absent();
    }
}
