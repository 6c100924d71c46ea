package jsgx.image;

import static jsgx.image.Input.hex;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import jsgx.arch.struct.Layouts;

/**
 * Reads an SGXS stream.
 *
 * <p>Pages may come in any order, since the order is part of the measurement, but each only once; the chunks of a page follow
 * its EADD. Measured chunks must ascend, because every driver measures a page that way.
 */
final class SgxsReader {

    /** A page whose chunks are still being read. */
    private static final class OpenPage {
        final long origin;
        final long offset;
        final long flags;
        MemorySegment content = EnclavePage.ZEROES;
        int seen;
        int measured;

        OpenPage(long origin, long offset, long flags) {
            this.origin = origin;
            this.offset = offset;
            this.flags = flags;
        }

        /** The content, no longer that of all zero pages. */
        MemorySegment writable() {
            if (content.isReadOnly()) {
                content = MemorySegment.ofArray(new byte[EnclavePage.SIZE]);
            }
            return content;
        }
    }

    private static final MemorySegment NO_BYTES = EnclavePage.ZEROES.asSlice(0, Sgxs.RECORD);
    private static final int SIZE_FIELD = 12;

    private final Input input;
    private final ImageOptions options;
    private final List<OpenPage> pages = new ArrayList<>();

    private SgxsReader(Input input, ImageOptions options) {
        this.input = input;
        this.options = options;
    }

    /** Whether a file that begins with these 8 bytes is an SGXS stream. */
    static boolean recognizes(long magic) {
        return magic == Sgxs.ECREATE || magic == Sgxs.UNSIZED;
    }

    static EnclaveImage read(Input input, ImageOptions options) throws ImageException {
        return new SgxsReader(input, options).read();
    }

    private EnclaveImage read() throws ImageException {
        MemorySegment first = input.slice(0, Sgxs.RECORD, "the first record");
        boolean sized = Layouts.u64(first, 0) == Sgxs.ECREATE;
        int ssaFrameSize = Layouts.u32(first, 8);
        long sizeField = Layouts.u64(first, SIZE_FIELD);
        checkReserved(first, 20, 0);
        if (ssaFrameSize <= 0) {
            throw ImageException.at(8, "SSAFRAMESIZE", "at least 1 page", Integer.toUnsignedString(ssaFrameSize));
        }
        if (sized) {
            ImageBuilder.checkSize(sizeField, SIZE_FIELD);
        }
        readRecords();

        long size = sized ? sizeField : settleSize(sizeField);
        ImageBuilder builder = new ImageBuilder(EnclaveImage.Format.SGXS, options);
        for (OpenPage page : pages) {
            builder.add(page.offset, 1, page.flags, page.measured, page.content, page.origin);
        }
        return builder.build(size, ssaFrameSize, EnclaveImage.UNSIGNED, SecsHints.NONE);
    }

    private void readRecords() throws ImageException {
        long at = Sgxs.RECORD;
        while (at < input.size()) {
            MemorySegment record = input.slice(at, Sgxs.RECORD, "a record");
            long tag = Layouts.u64(record, 0);
            if (tag == Sgxs.EADD) {
                eadd(record, at);
                at += Sgxs.RECORD;
            } else if (tag == Sgxs.EEXTEND || tag == Sgxs.UNMEASRD) {
                chunk(record, at, tag == Sgxs.EEXTEND);
                at += Sgxs.RECORD + Sgxs.CHUNK;
            } else if (recognizes(tag)) {
                throw ImageException.at(at, "a second ECREATE or UNSIZED record", "one, at offset 0", "another");
            } else {
                throw ImageException.at(
                        at, "a record's tag", "\"EADD\", \"EEXTEND\" or \"UNMEASRD\"", input.shown(at, Long.BYTES));
            }
        }
    }

    private void eadd(MemorySegment record, long at) throws ImageException {
        checkReserved(record, 24, at);
        if (pages.size() == options.maxPages()) {
            throw ImageException.at(at, "too many pages", "at most " + options.maxPages() + " in all", "one more");
        }
        pages.add(new OpenPage(at, Layouts.u64(record, 8), Layouts.u64(record, 16)));
    }

    private void chunk(MemorySegment record, long at, boolean measured) throws ImageException {
        checkReserved(record, 16, at);
        if (pages.isEmpty()) {
            throw ImageException.at(at, "a chunk before any page", "an EADD record", input.shown(at, Long.BYTES));
        }
        OpenPage page = pages.getLast();
        long offset = Layouts.u64(record, 8);
        long inPage = offset - page.offset;
        if (inPage < 0 || inPage >= EnclavePage.SIZE || inPage % Sgxs.CHUNK != 0) {
            throw ImageException.at(
                    at + 8,
                    "a chunk's offset",
                    "a multiple of 0x100 in the page added last, 0x" + hex(page.offset),
                    "0x" + hex(offset));
        }
        int bit = 1 << (inPage / Sgxs.CHUNK);
        if ((page.seen & bit) != 0) {
            throw ImageException.at(at + 8, "a chunk's offset", "each chunk once", "0x" + hex(offset) + " again");
        }
        if (measured && page.measured > bit) {
            throw ImageException.at(
                    at + 8,
                    "a measured chunk's offset",
                    "ascending offsets in a page, as drivers measure",
                    "0x" + hex(offset) + " after a higher one");
        }
        page.seen |= bit;
        page.measured |= measured ? bit : 0;
        MemorySegment data = input.slice(at + Sgxs.RECORD, Sgxs.CHUNK, "a chunk's data");
        if (MemorySegment.mismatch(data, 0, Sgxs.CHUNK, EnclavePage.ZEROES, 0, Sgxs.CHUNK) >= 0) {
            MemorySegment.copy(data, 0, page.writable(), inPage, Sgxs.CHUNK);
        }
    }

    /** An unsized stream's size, written to where the stream wants it. */
    private long settleSize(long sizeOffset) throws ImageException {
        long size = options.size() == 0 ? ImageBuilder.MIN_SIZE : options.size();
        if (options.size() == 0) {
            for (OpenPage page : pages) {
                while (size <= page.offset && size > 0) {
                    size <<= 1;
                }
            }
        }
        ImageBuilder.checkSize(size, SIZE_FIELD);
        for (OpenPage page : pages) {
            long inPage = sizeOffset - page.offset;
            if (inPage >= 0 && inPage <= EnclavePage.SIZE - Long.BYTES) {
                Layouts.u64(page.writable(), inPage, size);
                return size;
            }
        }
        throw ImageException.at(
                SIZE_FIELD, "the place for the size", "8 bytes in one of the pages", "0x" + hex(sizeOffset));
    }

    private void checkReserved(MemorySegment record, int from, long at) throws ImageException {
        long mismatch = MemorySegment.mismatch(record, from, Sgxs.RECORD, NO_BYTES, from, Sgxs.RECORD);
        if (mismatch >= 0) {
            long place = at + from + mismatch;
            throw ImageException.at(place, "a record's reserved bytes", "00", input.shown(place, 1));
        }
    }
}
