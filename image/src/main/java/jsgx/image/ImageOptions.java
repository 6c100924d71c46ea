package jsgx.image;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a reader is told besides the file: a raw blob's layout, what the file leaves open, and limits. */
public final class ImageOptions {

    /** Nothing but the file; 16 Mi pages, 64 GiB, are the limit. */
    public static final ImageOptions DEFAULT = new ImageOptions(null, 0, EnclavePage.SIZE, 1 << 24);

    private final @Nullable RawLayout layout;
    private final long size;
    private final long selftestHeap;
    private final int maxPages;

    private ImageOptions(@Nullable RawLayout layout, long size, long selftestHeap, int maxPages) {
        this.layout = layout;
        this.size = size;
        this.selftestHeap = selftestHeap;
        this.maxPages = maxPages;
    }

    /** The file is a raw blob of this layout. */
    public ImageOptions withLayout(RawLayout raw) {
        return new ImageOptions(raw, size, selftestHeap, maxPages);
    }

    /** SECS.SIZE for a file that leaves it open: an SGXS stream that begins with UNSIZED. */
    public ImageOptions withSize(long bytes) {
        return new ImageOptions(layout, bytes, selftestHeap, maxPages);
    }

    /** Bytes of heap that the selftest's loader adds behind the file's segments; it takes 4096 for most of its tests. */
    public ImageOptions withSelftestHeap(long bytes) {
        return new ImageOptions(layout, size, bytes, maxPages);
    }

    /** How many pages an image may have. */
    public ImageOptions withMaxPages(int pages) {
        return new ImageOptions(layout, size, selftestHeap, pages);
    }

    /** The layout of a raw blob. */
    public Optional<RawLayout> layout() {
        return Optional.ofNullable(layout);
    }

    /** SECS.SIZE for a file that leaves it open; 0 for the smallest that fits. */
    public long size() {
        return size;
    }

    /** Bytes of heap that the selftest's loader adds. */
    public long selftestHeap() {
        return selftestHeap;
    }

    /** How many pages an image may have. */
    public int maxPages() {
        return maxPages;
    }
}
