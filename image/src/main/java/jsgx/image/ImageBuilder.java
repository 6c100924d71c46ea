package jsgx.image;

import static jsgx.image.Input.hex;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;

/** An image in the making; what all formats must keep to is checked here. */
final class ImageBuilder {

    /** The smallest SECS.SIZE that ECREATE takes. */
    static final long MIN_SIZE = 2 * EnclavePage.SIZE;

    private static final long RWX = Secinfo.R | Secinfo.W | Secinfo.X;
    private static final long MAX_SIZE = 1L << 62;

    private final EnclaveImage.Format format;
    private final int maxPages;
    private final List<Pages.Run> runs = new ArrayList<>();
    private long pages;

    ImageBuilder(EnclaveImage.Format format, ImageOptions options) {
        this.format = format;
        this.maxPages = options.maxPages();
    }

    /** Checks SECS.SIZE as a file at {@code origin} states it. */
    static void checkSize(long size, long origin) throws ImageException {
        if (Long.bitCount(size) != 1 || size < MIN_SIZE) {
            throw ImageException.at(
                    origin, "the enclave's size", "a power of two of at least 0x2000", "0x" + hex(size));
        }
    }

    /** Adds pages; zeroes where {@code content} is {@link EnclavePage#ZEROES}. */
    void add(long offset, long count, long flags, int measured, MemorySegment content, long origin)
            throws ImageException {
        if (offset % EnclavePage.SIZE != 0) {
            throw ImageException.at(origin, "a page's offset", "a multiple of 0x1000", "0x" + hex(offset));
        }
        checkFlags(flags, origin);
        if (count < 0 || count > maxPages - pages) {
            throw ImageException.at(
                    origin,
                    "too many pages",
                    "at most " + maxPages + " in all",
                    pages + " and " + Long.toUnsignedString(count) + " more");
        }
        if (offset < 0 || offset > MAX_SIZE - count * EnclavePage.SIZE) {
            throw ImageException.at(origin, "a page's offset", "an offset below 2^62", "0x" + hex(offset));
        }
        if (count == 0) {
            return;
        }
        pages += count;
        runs.add(new Pages.Run(offset, count, flags, measured, content.asReadOnly(), origin));
    }

    /** The smallest power of two, of those that ECREATE takes or not, that all pages added so far fit in. */
    long smallestSize() {
        long size = EnclavePage.SIZE;
        for (Pages.Run run : runs) {
            while (size < run.end()) {
                size <<= 1;
            }
        }
        return size;
    }

    EnclaveImage build(long size, int ssaFrameSize, MemorySegment signature, SecsHints hints) throws ImageException {
        if (runs.isEmpty()) {
            throw ImageException.of("the image", "at least one page", "none");
        }
        for (Pages.Run run : runs) {
            if (run.end() > size) {
                throw ImageException.at(
                        run.origin(),
                        "pages outside the enclave",
                        "offsets below its size 0x" + hex(size),
                        "0x" + hex(run.offset()) + " to 0x" + hex(run.end() - 1));
            }
        }
        checkOverlap();
        return new EnclaveImage(format, size, ssaFrameSize, new Pages(runs), signature, hints);
    }

    private void checkOverlap() throws ImageException {
        List<Pages.Run> sorted = runs.stream()
                .sorted(Comparator.comparingLong(Pages.Run::offset).thenComparingLong(Pages.Run::origin))
                .toList();
        for (int i = 1; i < sorted.size(); i++) {
            Pages.Run run = sorted.get(i);
            Pages.Run before = sorted.get(i - 1);
            if (run.offset() < before.end()) {
                throw ImageException.at(
                        run.origin(),
                        "page 0x" + hex(run.offset()) + " is added twice",
                        "each page once",
                        "the same page described at offset 0x" + hex(before.origin()) + " too");
            }
        }
    }

    /** EADD's rules for SECINFO.FLAGS. */
    private static void checkFlags(long flags, long origin) throws ImageException {
        PageType type = PageType.of((int) (flags >>> 8 & 0xff));
        boolean addable =
                type == PageType.REG || type == PageType.TCS || type == PageType.SS_FIRST || type == PageType.SS_REST;
        if (!addable || (flags & ~(RWX | 0xff00)) != 0) {
            throw ImageException.at(
                    origin, "a page's SECINFO flags", "a regular page or a TCS with permissions", "0x" + hex(flags));
        }
        if (type == PageType.TCS && (flags & RWX) != 0) {
            throw ImageException.at(origin, "a TCS's SECINFO flags", "no permissions, 0x100", "0x" + hex(flags));
        }
        if ((flags & Secinfo.W) != 0 && (flags & Secinfo.R) == 0) {
            throw ImageException.at(
                    origin, "a page's SECINFO flags", "readable where it is writable", "0x" + hex(flags));
        }
    }
}
