package jsgx.arch.epc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The enclave page cache: the sections of physical memory that CPUID.(EAX=12H,ECX>=2) lists. Pages are numbered from 0
 * through all sections in their order; that number is a page's index everywhere in jsgx. The content may lie in ordinary
 * memory or in memory shared with a running program.
 */
public final class Epc {

    /** log2 of {@link #PAGE_SIZE}. */
    public static final int PAGE_SHIFT = 12;

    /** Bytes in a page. */
    public static final int PAGE_SIZE = 1 << PAGE_SHIFT;

    /**
     * Where an EPC section lies, as CPUID tells it.
     *
     * @param physicalBase its first physical address
     * @param bytes its size, a multiple of 4096
     */
    public record Range(long physicalBase, long bytes) {
        public int pages() {
            return Math.toIntExact(bytes >>> PAGE_SHIFT);
        }
    }

    /**
     * One EPC section.
     *
     * @param physicalBase its first physical address, page-aligned
     * @param memory its content, a multiple of 4096 bytes
     */
    public record Section(long physicalBase, MemorySegment memory) {
        public Section {
            if ((physicalBase & (PAGE_SIZE - 1)) != 0) {
                throw new IllegalArgumentException(
                        "EPC section at 0x%x: the base must be page-aligned".formatted(physicalBase));
            }
            if (memory.byteSize() == 0 || memory.byteSize() % PAGE_SIZE != 0) {
                throw new IllegalArgumentException("EPC section of %d bytes: the size must be a positive multiple of %d"
                        .formatted(memory.byteSize(), PAGE_SIZE));
            }
            if (memory.maxByteAlignment() < Long.BYTES) {
                throw new IllegalArgumentException(
                        "EPC section: its memory must be aligned to 8 bytes, as the locked access to TCS.STATE needs");
            }
        }

        public int pages() {
            return range().pages();
        }

        /** Where it lies. */
        public Range range() {
            return new Range(physicalBase, memory.byteSize());
        }
    }

    private final List<Section> sections;
    private final int[] firstPage;
    private final int pages;
    private final MemorySegment first;
    private final int firstPages;

    public Epc(List<Section> sections) {
        if (sections.isEmpty()) {
            throw new IllegalArgumentException("an EPC has at least one section");
        }
        this.sections = List.copyOf(sections);
        this.firstPage = new int[sections.size()];
        long count = 0;
        for (int i = 0; i < firstPage.length; i++) {
            firstPage[i] = (int) count;
            count += this.sections.get(i).pages();
        }
        this.pages = Math.toIntExact(count);
        this.first = this.sections.getFirst().memory();
        this.firstPages = this.sections.getFirst().pages();
    }

    /** An EPC in this process's own memory with sections of the given sizes in bytes, as a real machine places them. */
    public static Epc allocate(long... sectionBytes) {
        List<Section> sections = new ArrayList<>();
        for (Range range : ranges(Arrays.stream(sectionBytes).boxed().toList())) {
            sections.add(new Section(range.physicalBase(), Arena.ofAuto().allocate(range.bytes(), PAGE_SIZE)));
        }
        return new Epc(sections);
    }

    /** Where a real machine places sections of the given sizes in bytes. */
    public static List<Range> ranges(List<Long> sectionBytes) {
        List<Range> ranges = new ArrayList<>();
        long base = 0x8020_0000L;
        for (long bytes : sectionBytes) {
            ranges.add(new Range(base, bytes));
            base += Math.max(1L << 30, Long.highestOneBit(bytes) << 1);
        }
        return ranges;
    }

    public List<Section> sections() {
        return sections;
    }

    /** Where all sections lie. */
    public List<Range> ranges() {
        return sections.stream().map(Section::range).toList();
    }

    /** How many pages all sections have. */
    public int pages() {
        return pages;
    }

    /** The 4096 bytes of a page. What is read here is what the processor sees, not what software outside sees. */
    public MemorySegment page(int page) {
        if (page < firstPages) {
            return first.asSlice((long) page << PAGE_SHIFT, PAGE_SIZE);
        }
        int section = sectionOf(page);
        return sections.get(section).memory().asSlice((long) (page - firstPage[section]) << PAGE_SHIFT, PAGE_SIZE);
    }

    /** The physical address of a page. */
    public long physicalAddress(int page) {
        int section = sectionOf(page);
        return sections.get(section).physicalBase() + ((long) (page - firstPage[section]) << PAGE_SHIFT);
    }

    private int sectionOf(int page) {
        Objects.checkIndex(page, pages);
        int section = firstPage.length - 1;
        while (firstPage[section] > page) {
            section--;
        }
        return section;
    }
}
