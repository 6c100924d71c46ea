package jsgx.image;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** An ELF file put together by hand: program headers, sections, and bytes at chosen offsets. */
final class ElfBytes {

    private record Segment(int type, int flags, long offset, long vaddr, long fileSize, long memorySize) {}

    private record Section(String name, long address, long offset, long size) {}

    private record Content(long offset, byte[] bytes) {}

    private final List<Segment> segments = new ArrayList<>();
    private final List<Section> sections = new ArrayList<>();
    private final List<Content> contents = new ArrayList<>();
    private int type = Elf.ET_DYN;
    private int length;

    ElfBytes type(int value) {
        type = value;
        return this;
    }

    /** Makes the file at least this long. */
    ElfBytes length(int bytes) {
        length = bytes;
        return this;
    }

    ElfBytes load(int flags, long offset, long vaddr, long fileSize, long memorySize) {
        return segment(Elf.PT_LOAD, flags, offset, vaddr, fileSize, memorySize);
    }

    ElfBytes segment(int kind, int flags, long offset, long vaddr, long fileSize, long memorySize) {
        segments.add(new Segment(kind, flags, offset, vaddr, fileSize, memorySize));
        return this;
    }

    ElfBytes section(String name, long address, long offset, long size) {
        sections.add(new Section(name, address, offset, size));
        return this;
    }

    ElfBytes content(long offset, byte[] bytes) {
        contents.add(new Content(offset, bytes));
        return this;
    }

    MemorySegment segment() {
        return MemorySegment.ofArray(bytes());
    }

    byte[] bytes() {
        StringBuilder names = new StringBuilder("\0");
        int end = Math.max(length, 64 + 56 * segments.size());
        for (Content content : contents) {
            end = Math.max(end, (int) content.offset() + content.bytes().length);
        }
        int namesAt = end;
        List<Integer> nameOffsets = new ArrayList<>();
        for (Section section : sections) {
            nameOffsets.add(names.length());
            names.append(section.name()).append('\0');
        }
        int table = namesAt + names.length();
        int count = sections.isEmpty() ? 0 : sections.size() + 1;
        ByteBuffer file =
                ByteBuffer.allocate(count == 0 ? end : table + 64 * count).order(ByteOrder.LITTLE_ENDIAN);
        file.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
        file.putShort(16, (short) type).putShort(18, (short) 62).putInt(20, 1);
        file.putLong(32, 64).putShort(52, (short) 64).putShort(54, (short) 56);
        file.putShort(56, (short) segments.size()).putShort(58, (short) 64);
        if (count > 0) {
            file.putLong(40, table).putShort(60, (short) count).putShort(62, (short) (count - 1));
        }
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            int at = 64 + 56 * i;
            file.putInt(at, segment.type()).putInt(at + 4, segment.flags());
            file.putLong(at + 8, segment.offset()).putLong(at + 16, segment.vaddr());
            file.putLong(at + 32, segment.fileSize()).putLong(at + 40, segment.memorySize());
            file.putLong(at + 48, 4096);
        }
        for (Content content : contents) {
            file.put((int) content.offset(), content.bytes());
        }
        if (count > 0) {
            file.put(namesAt, names.toString().getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < sections.size(); i++) {
                Section section = sections.get(i);
                header(file, table + 64 * i, nameOffsets.get(i), section.address(), section.offset(), section.size());
            }
            header(file, table + 64 * sections.size(), 0, 0, namesAt, names.length());
        }
        return file.array();
    }

    private static void header(ByteBuffer file, int at, int name, long address, long offset, long size) {
        file.putInt(at, name).putLong(at + 16, address).putLong(at + 24, offset).putLong(at + 32, size);
    }
}
