package jsgx.machine.program;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import jsgx.driver.AddressSpace;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.sgx.SgxMapping;

/** /proc/PID/maps and smaps as a kernel with the devices would write them: the kernel's text, with what jsgx has in the address space taken out. */
final class MapsText {

    /** Where the kernel puts the name. */
    private static final int NAME_COLUMN = 73;

    private static final String OWN = "/memfd:jsgx";
    private static final String VDSO = "[vdso]";

    /** A range with its header line, and in smaps the lines below it. */
    private record Area(long start, long end, String rest, String body) {

        /** The same for part of the range. */
        Area part(long from, long to) {
            return new Area(from, to, rest, body);
        }

        String text() {
            return range(start, end) + rest + "\n" + body;
        }
    }

    private MapsText() {}

    /**
     * The text that the program sees.
     *
     * @param kernel what the kernel wrote
     * @param mappings of devices, lowest first
     */
    static String of(String kernel, List<SgxMapping> mappings) {
        boolean smaps = kernel.contains("\nSize:");
        List<Area> areas = new ArrayList<>();
        for (Area area : parse(kernel)) {
            if (area.rest().contains(OWN) || area.rest().endsWith(VDSO)) {
                continue;
            }
            add(areas, area, mappings);
        }
        for (SgxMapping mapping : mappings) {
            areas.add(device(mapping, smaps));
        }
        areas.add(new Area(
                CodeLayout.CODE,
                CodeLayout.CODE + CodeLayout.CODE_SIZE,
                pad(" r-xp 00000000 00:00 0", CodeLayout.CODE, CodeLayout.CODE + CodeLayout.CODE_SIZE) + VDSO,
                smaps ? body(CodeLayout.CODE_SIZE, "rd ex mr mw me de") : ""));
        areas.sort((one, other) -> Long.compareUnsigned(one.start(), other.start()));
        StringBuilder text = new StringBuilder();
        areas.forEach(area -> text.append(area.text()));
        return text.toString();
    }

    /** Adds what of an area is neither a device's nor jsgx's. */
    private static void add(List<Area> areas, Area area, List<SgxMapping> mappings) {
        List<long[]> holes = new ArrayList<>();
        mappings.forEach(mapping -> holes.add(new long[] {mapping.start(), mapping.end()}));
        holes.add(new long[] {CodeLayout.CODE, CodeLayout.PROCESS_PAGES + CodeLayout.PROCESS_PAGES_SIZE});
        holes.sort(Comparator.comparingLong(hole -> hole[0]));
        long from = area.start();
        for (long[] hole : holes) {
            if (Long.compareUnsigned(hole[1], from) > 0 && Long.compareUnsigned(hole[0], area.end()) < 0) {
                if (Long.compareUnsigned(from, hole[0]) < 0) {
                    areas.add(area.part(from, hole[0]));
                }
                from = hole[1];
            }
        }
        if (Long.compareUnsigned(from, area.end()) < 0) {
            areas.add(area.part(from, area.end()));
        }
    }

    private static Area device(SgxMapping mapping, boolean smaps) {
        int protection = mapping.protection();
        String permissions = ((protection & AddressSpace.PROT_READ) != 0 ? "r" : "-")
                + ((protection & AddressSpace.PROT_WRITE) != 0 ? "w" : "-")
                + ((protection & AddressSpace.PROT_EXEC) != 0 ? "x" : "-");
        String path = mapping.path();
        String rest = String.format(Locale.ROOT, " %ss %08x 00:05 %d", permissions, mapping.offset(), inode(path));
        String flags = permissions
                        .replace("r", "rd ")
                        .replace("w", "wr ")
                        .replace("x", "ex ")
                        .replace("-", "") + "sh mr mw me ms pf io de dd";
        return new Area(
                mapping.start(),
                mapping.end(),
                pad(rest, mapping.start(), mapping.end()) + path,
                smaps ? body(mapping.end() - mapping.start(), flags) : "");
    }

    private static int inode(String path) {
        return 1000 + (path.hashCode() & 0xff);
    }

    private static String body(long bytes, String flags) {
        return String.format(Locale.ROOT, """
                Size:           %8d kB
                KernelPageSize:        4 kB
                MMUPageSize:           4 kB
                Rss:                   0 kB
                Pss:                   0 kB
                VmFlags: %s
                """, bytes >>> 10, flags);
    }

    private static String pad(String rest, long start, long end) {
        int length = range(start, end).length() + rest.length();
        return rest + " ".repeat(Math.max(1, NAME_COLUMN - length));
    }

    private static String range(long start, long end) {
        return String.format(Locale.ROOT, "%08x-%08x", start, end);
    }

    private static List<Area> parse(String text) {
        List<Area> areas = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            int space = line.indexOf(' ');
            int dash = line.indexOf('-');
            if (dash > 0 && dash < space && isHex(line, 0, dash) && isHex(line, dash + 1, space)) {
                areas.add(new Area(
                        Long.parseUnsignedLong(line, 0, dash, 16),
                        Long.parseUnsignedLong(line, dash + 1, space, 16),
                        line.substring(space),
                        ""));
            } else if (!line.isEmpty() && !areas.isEmpty()) {
                Area last = areas.removeLast();
                areas.add(new Area(last.start(), last.end(), last.rest(), last.body() + line + "\n"));
            }
        }
        return areas;
    }

    private static boolean isHex(String line, int from, int to) {
        return line.substring(from, to).chars().allMatch(c -> Character.digit(c, 16) >= 0);
    }
}
