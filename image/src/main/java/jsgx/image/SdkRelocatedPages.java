package jsgx.image;

import static jsgx.image.Input.hex;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import jsgx.arch.struct.Secinfo;

/** The pages that a shared object with text relocations will write to, which the SDK's loader therefore adds as writable. */
final class SdkRelocatedPages {

    /** No page is relocated. */
    static final SdkRelocatedPages NONE = new SdkRelocatedPages();

    private static final long DT_PLTRELSZ = 2;
    private static final long DT_RELA = 7;
    private static final long DT_RELASZ = 8;
    private static final long DT_TEXTREL = 22;
    private static final long DT_JMPREL = 23;

    private static final int DYNAMIC_ENTRY = 16;
    private static final int RELA_ENTRY = 24;
    private static final int R_X86_64_NONE = 0;

    private final Set<Long> pages = new HashSet<>();

    private SdkRelocatedPages() {}

    static SdkRelocatedPages of(Elf elf) throws ImageException {
        Map<Long, Long> dynamic = dynamic(elf);
        if (!dynamic.containsKey(DT_TEXTREL)) {
            return NONE;
        }
        SdkRelocatedPages relocated = new SdkRelocatedPages();
        relocated.table(elf, dynamic, DT_RELA, DT_RELASZ);
        relocated.table(elf, dynamic, DT_JMPREL, DT_PLTRELSZ);
        return relocated;
    }

    /** What these pages have in SECINFO.FLAGS besides the segment's permissions. */
    long flags(long page) {
        return pages.contains(page) ? Secinfo.W : 0;
    }

    private static Map<Long, Long> dynamic(Elf elf) throws ImageException {
        Map<Long, Long> dynamic = new HashMap<>();
        for (Elf.Segment segment : elf.segments()) {
            if (segment.type() == Elf.PT_DYNAMIC) {
                Input input = elf.input();
                input.slice(segment.offset(), segment.fileSize(), "the dynamic segment");
                for (long i = 0; i + DYNAMIC_ENTRY <= segment.fileSize(); i += DYNAMIC_ENTRY) {
                    long tag = input.u64(segment.offset() + i, "a dynamic entry");
                    if (tag == 0) {
                        break;
                    }
                    dynamic.put(tag, input.u64(segment.offset() + i + 8, "a dynamic entry"));
                }
                break;
            }
        }
        return dynamic;
    }

    private void table(Elf elf, Map<Long, Long> dynamic, long addressTag, long sizeTag) throws ImageException {
        Long address = dynamic.get(addressTag);
        if (address == null) {
            return;
        }
        long size = dynamic.getOrDefault(sizeTag, 0L);
        Elf.Section section = elf.sectionAt(address)
                .orElseThrow(() -> ImageException.of(
                        "the relocations", "a section at address 0x" + hex(address), "none at that address"));
        Input input = elf.input();
        input.slice(section.offset(), size, "the relocations");
        for (long at = section.offset(); at + RELA_ENTRY <= section.offset() + size; at += RELA_ENTRY) {
            if (input.u32(at + 8, "a relocation's type") != R_X86_64_NONE) {
                long target = input.u64(at, "a relocation's offset");
                pages.add(target & -EnclavePage.SIZE);
                pages.add(target + Long.BYTES - 1 & -EnclavePage.SIZE);
            }
        }
    }
}
