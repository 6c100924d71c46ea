package jsgx.study.run;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** One pass over a file of cells, which anybody may have written. */
final class CellReader {

    /** Bytes of the longest line, without its end. */
    static final int LONGEST_LINE = 1 << 26;

    private final Path file;
    private int lines;
    private long whole;
    private boolean truncated;

    CellReader(Path file) {
        this.file = file;
    }

    /** How many whole lines there are. */
    int lines() {
        return lines;
    }

    /** Where the last whole line ends. */
    long whole() {
        return whole;
    }

    /** Whether there is something behind it. */
    boolean truncated() {
        return truncated;
    }

    /**
     * What the whole lines say; null where not even the first is whole.
     *
     * @throws StudyException with the line that is not of a study's cells
     */
    @Nullable
    Cells read() throws StudyException, IOException {
        checkFile(file);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            return read(in);
        }
    }

    /** Nothing else than a file can be gone through from its beginning to its end, and ends. */
    static void checkFile(Path file, LinkOption... options) throws StudyException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(file, options)) {
            throw new StudyException("%s: %s: expected the file of a study's cells"
                    .formatted(
                            file,
                            Files.isSymbolicLink(file)
                                    ? "a symbolic link"
                                    : Files.isDirectory(file) ? "a folder" : "something other than a file"));
        }
    }

    /** The same of a stream in the file's place; left open. */
    @Nullable
    Cells read(InputStream in) throws StudyException, IOException {
        try {
            String first = line(in);
            if (first.isEmpty()) {
                if (truncated) {
                    return null;
                }
                throw new StudyException("an empty file: expected the cells of a study");
            }
            Cells cells = Cells.inMemory(Plan.of(first));
            for (String line = line(in); !line.isEmpty(); line = line(in)) {
                CellResult result = CellResult.of(line, cells.plan());
                int index = result.cell().index();
                if (cells.has(index)) {
                    throw new StudyException(
                            "cell %s is there twice".formatted(cells.plan().describe(index)));
                }
                cells.put(result);
            }
            return cells;
        } catch (StudyException e) {
            throw new StudyException("%s: line %s: %s".formatted(file, Math.max(lines, 1), e.getMessage()));
        }
    }

    /** The next whole line; empty at the end, or where the rest is no whole line. */
    private String line(InputStream in) throws StudyException, IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                truncated = bytes.size() > 0;
                return "";
            }
            bytes.write(b);
            if (bytes.size() > LONGEST_LINE) {
                lines++;
                throw new StudyException("longer than %s bytes".formatted(LONGEST_LINE));
            }
        }
        lines++;
        if (bytes.size() == 0) {
            throw new StudyException("an empty line");
        }
        whole += bytes.size() + 1;
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new StudyException("no UTF-8");
        }
    }
}
