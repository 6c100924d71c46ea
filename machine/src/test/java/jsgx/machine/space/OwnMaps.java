package jsgx.machine.space;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What the kernel says of a range of the test's own address space. */
final class OwnMaps {

    /** A line of /proc/self/maps, cut to the range. */
    record Line(long start, long end, String permissions, long offset, boolean epc) {}

    private OwnMaps() {}

    static List<Line> lines(long start, long end) {
        List<Line> lines = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
                String[] fields = line.split(" +", 6);
                String[] range = fields[0].split("-", 2);
                long from = Long.parseUnsignedLong(range[0], 16);
                long to = Long.parseUnsignedLong(range[1], 16);
                if (from < end && to > start && to > 0) {
                    long cut = Math.max(0, start - from);
                    boolean epc = fields.length > 5 && fields[5].contains("-epc");
                    long offset = Long.parseLong(fields[2], 16) + (epc ? cut : 0);
                    lines.add(new Line(from + cut, Math.min(end, to), fields[1], offset, epc));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return lines;
    }

    /** For each page of a range: its permissions, and the EPC page behind it; a dash where nothing is mapped. */
    static List<String> pages(long start, int count) {
        List<Line> lines = lines(start, start + count * 4096L);
        List<String> pages = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long page = start + i * 4096L;
            pages.add(lines.stream()
                    .filter(line -> page >= line.start() && page < line.end())
                    .map(line -> line.epc()
                            ? line.permissions() + " " + ((line.offset() + page - line.start()) >>> 12)
                            : line.permissions())
                    .findFirst()
                    .orElse("-"));
        }
        return pages;
    }
}
