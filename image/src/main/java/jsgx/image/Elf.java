package jsgx.image;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jsgx.arch.struct.Layouts;

/**
 * A 64-bit little-endian x86-64 ELF file, as far as an enclave's loader looks at it. Everything that is read is checked
 * against the file's length first.
 *
 * @param type ET_EXEC or ET_DYN
 * @param segments the program headers in their order
 * @param sections the section headers in their order
 */
record Elf(Input input, int type, List<Segment> segments, List<Section> sections) {

    static final int MAGIC = 0x464c457f;

    static final int ET_DYN = 3;

    static final int PT_LOAD = 1;
    static final int PT_DYNAMIC = 2;

    static final int PF_X = 1;
    static final int PF_W = 2;
    static final int PF_R = 4;

    private static final int HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int SECTION_HEADER = 64;
    private static final int EM_X86_64 = 62;

    /** A program header, which lies at {@code origin} in the file. */
    record Segment(
            int type, int flags, long offset, long vaddr, long fileSize, long memorySize, long align, long origin) {}

    /** A section header, which lies at {@code origin} in the file. */
    record Section(String name, long address, long offset, long size, long origin) {}

    static Elf parse(Input input) throws ImageException {
        input.slice(0, HEADER, "the ELF header");
        expect(input, 4, 1, 2, "the ELF class", "64-bit, 02");
        expect(input, 5, 1, 1, "the ELF byte order", "little-endian, 01");
        expect(input, 6, 1, 1, "the ELF version", "01");
        expect(input, 18, 2, EM_X86_64, "the ELF machine", "x86-64, 3e 00");
        int type = input.u16(16, "e_type");
        return new Elf(input, type, segments(input), sections(input));
    }

    /** The first section of this name. */
    Optional<Section> section(String name) {
        return sections.stream().filter(s -> s.name().equals(name)).findFirst();
    }

    /** The first section that is loaded at this address. */
    Optional<Section> sectionAt(long address) {
        return sections.stream().filter(s -> s.address() == address).findFirst();
    }

    private static List<Segment> segments(Input input) throws ImageException {
        int count = input.u16(56, "e_phnum");
        if (count == 0) {
            return List.of();
        }
        expect(input, 54, 2, PROGRAM_HEADER, "the size of a program header", "56, 38 00");
        long table = input.u64(32, "e_phoff");
        List<Segment> segments = new ArrayList<>(count);
        input.slice(table, (long) count * PROGRAM_HEADER, "the program headers");
        for (int i = 0; i < count; i++) {
            long at = table + (long) i * PROGRAM_HEADER;
            MemorySegment header = input.slice(at, PROGRAM_HEADER, "a program header");
            segments.add(new Segment(
                    Layouts.u32(header, 0),
                    Layouts.u32(header, 4),
                    Layouts.u64(header, 8),
                    Layouts.u64(header, 16),
                    Layouts.u64(header, 32),
                    Layouts.u64(header, 40),
                    Layouts.u64(header, 48),
                    at));
        }
        return List.copyOf(segments);
    }

    private static List<Section> sections(Input input) throws ImageException {
        int count = input.u16(60, "e_shnum");
        if (count == 0) {
            return List.of();
        }
        expect(input, 58, 2, SECTION_HEADER, "the size of a section header", "64, 40 00");
        long table = input.u64(40, "e_shoff");
        input.slice(table, (long) count * SECTION_HEADER, "the section headers");
        int nameIndex = input.u16(62, "e_shstrndx");
        if (nameIndex >= count) {
            throw ImageException.at(62, "e_shstrndx", "less than the " + count + " sections", "" + nameIndex);
        }
        long names = table + (long) nameIndex * SECTION_HEADER;
        MemorySegment strings =
                input.slice(input.u64(names + 24, "sh_offset"), input.u64(names + 32, "sh_size"), "the section names");
        List<Section> sections = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long at = table + (long) i * SECTION_HEADER;
            MemorySegment header = input.slice(at, SECTION_HEADER, "a section header");
            sections.add(new Section(
                    name(strings, Layouts.u32(header, 0), at),
                    Layouts.u64(header, 16),
                    Layouts.u64(header, 24),
                    Layouts.u64(header, 32),
                    at));
        }
        return List.copyOf(sections);
    }

    private static String name(MemorySegment strings, int offset, long origin) throws ImageException {
        long from = Integer.toUnsignedLong(offset);
        long size = strings.byteSize();
        if (from >= size) {
            throw ImageException.at(origin, "a section's name", "an offset below " + size, "" + from);
        }
        // Names that matter are short; a hostile file has 65535 that overlap.
        long limit = Math.min(size, from + 64);
        long to = from;
        while (to < limit && strings.get(Layouts.U8, to) != 0) {
            to++;
        }
        return new String(strings.asSlice(from, to - from).toArray(Layouts.U8), StandardCharsets.ISO_8859_1);
    }

    private static void expect(Input input, long at, int length, int value, String what, String expected)
            throws ImageException {
        int found = length == 1 ? Layouts.u8(input.slice(at, 1, what), 0) : input.u16(at, what);
        if (found != value) {
            throw ImageException.at(at, what, expected, input.shown(at, length));
        }
    }
}
