package jsgx.image;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/** How the bytes of a raw blob become pages: a built-in layout, or one that a text file describes. */
public sealed interface RawLayout {

    /** The v5 proxy's layout of its launch enclave: page 0 is the TCS, all others are read-write-execute, all measured. */
    record V5Le() implements RawLayout {
        @Override
        public EnclaveImage apply(MemorySegment blob, ImageOptions options) {
            return Skeleton.absent();
        }
    }

    /** A layout that was written down. */
    record Described(long size, int ssaFrameSize, List<Range> ranges) implements RawLayout {
        public Described {
            ranges = List.copyOf(ranges);
        }

        @Override
        public EnclaveImage apply(MemorySegment blob, ImageOptions options) {
            return Skeleton.absent();
        }
    }

    /** Pages that follow each other. */
    record Range(long offset, long length, long flags, int measured, long fileOffset, long fileLength) {}

    /** The layout that a command line names: {@code v5-le}, or a file that describes one. */
    static RawLayout named(String nameOrFile) throws IOException, ImageException {
        return nameOrFile.equals("v5-le") ? new V5Le() : read(Path.of(nameOrFile));
    }

    /** The layout that this file describes. */
    static RawLayout read(Path file) throws IOException, ImageException {
        return Skeleton.absent();
    }

    /** The layout that this text describes. */
    static RawLayout parse(String text) throws ImageException {
        return Skeleton.absent();
    }

    /** The image of a blob. */
    EnclaveImage apply(MemorySegment blob, ImageOptions options) throws ImageException;
}
