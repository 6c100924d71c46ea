package jsgx.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import jsgx.arch.struct.Secinfo;

/** Reads the text that describes a raw blob's layout: one statement a line, words between blanks, # to the end of a line. */
final class RawLayoutParser {

    private static final String RANGE =
            "range OFFSET LENGTH tcs|r--|rw-|r-x|rwx|--- measured|unmeasured|0xMASK" + " [at BLOBOFFSET | zero]";
    private static final int MAX_LINES = 1 << 16;

    private long size = -1;
    private int ssaFrameSize = -1;
    private final List<RawLayout.Range> ranges = new ArrayList<>();
    private int line;

    private RawLayoutParser() {}

    static RawLayout parse(String text) throws ImageException {
        RawLayoutParser parser = new RawLayoutParser();
        for (String line : text.lines().limit(MAX_LINES).toList()) {
            parser.line++;
            int comment = line.indexOf('#');
            String statement = (comment < 0 ? line : line.substring(0, comment)).strip();
            if (!statement.isEmpty()) {
                parser.statement(List.of(statement.split("\\s+", -1)));
            }
        }
        return parser.finish();
    }

    private RawLayout finish() throws ImageException {
        if (size < 0 || ssaFrameSize < 0 || ranges.isEmpty()) {
            throw ImageException.of(
                    "a layout",
                    "\"size\", \"ssa-frame-size\" and at least one \"range\"",
                    "none of \"" + (size < 0 ? "size" : ssaFrameSize < 0 ? "ssa-frame-size" : "range") + "\"");
        }
        return new RawLayout.Described(size, ssaFrameSize, ranges);
    }

    private void statement(List<String> words) throws ImageException {
        switch (words.getFirst()) {
            case "size" -> {
                arguments(words, Set.of(2), "size BYTES|auto");
                size = words.get(1).equals("auto") ? 0 : enclaveSize(words.get(1));
            }
            case "ssa-frame-size" -> {
                arguments(words, Set.of(2), "ssa-frame-size PAGES");
                long pages = number(words.get(1));
                if (pages < 1 || pages > 0xffff) {
                    throw wrong("1 to 65535 pages", words.get(1));
                }
                ssaFrameSize = (int) pages;
            }
            case "range" -> {
                arguments(words, Set.of(5, 6, 7), RANGE);
                ranges.add(range(words));
            }
            default -> throw wrong("\"size\", \"ssa-frame-size\" or \"range\"", words.getFirst());
        }
    }

    private RawLayout.Range range(List<String> words) throws ImageException {
        long offset = pages(words.get(1));
        long length = pages(words.get(2));
        if (length == 0) {
            throw wrong("a length of at least one page", words.get(2));
        }
        long content = offset;
        if (words.size() == 6 && words.get(5).equals("zero")) {
            content = RawLayout.Range.NO_CONTENT;
        } else if (words.size() == 7 && words.get(5).equals("at")) {
            content = number(words.get(6));
        } else if (words.size() > 5) {
            throw wrong("\"zero\" or \"at BLOBOFFSET\"", String.join(" ", words.subList(5, words.size())));
        }
        return new RawLayout.Range(offset, length, flags(words.get(3)), mask(words.get(4)), content);
    }

    private long flags(String word) throws ImageException {
        if (word.equals("tcs")) {
            return EnclavePage.TCS;
        }
        boolean rwx = word.length() == 3
                && "r-".indexOf(word.charAt(0)) >= 0
                && "w-".indexOf(word.charAt(1)) >= 0
                && "x-".indexOf(word.charAt(2)) >= 0;
        if (!rwx || word.startsWith("-w")) {
            throw wrong("\"tcs\" or permissions such as \"r-x\" or \"rw-\"", word);
        }
        long permissions = (word.charAt(0) == 'r' ? Secinfo.R : 0)
                | (word.charAt(1) == 'w' ? Secinfo.W : 0)
                | (word.charAt(2) == 'x' ? Secinfo.X : 0);
        return EnclavePage.reg(permissions);
    }

    private int mask(String word) throws ImageException {
        if (word.equals("measured")) {
            return EnclavePage.ALL;
        }
        if (word.equals("unmeasured")) {
            return EnclavePage.NONE;
        }
        long mask = word.startsWith("0x") ? number(word) : -1;
        if (mask < 0 || mask > EnclavePage.ALL) {
            throw wrong("\"measured\", \"unmeasured\" or a mask of 16 chunks such as 0x00ff", word);
        }
        return (int) mask;
    }

    private long enclaveSize(String word) throws ImageException {
        long bytes = number(word);
        if (bytes < ImageBuilder.MIN_SIZE || Long.bitCount(bytes) != 1) {
            throw wrong("a power of two of at least 0x2000, or \"auto\"", word);
        }
        return bytes;
    }

    private long pages(String word) throws ImageException {
        long bytes = number(word);
        if (bytes % EnclavePage.SIZE != 0) {
            throw wrong("a multiple of 0x1000", word);
        }
        return bytes;
    }

    private long number(String word) throws ImageException {
        try {
            long value = word.startsWith("0x") ? Long.parseLong(word.substring(2), 16) : Long.parseLong(word);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw wrong("a number such as 4096 or 0x1000", word);
        }
        throw wrong("a number that is not negative", word);
    }

    private void arguments(List<String> words, Set<Integer> counts, String form) throws ImageException {
        if (!counts.contains(words.size())) {
            throw wrong(form, String.join(" ", words));
        }
    }

    private ImageException wrong(String expected, String found) {
        String shown = found.length() > 60 ? found.substring(0, 60) + "…" : found;
        return ImageException.of("line " + line + " of the layout", expected, "\"" + shown + "\"");
    }
}
