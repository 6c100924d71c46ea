package jsgx.study.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jsgx.launch.file.FileLayer;
import org.jspecify.annotations.Nullable;

/** The disk of one workload: files in memory, for one thread, that fail at nothing. */
final class MemoryFiles implements FileLayer {

    private static final int SMALLEST = 1 << 10;

    private static final Mutex ALONE = new Mutex() {
        @Override
        public void acquire() {}

        @Override
        public void release() {}

        @Override
        public void close() {}
    };

    private final Map<Path, Node> names = new HashMap<>();

    /** A file, whatever its name. */
    private static final class Node implements OpenFile {

        private byte[] bytes = new byte[SMALLEST];
        private int size;

        @Override
        public Object key() {
            return this;
        }

        @Override
        public void read(long at, ByteBuffer into) {
            int count = Math.clamp(size - at, 0, into.remaining());
            into.put(bytes, (int) Math.min(at, size), count);
        }

        @Override
        public void write(long at, ByteBuffer from) throws IOException {
            int count = from.remaining();
            resize(Math.max(size, Math.addExact(at, count)));
            from.get(bytes, (int) at, count);
        }

        @Override
        public void truncate(long to) throws IOException {
            resize(to);
        }

        private void resize(long to) throws IOException {
            if (to > Integer.MAX_VALUE - Long.BYTES) {
                throw new IOException("a file in memory has at most 2 GiB, not " + to + " bytes");
            }
            if (to > bytes.length) {
                bytes = Arrays.copyOf(
                        bytes, (int) Math.min(Math.max(to, bytes.length * 3L / 2), Integer.MAX_VALUE - 8));
            }
            if (to < size) {
                Arrays.fill(bytes, (int) to, size, (byte) 0);
            }
            size = (int) to;
        }

        @Override
        public void force() {}

        @Override
        public void close() {}
    }

    @Override
    public Optional<Stat> stat(Path file) {
        Node node = names.get(file);
        return node == null ? Optional.empty() : Optional.of(new Stat(node, node.size));
    }

    @Override
    public OpenFile open(Path file, boolean writable) throws IOException {
        return there(file, names.get(file));
    }

    @Override
    public OpenFile create(Path file) throws IOException {
        Node node = new Node();
        if (names.putIfAbsent(file, node) != null) {
            throw new FileAlreadyExistsException(file.toString());
        }
        return node;
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        names.put(to, there(from, names.remove(from)));
    }

    @Override
    public void remove(Path file) {
        names.remove(file);
    }

    @Override
    public void ensureFolder(Path folder) {}

    @Override
    public List<String> list(Path folder) {
        return names.keySet().stream()
                .filter(path -> folder.equals(path.getParent()))
                .map(path -> String.valueOf(path.getFileName()))
                .sorted()
                .toList();
    }

    @Override
    public void syncFolder(Path folder) {}

    @Override
    public Mutex mutex(Path lockFile) {
        return ALONE;
    }

    private static Node there(Path file, @Nullable Node node) throws NoSuchFileException {
        if (node == null) {
            throw new NoSuchFileException(file.toString());
        }
        return node;
    }
}
