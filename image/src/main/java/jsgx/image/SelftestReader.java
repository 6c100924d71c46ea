package jsgx.image;

import static jsgx.image.Input.hex;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Reads the enclave of the kernel's SGX selftest as its own loader does (tools/testing/selftests/sgx, load.c).
 *
 * <p>That loader goes by file offsets, not by addresses: each PT_LOAD segment becomes the whole pages of the file that it
 * touches, whatever else lies in them, at its offset from the first segment, which is the TCS pages. All are measured. Behind
 * the last comes a heap of zeroes that is not.
 */
final class SelftestReader {

    private static final int SSA_FRAME_SIZE = 1;

    private SelftestReader() {}

    /** Whether the first segment of an ELF file is what that loader takes for TCS pages. */
    static boolean recognizes(Elf elf) {
        List<Elf.Segment> loads = loads(elf);
        return !loads.isEmpty() && loads.getFirst().flags() == (Elf.PF_R | Elf.PF_W);
    }

    static EnclaveImage read(Elf elf, ImageOptions options) throws ImageException {
        ImageBuilder builder = new ImageBuilder(EnclaveImage.Format.SELFTEST, options);
        List<Elf.Segment> loads = loads(elf);
        Elf.Segment tcs = loads.getFirst();
        long base = pageOf(tcs.offset());
        long end = add(builder, elf.input(), tcs, base, EnclavePage.TCS, options);
        for (Elf.Segment segment : loads.subList(1, loads.size())) {
            end = add(builder, elf.input(), segment, base, EnclavePage.reg(permissions(segment)), options);
        }
        long heap = options.selftestHeap();
        if (heap < 0 || heap % EnclavePage.SIZE != 0) {
            throw ImageException.of("the selftest's heap", "a multiple of 4096 bytes", heap + " bytes");
        }
        builder.add(
                end,
                heap / EnclavePage.SIZE,
                EnclavePage.reg(EnclavePage.RW),
                EnclavePage.NONE,
                EnclavePage.ZEROES,
                loads.getLast().origin());
        long size = builder.smallestSize();
        ImageBuilder.checkSize(size, tcs.origin());
        return builder.build(size, SSA_FRAME_SIZE, EnclaveImage.UNSIGNED, SecsHints.NONE);
    }

    /** Adds a segment's pages and tells the offset behind them. */
    private static long add(
            ImageBuilder builder, Input input, Elf.Segment segment, long base, long flags, ImageOptions options)
            throws ImageException {
        if ((segment.flags() & ~(Elf.PF_R | Elf.PF_W | Elf.PF_X)) != 0) {
            throw ImageException.at(
                    segment.origin() + 4, "a segment's flags", "bits of 0x7", "0x" + hex(segment.flags()));
        }
        long start = pageOf(segment.offset());
        if (base < 0 || start < base) {
            throw ImageException.at(
                    segment.origin() + 8,
                    "a segment's place in the file",
                    "none before the first segment's, the TCS's, at 0x" + hex(base),
                    "0x" + hex(segment.offset()));
        }
        long size = pageOf(segment.fileSize() + EnclavePage.SIZE - 1);
        if (size < 0 || size / EnclavePage.SIZE > options.maxPages()) {
            throw ImageException.at(
                    segment.origin() + 32,
                    "a segment's size",
                    "at most " + options.maxPages() + " pages",
                    "0x" + hex(segment.fileSize()) + " bytes");
        }
        MemorySegment content = content(input, start, size);
        builder.add(start - base, size / EnclavePage.SIZE, flags, EnclavePage.ALL, content, segment.origin());
        return start - base + size;
    }

    private static List<Elf.Segment> loads(Elf elf) {
        return elf.segments().stream().filter(s -> s.type() == Elf.PT_LOAD).toList();
    }

    /** The pages of the mapped file: its last page is filled up with zeroes, behind that there is none. */
    private static MemorySegment content(Input input, long start, long size) throws ImageException {
        long mapped = pageOf(input.size() + EnclavePage.SIZE - 1);
        if (start > mapped - size) {
            input.slice(start, size, "a segment");
        }
        if (start + size <= input.size()) {
            return input.slice(start, size, "a segment");
        }
        MemorySegment copy = MemorySegment.ofArray(new byte[Math.toIntExact(size)]);
        MemorySegment rest = input.slice(start, input.size() - start, "a segment");
        return copy.copyFrom(rest);
    }

    private static long permissions(Elf.Segment segment) {
        return EnclavePage.rwx(
                (segment.flags() & Elf.PF_R) != 0,
                (segment.flags() & Elf.PF_W) != 0,
                (segment.flags() & Elf.PF_X) != 0);
    }

    private static long pageOf(long offset) {
        return offset & -EnclavePage.SIZE;
    }
}
