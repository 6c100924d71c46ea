package jsgx.image;

import static jsgx.image.Input.hex;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Tcs;

/**
 * Reads a shared object that the Intel SDK has signed, as the SDK's own loader does (psw/urts/loader.cpp).
 *
 * <p>First the patches, then the segments with everything measured, then the layout table: heap, and for each thread its
 * stack, TCS, SSA and TLS pages. Relocations are the running enclave's own work; before it is measured, nothing but the
 * patches changes the file, and pages that are to be relocated become writable.
 */
final class SdkReader {

    private static final int ADDED = 1;
    private static final int MEASURED = 2;

    /** More than any enclave has threads times kinds of pages for each: every TCS costs the reader a page. */
    private static final long MAX_REPEATED = 1 << 16;

    private final Elf elf;
    private final SdkMetadata metadata;
    private final ImageBuilder builder;
    private final long imageOffset;
    private final Input patched;

    /** Content that a group repeats for each thread. */
    private final Map<SdkMetadata.Entry, MemorySegment> contents = new HashMap<>();

    private SdkReader(Elf elf, SdkMetadata metadata, ImageOptions options) throws ImageException {
        this.elf = elf;
        this.metadata = metadata;
        builder = new ImageBuilder(EnclaveImage.Format.SDK, options);
        imageOffset = metadata.range().imageOffset();
        patched = patch();
    }

    static EnclaveImage read(Elf elf, Elf.Section section, ImageOptions options) throws ImageException {
        return read(elf, SdkMetadata.newest(elf.input(), section), options);
    }

    static EnclaveImage read(Elf elf, SdkMetadata metadata, ImageOptions options) throws ImageException {
        if (elf.type() != Elf.ET_DYN) {
            throw ImageException.at(
                    16, "the ELF type", "a shared object, 03 00", elf.input().shown(16, 2));
        }
        metadata.checkExtensions();
        return new SdkReader(elf, metadata, options).read();
    }

    private EnclaveImage read() throws ImageException {
        segments();
        List<SdkMetadata.Layout> layouts = metadata.layouts();
        for (int i = 0; i < layouts.size(); i++) {
            switch (layouts.get(i)) {
                case SdkMetadata.Entry entry -> context(entry, 0);
                case SdkMetadata.Group group -> group(layouts, i, group);
            }
        }
        return builder.build(metadata.range().size(), metadata.ssaFrameSize(), metadata.sigstruct(), metadata.hints());
    }

    private Input patch() throws ImageException {
        List<SdkMetadata.Patch> patches = metadata.patches();
        Input file = elf.input();
        MemorySegment copy =
                MemorySegment.ofArray(file.slice(0, file.size(), "the file").toArray(Layouts.U8));
        for (SdkMetadata.Patch patch : patches) {
            long size = patch.bytes().byteSize();
            if (patch.destination() < 0 || patch.destination() > file.size() - size) {
                throw ImageException.at(
                        patch.origin(),
                        "a patch's destination",
                        "a place in the file's " + file.size() + " bytes",
                        size + " bytes at 0x" + hex(patch.destination()));
            }
            MemorySegment.copy(patch.bytes(), 0, copy, patch.destination(), size);
        }
        return new Input(copy);
    }

    private void segments() throws ImageException {
        SdkRelocatedPages relocated = SdkRelocatedPages.of(elf);
        boolean padded = metadata.major() == 1 && metadata.minor() == 3;
        Elf.Segment highest = null;
        for (Elf.Segment segment : elf.segments()) {
            if (segment.type() != Elf.PT_LOAD) {
                continue;
            }
            check(segment);
            if (padded && highest != null) {
                padding(highest, pageOf(segment.vaddr()));
            }
            if (highest == null ? segment.vaddr() > 0 : segment.vaddr() > highest.vaddr()) {
                highest = segment;
            }
            region(segment, relocated);
        }
        if (padded && highest != null) {
            padding(highest, Long.MAX_VALUE);
        }
    }

    private static void check(Elf.Segment segment) throws ImageException {
        if ((segment.flags() & (Elf.PF_R | Elf.PF_W | Elf.PF_X)) == 0) {
            throw ImageException.at(segment.origin() + 4, "a segment's permissions", "any", "none");
        }
        long limit = 1L << 47;
        if (segment.vaddr() < 0
                || segment.vaddr() > limit
                || segment.memorySize() < 0
                || segment.memorySize() > limit
                || segment.fileSize() < 0
                || segment.fileSize() > segment.memorySize()) {
            throw ImageException.at(
                    segment.origin(),
                    "a segment's addresses",
                    "an end below 2^47 and no more bytes in the file than in memory",
                    "0x" + hex(segment.memorySize()) + " bytes at 0x" + hex(segment.vaddr()) + ", 0x"
                            + hex(segment.fileSize()) + " in the file");
        }
    }

    /** A segment: the pages with content from the file, then the pages of zeroes. */
    private void region(Elf.Segment segment, SdkRelocatedPages relocated) throws ImageException {
        long flags = EnclavePage.reg(permissions(segment));
        MemorySegment raw = patched.slice(segment.offset(), segment.fileSize(), "a segment");
        long size = raw.byteSize();
        long offset = 0;
        while (offset < size) {
            long at = segment.vaddr() + offset;
            long page = pageOf(at);
            long pageFlags = flags | relocated.flags(page);
            long length = Math.min(page + EnclavePage.SIZE - at, size - offset);
            if (length == EnclavePage.SIZE) {
                long rest = size - offset - (size - offset) % EnclavePage.SIZE;
                while (length < rest && (flags | relocated.flags(page + length)) == pageFlags) {
                    length += EnclavePage.SIZE;
                }
                add(page, length / EnclavePage.SIZE, pageFlags, true, raw.asSlice(offset, length), segment.origin());
            } else {
                add(page, 1, pageFlags, true, page(raw.asSlice(offset, length), at - page), segment.origin());
            }
            offset = Math.max(page + EnclavePage.SIZE, at + length) - segment.vaddr();
        }
        if (segment.memorySize() > offset) {
            long from = pageOf(segment.vaddr() + offset);
            long to = up(segment.vaddr() + segment.memorySize());
            add(from, (to - from) / EnclavePage.SIZE, flags, true, EnclavePage.ZEROES, segment.origin());
        }
    }

    /** A page with these bytes at {@code inPage} and zeroes around them. */
    private static MemorySegment page(MemorySegment bytes, long inPage) {
        MemorySegment page = MemorySegment.ofArray(new byte[EnclavePage.SIZE]);
        MemorySegment.copy(bytes, 0, page, inPage, bytes.byteSize());
        return page;
    }

    /**
     * The loader of SDK 1.5 rounded a segment's size up before it added the address, so that a segment which begins inside a
     * page got one page more; later loaders keep doing so for files of that time.
     */
    private void padding(Elf.Segment segment, long limit) throws ImageException {
        long end = up(segment.vaddr() + segment.memorySize());
        if (end < limit && end < up(up(segment.memorySize()) + segment.vaddr())) {
            add(end, 1, EnclavePage.reg(permissions(segment)), true, EnclavePage.ZEROES, segment.origin());
        }
    }

    private void group(List<SdkMetadata.Layout> layouts, int index, SdkMetadata.Group group) throws ImageException {
        boolean wellFormed = group.entries() <= index;
        for (int i = index - group.entries(); wellFormed && i < index; i++) {
            wellFormed = layouts.get(i) instanceof SdkMetadata.Entry;
        }
        if (!wellFormed) {
            throw ImageException.at(
                    group.origin(), "a group in the layout table", "entries before it", group.entries() + " lines");
        }
        if (group.times() * group.entries() > MAX_REPEATED) {
            throw ImageException.at(
                    group.origin(),
                    "how often a group is loaded",
                    "at most " + MAX_REPEATED + " entries in all",
                    group.times() + " times " + group.entries());
        }
        long step = group.step();
        if (group.times() > 0 && (step <= 0 || step > metadata.enclaveSize() / group.times())) {
            throw ImageException.at(
                    group.origin() + 8,
                    "a group's step",
                    "steps that end inside the enclave's 0x" + hex(metadata.enclaveSize()) + " bytes",
                    group.times() + " of 0x" + hex(step));
        }
        for (int time = 1; time <= group.times(); time++) {
            for (SdkMetadata.Layout layout : layouts.subList(index - group.entries(), index)) {
                context((SdkMetadata.Entry) layout, time * step);
            }
        }
    }

    /** Pages of the layout table. */
    private void context(SdkMetadata.Entry entry, long delta) throws ImageException {
        if ((entry.attributes() & ADDED) == 0) {
            return;
        }
        long size = metadata.enclaveSize();
        if (entry.offset() < 0 || entry.offset() > size || entry.pages() > size / EnclavePage.SIZE) {
            throw ImageException.at(
                    entry.origin(),
                    "an entry of the layout table",
                    "pages inside the enclave's 0x" + hex(size) + " bytes",
                    entry.pages() + " at 0x" + hex(entry.offset()));
        }
        long address = entry.offset() + delta;
        boolean measured = (entry.attributes() & MEASURED) != 0;
        if (entry.contentOffset() == 0) {
            if (entry.flags() != 0) {
                MemorySegment content = contents.computeIfAbsent(entry, e -> filler(e.contentSize()));
                add(address, entry.pages(), entry.flags(), measured, content, entry.origin());
            }
            return;
        }
        long length = Integer.toUnsignedLong(entry.contentSize());
        MemorySegment content = metadata.content(entry.contentOffset(), length, "an entry's content");
        if (entry.flags() == EnclavePage.TCS) {
            add(address, entry.pages(), entry.flags(), measured, tcs(content, address, entry), entry.origin());
            return;
        }
        // Pages with content are measured whatever the entry says.
        MemorySegment padded = contents.computeIfAbsent(entry, e -> padded(content));
        long filled = padded.byteSize() / EnclavePage.SIZE;
        add(address, filled, entry.flags(), true, padded, entry.origin());
        if (entry.pages() > filled) {
            long rest = address + padded.byteSize();
            add(rest, entry.pages() - filled, entry.flags(), true, EnclavePage.ZEROES, entry.origin());
        }
    }

    /** A TCS: its template has offsets from the TCS itself. */
    private static MemorySegment tcs(MemorySegment template, long address, SdkMetadata.Entry entry)
            throws ImageException {
        if (template.byteSize() > EnclavePage.SIZE) {
            throw ImageException.at(
                    entry.origin() + 16, "a TCS template", "at most 4096 bytes", template.byteSize() + " bytes");
        }
        MemorySegment content =
                MemorySegment.ofArray(new byte[EnclavePage.SIZE]).copyFrom(template);
        Tcs tcs = new Tcs(content);
        tcs.ossa(tcs.ossa() + address);
        tcs.ofsBase(tcs.ofsBase() + address);
        tcs.ogsBase(tcs.ogsBase() + address);
        return content;
    }

    private static MemorySegment padded(MemorySegment content) {
        return MemorySegment.ofArray(new byte[Math.toIntExact(up(content.byteSize()))])
                .copyFrom(content);
    }

    private static MemorySegment filler(int word) {
        if (word == 0) {
            return EnclavePage.ZEROES;
        }
        MemorySegment page = MemorySegment.ofArray(new byte[EnclavePage.SIZE]);
        for (long at = 0; at < EnclavePage.SIZE; at += Integer.BYTES) {
            Layouts.u32(page, at, word);
        }
        return page;
    }

    private void add(long address, long count, long flags, boolean measured, MemorySegment content, long origin)
            throws ImageException {
        int mask = measured ? EnclavePage.ALL : EnclavePage.NONE;
        builder.add(address + imageOffset, count, flags, mask, content, origin);
    }

    private static long permissions(Elf.Segment segment) {
        return EnclavePage.rwx(
                (segment.flags() & Elf.PF_R) != 0,
                (segment.flags() & Elf.PF_W) != 0,
                (segment.flags() & Elf.PF_X) != 0);
    }

    private static long pageOf(long address) {
        return address & -EnclavePage.SIZE;
    }

    private static long up(long address) {
        return pageOf(address + EnclavePage.SIZE - 1);
    }
}
