package jsgx.image;

import static jsgx.image.Input.hex;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;

/**
 * What the Intel SDK's sign tool writes into a shared object: the SIGSTRUCT, and how the loader lays the enclave out. Packed,
 * little-endian (common/inc/internal/metadata.h).
 *
 * <p>The section has several of them behind each other, of different versions for loaders of different age. All describe
 * the same measured enclave. A major version above 10 says that the enclave's range of addresses is wider than its image.
 *
 * @param input the bytes of this metadata alone
 * @param origin where they lie in the file
 */
record SdkMetadata(Input input, long origin) {

    static final String SECTION = ".note.sgxmeta";

    private static final long MAGIC = 0x86A80294635D0E4CL;
    private static final byte[] NOTE_NAME = "sgx_metadata\0".getBytes(StandardCharsets.US_ASCII);
    private static final int NOTE_HEADER = 12;

    private static final int VERSION = 8;
    private static final int TOTAL_SIZE = 16;
    private static final int SSA_FRAME_SIZE = 24;
    private static final int DESIRED_MISC_SELECT = 32;
    private static final int ENCLAVE_SIZE = 40;
    private static final int ATTRIBUTES = 48;
    private static final int SIGSTRUCT = 64;
    private static final int DIRECTORIES = SIGSTRUCT + Sigstruct.SIZE;
    private static final int DIRECTORY = 8;
    private static final int FIXED = DIRECTORIES + 2 * DIRECTORY;

    private static final int DIR_PATCH = 0;
    private static final int DIR_LAYOUT = 1;
    private static final int DIR_ELRANGE = 2;
    private static final int DIR_EXTEND = 3;

    private static final int PATCH = 32;
    private static final int LAYOUT = 32;
    private static final int EXTENSION = 16;
    private static final int GROUP_FLAG = 1 << 12;

    /** Major versions with a range of addresses of their own are this much higher. */
    private static final int ELRANGE_GAP = 10;

    private static final int SHARED_OBJECT = 0x1002;

    /** Bytes of the metadata that replace bytes of the file before anything is loaded. */
    record Patch(long destination, MemorySegment bytes, long origin) {}

    /** A line of the layout table. */
    sealed interface Layout {}

    /**
     * Pages of one kind.
     *
     * @param attributes bit 0 added, bit 1 measured
     * @param contentSize bytes of content, or where there is none the 32-bit word that fills every page
     * @param contentOffset where in the metadata the content is; 0 for none
     */
    record Entry(int attributes, long pages, long offset, int contentSize, long contentOffset, long flags, long origin)
            implements Layout {}

    /** The {@code entries} lines before this one, loaded {@code times} times again, each {@code step} bytes further. */
    record Group(int entries, long times, long step, long origin) implements Layout {}

    /**
     * Where the enclave's addresses are.
     *
     * @param size SECS.SIZE
     * @param imageOffset of the image from SECS.BASEADDR
     */
    record Range(long size, long imageOffset) {}

    /** The metadata of the highest version in the section. */
    static SdkMetadata newest(Input file, Elf.Section section) throws ImageException {
        List<SdkMetadata> all = all(file, section);
        SdkMetadata newest = all.getFirst();
        for (SdkMetadata metadata : all) {
            if (Long.compareUnsigned(metadata.version(), newest.version()) > 0) {
                newest = metadata;
            }
        }
        return newest;
    }

    /** All metadata of the section, at least one. */
    static List<SdkMetadata> all(Input file, Elf.Section section) throws ImageException {
        long at = section.offset();
        MemorySegment header = file.slice(at, NOTE_HEADER + NOTE_NAME.length, "the note in " + SECTION);
        long name = Layouts.u32(header, 0);
        MemorySegment expected = MemorySegment.ofArray(NOTE_NAME);
        if (name != NOTE_NAME.length || header.asSlice(NOTE_HEADER).mismatch(expected) >= 0) {
            throw ImageException.at(
                    at, "the note in " + SECTION, "the name \"sgx_metadata\"", file.shown(at, (int) header.byteSize()));
        }
        long size = Integer.toUnsignedLong(Layouts.u32(header, 4));
        long from = at + header.byteSize();
        file.slice(from, size, "the metadata");
        List<SdkMetadata> all = new ArrayList<>();
        long end = from + size;
        while (end - from >= FIXED && file.u64(from, "the metadata's magic") == MAGIC) {
            SdkMetadata metadata = at(file, from, end);
            all.add(metadata);
            from += metadata.input.size();
        }
        if (all.isEmpty()) {
            throw ImageException.at(
                    from,
                    "the metadata, which sgx_sign writes",
                    "the magic 4c 0e 5d 63 94 02 a8 86 and " + FIXED + " bytes",
                    file.shown(from, Long.BYTES) + " and " + size + " bytes");
        }
        return all;
    }

    private static SdkMetadata at(Input file, long from, long end) throws ImageException {
        long size = Integer.toUnsignedLong(file.u32(from + TOTAL_SIZE, "the metadata's size"));
        if (size < FIXED || size > end - from) {
            throw ImageException.at(
                    from + TOTAL_SIZE, "the metadata's size", FIXED + " to " + (end - from) + " bytes", "" + size);
        }
        SdkMetadata metadata = new SdkMetadata(new Input(file.slice(from, size, "the metadata")), from);
        int major = metadata.major() % ELRANGE_GAP;
        if (major < 1 || major > 3 || metadata.major() > 2 * ELRANGE_GAP) {
            throw ImageException.at(
                    from + VERSION, "the metadata's version", "1, 2 or 3, or 10 more", "" + metadata.major());
        }
        return metadata;
    }

    long version() throws ImageException {
        return input.u64(VERSION, "the version");
    }

    int major() throws ImageException {
        return (int) (version() >>> 32 & 0x7fffffff);
    }

    int minor() throws ImageException {
        return (int) version();
    }

    int ssaFrameSize() throws ImageException {
        int pages = input.u32(SSA_FRAME_SIZE, "the SSA frame size");
        if (pages < 1 || pages > 4) {
            throw ImageException.at(
                    origin + SSA_FRAME_SIZE, "the SSA frame size", "1 to 4 pages", Integer.toUnsignedString(pages));
        }
        return pages;
    }

    SecsHints hints() throws ImageException {
        MemorySegment attributes = input.slice(ATTRIBUTES, Attributes.SIZE, "the attributes");
        return SecsHints.of(Attributes.at(attributes, 0), input.u32(DESIRED_MISC_SELECT, "the wanted MISCSELECT"));
    }

    MemorySegment sigstruct() throws ImageException {
        return input.slice(SIGSTRUCT, Sigstruct.SIZE, "the SIGSTRUCT");
    }

    /** The size of the image, which is SECS.SIZE where {@link #range} does not say more. */
    long enclaveSize() throws ImageException {
        long size = input.u64(ENCLAVE_SIZE, "the enclave's size");
        ImageBuilder.checkSize(size, origin + ENCLAVE_SIZE);
        return size;
    }

    Range range() throws ImageException {
        long size = enclaveSize();
        if (major() <= ELRANGE_GAP) {
            return new Range(size, 0);
        }
        MemorySegment entry = directory(DIR_ELRANGE);
        long at = origin + DIRECTORIES + DIR_ELRANGE * DIRECTORY;
        if (entry.byteSize() != 3 * Long.BYTES) {
            throw ImageException.at(at, "the size of the address range's entry", "24", "" + entry.byteSize());
        }
        long image = Layouts.u64(entry, 0);
        long start = Layouts.u64(entry, 8);
        long all = Layouts.u64(entry, 16);
        ImageBuilder.checkSize(all, at);
        boolean aligned = (start & (all - 1)) == 0 && image % EnclavePage.SIZE == 0;
        if (!aligned || image < start || start < 0 || image - start > all - size) {
            throw ImageException.at(
                    at,
                    "the enclave's range of addresses",
                    "a multiple of its size that holds the image of 0x" + hex(size) + " bytes",
                    "0x" + hex(all) + " bytes at 0x" + hex(start) + ", the image at 0x" + hex(image));
        }
        return new Range(all, image - start);
    }

    List<Patch> patches() throws ImageException {
        MemorySegment table = directory(DIR_PATCH);
        long from = directoryOrigin(DIR_PATCH);
        List<Patch> patches = new ArrayList<>();
        for (long at = 0; at + PATCH <= table.byteSize(); at += PATCH) {
            long size = Integer.toUnsignedLong(Layouts.u32(table, at + 12));
            long source = Integer.toUnsignedLong(Layouts.u32(table, at + 8));
            patches.add(new Patch(Layouts.u64(table, at), content(source, size, "a patch"), from + at));
        }
        return patches;
    }

    List<Layout> layouts() throws ImageException {
        MemorySegment table = directory(DIR_LAYOUT);
        long from = directoryOrigin(DIR_LAYOUT);
        List<Layout> layouts = new ArrayList<>();
        for (long at = 0; at + LAYOUT <= table.byteSize(); at += LAYOUT) {
            boolean group = (Layouts.u16(table, at) & GROUP_FLAG) != 0;
            layouts.add(
                    group
                            ? new Group(
                                    Layouts.u16(table, at + 2),
                                    Integer.toUnsignedLong(Layouts.u32(table, at + 4)),
                                    Layouts.u64(table, at + 8),
                                    from + at)
                            : new Entry(
                                    Layouts.u16(table, at + 2),
                                    Integer.toUnsignedLong(Layouts.u32(table, at + 4)),
                                    Layouts.u64(table, at + 8),
                                    Layouts.u32(table, at + 16),
                                    Integer.toUnsignedLong(Layouts.u32(table, at + 20)),
                                    Layouts.u64(table, at + 24),
                                    from + at));
        }
        return layouts;
    }

    /** Bytes of the metadata. */
    MemorySegment content(long offset, long size, String what) throws ImageException {
        if (offset > input.size() || size > input.size() - offset) {
            throw ImageException.of(
                    what + " in the metadata at offset 0x" + hex(origin),
                    "a place in its " + input.size() + " bytes",
                    size + " bytes at 0x" + hex(offset));
        }
        return input.slice(offset, size, what);
    }

    /** Refuses what is not supported: a second shared object inside the first. */
    void checkExtensions() throws ImageException {
        boolean supported = switch (major() % ELRANGE_GAP) {
            case 1 -> minor() >= 5;
            case 3 -> minor() >= 2;
            default -> false;
        };
        if (!supported) {
            return;
        }
        MemorySegment table = directory(DIR_EXTEND);
        for (long at = 0; at + EXTENSION <= table.byteSize(); at += EXTENSION) {
            if (Layouts.u32(table, at) == SHARED_OBJECT) {
                throw ImageException.at(
                        directoryOrigin(DIR_EXTEND) + at,
                        "an extension of the metadata",
                        "none, or a FIPS signature",
                        "0x1002, a FIPS provider inside the file, which jsgx cannot load");
            }
        }
    }

    private MemorySegment directory(int index) throws ImageException {
        long at = DIRECTORIES + (long) index * DIRECTORY;
        long offset = Integer.toUnsignedLong(input.u32(at, "a directory of the metadata"));
        long size = Integer.toUnsignedLong(input.u32(at + 4, "a directory of the metadata"));
        return content(offset, size, "a table");
    }

    private long directoryOrigin(int index) throws ImageException {
        return origin + Integer.toUnsignedLong(input.u32(DIRECTORIES + (long) index * DIRECTORY, "a directory"));
    }
}
