package jsgx.study.run;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the cells of a study came to, perhaps kept in a file: the plan in its first line, then a line for each cell that has finished, in any order; in that of the cells once all
 * have. A line is whole or not there: what a process left that died while it wrote is dropped when the study goes on.
 */
public final class Cells implements Closeable {

    /** The name of the file in a study's folder. */
    public static final String FILE = "cells.jsonl";

    /** In UTF-8 at most. */
    private static final int BYTES_OF_CHARACTER = 3;

    private final Plan plan;
    private final TreeMap<Integer, CellResult> results = new TreeMap<>();
    /** For each workload and seed the first cell that ran its trace. */
    private final Map<Integer, CellResult> traces = new HashMap<>();

    private final @Nullable Path file;
    private @Nullable FileChannel channel;

    private Cells(Plan plan, @Nullable Path file) {
        this.plan = plan;
        this.file = file;
    }

    /** None yet, and kept in memory only. */
    public static Cells inMemory(Plan plan) {
        return new Cells(plan, null);
    }

    /**
     * Those of a study that is run into a folder: what an earlier run of the same plan finished there is taken over.
     *
     * @throws StudyException where the folder belongs to another study or to a run that goes on, or has something else under that name
     */
    public static Cells in(Path folder, Plan plan) throws StudyException, IOException {
        Files.createDirectories(folder);
        Path file = folder.resolve(FILE);
        // What is written must be here, and not where somebody's link leads.
        CellReader.checkFile(file, LinkOption.NOFOLLOW_LINKS);
        boolean before = Files.exists(file);
        Cells cells = new Cells(plan, file);
        FileChannel channel = FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
        cells.channel = channel;
        boolean opened = false;
        try {
            if (!lock(channel)) {
                throw new StudyException(file + ": another run of jsgx study writes here");
            }
            long whole = channel.size() == 0 ? 0 : cells.takeOver(file);
            channel.truncate(whole).position(whole);
            if (whole == 0) {
                cells.append(plan.line());
            }
            opened = true;
            return cells;
        } finally {
            if (!opened) {
                channel.close();
                if (!before) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private static boolean lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /** Takes over what a file has of the same plan; returns where its last whole line ends. */
    private long takeOver(Path from) throws StudyException, IOException {
        CellReader reader = new CellReader(from);
        Cells read = reader.read();
        if (read == null) {
            // A run that was killed before it had written its plan.
            return 0;
        }
        if (!read.plan.line().equals(plan.line())) {
            throw new StudyException("%s: of another study (%s): choose another folder, or the same parameters"
                    .formatted(from, plan.difference(read.plan)));
        }
        results.putAll(read.results);
        traces.putAll(read.traces);
        return reader.whole();
    }

    /**
     * Those in a folder, or in a file.
     *
     * @throws StudyException where it is no file of cells, or ends within a line
     */
    public static Cells read(Path path) throws StudyException, IOException {
        Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
        CellReader reader = new CellReader(file);
        Cells cells = reader.read();
        if (cells == null || reader.truncated()) {
            throw new StudyException(
                    "%s: ends within line %s: run the same study with the same --out again, which finishes it"
                            .formatted(file, reader.lines() + 1));
        }
        return cells;
    }

    /**
     * The plan of a study that was begun in a folder, to go on with.
     *
     * @return null where none was
     */
    public static @Nullable Plan begunIn(Path folder) throws StudyException, IOException {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return null;
        }
        Cells cells = new CellReader(file).read();
        return cells == null ? null : cells.plan;
    }

    public Plan plan() {
        return plan;
    }

    /** Whether a cell has finished. */
    public synchronized boolean has(int index) {
        return results.containsKey(index);
    }

    /** What has finished, in the order of the cells. */
    public synchronized List<CellResult> results() {
        return List.copyOf(results.values());
    }

    /** Whether every cell of the plan has finished. */
    public synchronized boolean complete() {
        return results.size() == plan.size();
    }

    /** The first of the cells that have not finished, for people. */
    public synchronized List<String> missing(int most) {
        List<String> missing = new ArrayList<>();
        for (int i = 0; i < plan.size() && missing.size() < most; i++) {
            if (!results.containsKey(i)) {
                missing.add(plan.describe(i));
            }
        }
        return missing;
    }

    /** Keeps a result. */
    synchronized void add(CellResult result) throws StudyException {
        String line = result.line();
        if (line.length() > CellReader.LONGEST_LINE / BYTES_OF_CHARACTER) {
            throw new StudyException("workload %s has more applications and machines than a file of cells can have"
                    .formatted(result.workload()));
        }
        put(result);
        if (channel != null) {
            append(line);
        }
    }

    /** Keeps a result in memory. */
    void put(CellResult result) throws StudyException {
        Cell cell = result.cell();
        int trace = cell.index() / plan.designs().size();
        CellResult first = traces.putIfAbsent(trace, result);
        if (first != null && !first.trace().equals(result.trace())) {
            traces.remove(trace, result);
            throw new StudyException(
                    "cell %s ran another trace than cell %s: their workloads were made by other versions of jsgx"
                            .formatted(
                                    plan.describe(cell.index()),
                                    plan.describe(first.cell().index())));
        }
        results.put(cell.index(), result);
    }

    private void append(String line) throws StudyException {
        FileChannel out = channel;
        if (out == null) {
            throw new IllegalStateException("closed");
        }
        try {
            long before = out.position();
            ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
            boolean whole = false;
            try {
                while (bytes.hasRemaining()) {
                    out.write(bytes);
                }
                whole = true;
            } finally {
                if (!whole) {
                    out.truncate(before).position(before);
                }
            }
        } catch (IOException e) {
            throw new StudyException(
                    "%s: not written: %s; what was finished before is kept: the same again goes on from there"
                            .formatted(file, e.getMessage()));
        }
    }

    /** Makes all of the file one that depends on nothing but the plan: its lines in the order of the cells. */
    synchronized void sort() throws StudyException, IOException {
        if (file != null) {
            write(file);
        }
    }

    /** Writes all of it into a new folder. */
    void writeInto(Path folder) throws StudyException, IOException {
        Path out = folder.resolve(FILE);
        if (Files.exists(out)) {
            throw new StudyException(out + ": there is a study already: choose another folder");
        }
        Files.createDirectories(folder);
        write(out);
    }

    private void write(Path out) throws StudyException, IOException {
        Path temporary = out.resolveSibling("." + FILE + ".tmp");
        try {
            try (FileChannel to = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS)) {
                write(to, plan.line());
                for (CellResult result : results.values()) {
                    write(to, result.line());
                }
                to.force(true);
            }
            Files.move(temporary, out, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new StudyException("%s: not written: %s".formatted(out, e.getMessage()));
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void write(FileChannel to, String line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            to.write(bytes);
        }
    }

    /** Adds those of another file of the same study. */
    void join(Cells other, Path from, Map<Integer, Path> origins) throws StudyException {
        for (CellResult result : other.results()) {
            int index = result.cell().index();
            Path earlier = origins.putIfAbsent(index, from);
            if (earlier != null) {
                throw new StudyException("cell %s is in %s and in %s: give each shard once"
                        .formatted(plan.describe(index), earlier, from));
            }
            put(result);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }
}
