package jsgx.image;

import java.lang.foreign.MemorySegment;
import jsgx.arch.struct.Secinfo;

/** Makes an image of a blob by a layout that was stated beside it. */
final class RawReader {

    private RawReader() {}

    static EnclaveImage v5Le(Input blob, ImageOptions options) throws ImageException {
        ImageBuilder builder = new ImageBuilder(EnclaveImage.Format.RAW, options);
        long pages = pagesOf(blob.size());
        add(builder, blob, new RawLayout.Range(0, EnclavePage.SIZE, EnclavePage.TCS, EnclavePage.ALL, 0));
        long rest = Math.max(0, pages - 1) * EnclavePage.SIZE;
        long rwx = EnclavePage.reg(Secinfo.R | Secinfo.W | Secinfo.X);
        add(builder, blob, new RawLayout.Range(EnclavePage.SIZE, rest, rwx, EnclavePage.ALL, EnclavePage.SIZE));
        return build(builder, builder.smallestSize(), 1);
    }

    static EnclaveImage described(Input blob, RawLayout.Described layout, ImageOptions options) throws ImageException {
        ImageBuilder builder = new ImageBuilder(EnclaveImage.Format.RAW, options);
        for (RawLayout.Range range : layout.ranges()) {
            add(builder, blob, range);
        }
        long size = layout.size() == 0 ? Math.max(builder.smallestSize(), ImageBuilder.MIN_SIZE) : layout.size();
        return build(builder, size, layout.ssaFrameSize());
    }

    private static EnclaveImage build(ImageBuilder builder, long size, int ssaFrameSize) throws ImageException {
        ImageBuilder.checkSize(size, 0);
        return builder.build(size, ssaFrameSize, EnclaveImage.UNSIGNED, SecsHints.NONE);
    }

    private static void add(ImageBuilder builder, Input blob, RawLayout.Range range) throws ImageException {
        long pages = range.length() / EnclavePage.SIZE;
        boolean zero = range.blobOffset() == RawLayout.Range.NO_CONTENT;
        if (range.length() <= 0 && !zero) {
            return;
        }
        MemorySegment content = zero ? EnclavePage.ZEROES : content(blob, range.blobOffset(), range.length());
        long origin = zero ? 0 : range.blobOffset();
        builder.add(range.offset(), pages, range.flags(), range.measured(), content, origin);
    }

    /** Bytes of the blob, whose last page is filled up with zeroes. */
    private static MemorySegment content(Input blob, long offset, long length) throws ImageException {
        long missing = length - (blob.size() - offset);
        if (missing <= 0 || missing >= EnclavePage.SIZE || offset < 0 || offset >= blob.size()) {
            return blob.slice(offset, length, "a range of the layout");
        }
        MemorySegment present = blob.slice(offset, length - missing, "a range of the layout");
        return MemorySegment.ofArray(new byte[Math.toIntExact(length)]).copyFrom(present);
    }

    private static long pagesOf(long bytes) {
        return (bytes + EnclavePage.SIZE - 1) / EnclavePage.SIZE;
    }
}
