package jsgx.image;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How the bytes of a raw blob become pages: a built-in layout, or one that a text file describes. */
public sealed interface RawLayout {

    /**
     * The v5 proxy's layout of its launch enclave: page 0 is the TCS, all others are read-write-execute, all measured, the SSA
     * frame is one page, and the size doubles from 4096 until the blob fits.
     */
    record V5Le() implements RawLayout {
        @Override
        public EnclaveImage apply(MemorySegment blob, ImageOptions options) throws ImageException {
            return RawReader.v5Le(new Input(blob), options);
        }
    }

    /**
     * A layout that was written down.
     *
     * @param size SECS.SIZE, 0 for the smallest that holds every range
     * @param ssaFrameSize SECS.SSAFRAMESIZE in pages
     * @param ranges in the order in which they are added
     */
    record Described(long size, int ssaFrameSize, List<Range> ranges) implements RawLayout {
        public Described {
            ranges = List.copyOf(ranges);
        }

        @Override
        public EnclaveImage apply(MemorySegment blob, ImageOptions options) throws ImageException {
            return RawReader.described(new Input(blob), this, options);
        }
    }

    /**
     * Pages that follow each other.
     *
     * @param offset of the first page
     * @param length in bytes, a multiple of 4096
     * @param flags SECINFO.FLAGS
     * @param measured which chunks of each page are measured, as in {@link EnclavePage}
     * @param blobOffset where in the blob the content begins, {@link #NO_CONTENT} for zeroes
     */
    record Range(long offset, long length, long flags, int measured, long blobOffset) {

        /** {@link #blobOffset} of pages of zeroes. */
        public static final long NO_CONTENT = -1;
    }

    /** The name of {@link V5Le} on a command line. */
    String V5_LE = "v5-le";

    /** The layout that a command line names: {@code v5-le}, or a file that describes one. */
    static RawLayout named(String nameOrFile) throws IOException, ImageException {
        return nameOrFile.equals(V5_LE) ? new V5Le() : read(Path.of(nameOrFile));
    }

    /** The layout that this file describes. */
    static RawLayout read(Path file) throws IOException, ImageException {
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        try {
            return parse(text);
        } catch (ImageException e) {
            throw e.in(file.toString());
        }
    }

    /** The layout that this text describes; docs/layout.md has the format. */
    static RawLayout parse(String text) throws ImageException {
        return RawLayoutParser.parse(text);
    }

    /** The image of a blob. */
    EnclaveImage apply(MemorySegment blob, ImageOptions options) throws ImageException;
}
