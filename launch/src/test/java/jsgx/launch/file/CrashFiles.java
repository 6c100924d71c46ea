package jsgx.launch.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * Files in memory that keep a record of all that was done to them, of which {@link CrashStates} makes whatever a crash could leave. Each
 * operation can be made to fail.
 */
public final class CrashFiles implements FileLayer {

    /** What was done. */
    public sealed interface Operation {

        /** An operation on the content of one file. */
        sealed interface Content extends Operation {
            Node node();
        }

        /** An operation on names. */
        sealed interface Names extends Operation {}

        record Write(Node node, long at, byte[] bytes) implements Content {}

        record Truncate(Node node, long size) implements Content {}

        record Create(Path path, Node node) implements Names {}

        record Rename(Path from, Path to, Node node) implements Names {}

        record Remove(Path path) implements Names {}

        /** A sync of a file; it covers the operations before the index at which it began. */
        record Force(Node node, int began) implements Operation {}

        /** A sync of all names. */
        record SyncFolder(int began) implements Operation {}

        /** What the test notes: that something was acknowledged, for one. */
        record Mark(Object note) implements Operation {}
    }

    /** A file, whatever its name. */
    public static final class Node {
        private final byte[] first;
        private byte[] bytes;
        private int size;

        Node(byte[] first) {
            this.first = first.clone();
            this.bytes = first.clone();
            this.size = first.length;
        }

        /** The file as it was before any operation. */
        Node atFirst() {
            return new Node(first);
        }

        byte[] bytes() {
            return Arrays.copyOf(bytes, size);
        }

        int size() {
            return size;
        }

        void write(long at, byte[] from) {
            resize(Math.max(size, at + from.length));
            System.arraycopy(from, 0, bytes, (int) at, from.length);
        }

        void resize(long to) {
            if (to > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max((int) to, 2 * bytes.length));
            }
            Arrays.fill(bytes, (int) Math.min(size, to), (int) Math.max(size, to), (byte) 0);
            size = (int) to;
        }
    }

    private final Map<Path, Node> names = new HashMap<>();
    private final Map<Path, Node> first = new HashMap<>();
    private final List<Operation> operations = new ArrayList<>();
    private final Map<Path, ReentrantLock> locks = new ConcurrentHashMap<>();
    private Predicate<Operation> failing = operation -> false;

    /** No files. */
    public CrashFiles() {}

    /** These files, durable. */
    CrashFiles(Map<Path, byte[]> content) {
        content.forEach((path, bytes) -> {
            Node node = new Node(bytes);
            names.put(path, node);
            first.put(path, node);
        });
    }

    /** From now on these operations fail; a write that does is half done. */
    public synchronized void failWhere(Predicate<Operation> which) {
        failing = which;
    }

    /** Notes something at this place of the record. */
    public synchronized void mark(Object note) {
        operations.add(new Operation.Mark(note));
    }

    /** What was done so far. */
    public synchronized List<Operation> operations() {
        return List.copyOf(operations);
    }

    /** What lay here at first. */
    synchronized Map<Path, Node> first() {
        return Map.copyOf(first);
    }

    /** What a file has in it. */
    public synchronized byte[] content(Path file) {
        Node node = names.get(file);
        if (node == null) {
            throw new IllegalArgumentException("no file " + file);
        }
        return node.bytes();
    }

    /** Puts a file there, as something else than these files' user would. */
    public synchronized void put(Path file, byte[] content) {
        names.put(file, new Node(content));
    }

    /** Changes a file under its user's hands. */
    public synchronized void change(Path file, byte[] content) {
        Node node = names.get(file);
        if (node == null) {
            throw new IllegalArgumentException("no file " + file);
        }
        node.resize(0);
        node.write(0, content);
    }

    private void did(Operation operation) throws IOException {
        if (failing.test(operation)) {
            throw new IOException("Input/output error");
        }
        operations.add(operation);
    }

    private final class Open implements OpenFile {
        private final Node node;

        Open(Node node) {
            this.node = node;
        }

        @Override
        public Object key() {
            return node;
        }

        @Override
        public void read(long at, ByteBuffer into) {
            synchronized (CrashFiles.this) {
                int count = Math.clamp(node.size - at, 0, into.remaining());
                into.put(node.bytes, (int) Math.min(at, node.size), count);
            }
        }

        @Override
        public void write(long at, ByteBuffer from) throws IOException {
            byte[] bytes = new byte[from.remaining()];
            from.get(bytes);
            synchronized (CrashFiles.this) {
                Operation.Write whole = new Operation.Write(node, at, bytes);
                if (failing.test(whole)) {
                    byte[] half = Arrays.copyOf(bytes, bytes.length / 2);
                    node.write(at, half);
                    operations.add(new Operation.Write(node, at, half));
                    throw new IOException("No space left on device");
                }
                did(whole);
                node.write(at, bytes);
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            synchronized (CrashFiles.this) {
                did(new Operation.Truncate(node, size));
                node.resize(size);
            }
        }

        @Override
        public void force() throws IOException {
            int began;
            synchronized (CrashFiles.this) {
                began = operations.size();
            }
            LockSupport.parkNanos(1); // Others go on meanwhile.
            synchronized (CrashFiles.this) {
                did(new Operation.Force(node, began));
            }
        }

        @Override
        public void close() {}
    }

    @Override
    public synchronized Optional<Stat> stat(Path file) {
        return Optional.ofNullable(names.get(file)).map(node -> new Stat(node, node.size));
    }

    @Override
    public synchronized OpenFile open(Path file, boolean writable) throws IOException {
        Node node = names.get(file);
        if (node == null) {
            throw new NoSuchFileException(file.toString());
        }
        return new Open(node);
    }

    @Override
    public synchronized OpenFile create(Path file) throws IOException {
        if (names.containsKey(file)) {
            throw new FileAlreadyExistsException(file.toString());
        }
        Node node = new Node(new byte[0]);
        did(new Operation.Create(file, node));
        names.put(file, node);
        return new Open(node);
    }

    @Override
    public synchronized void rename(Path from, Path to) throws IOException {
        Node node = names.get(from);
        if (node == null) {
            throw new NoSuchFileException(from.toString());
        }
        did(new Operation.Rename(from, to, node));
        names.remove(from);
        names.put(to, node);
    }

    @Override
    public synchronized void remove(Path file) throws IOException {
        if (names.containsKey(file)) {
            did(new Operation.Remove(file));
            names.remove(file);
        }
    }

    @Override
    public void ensureFolder(Path folder) {}

    @Override
    public synchronized List<String> list(Path folder) {
        return names.keySet().stream()
                .filter(path -> folder.equals(path.getParent()))
                .map(path -> path.getFileName().toString())
                .sorted()
                .toList();
    }

    @Override
    public void syncFolder(Path folder) throws IOException {
        int began;
        synchronized (this) {
            began = operations.size();
        }
        LockSupport.parkNanos(1); // Others go on meanwhile.
        synchronized (this) {
            did(new Operation.SyncFolder(began));
        }
    }

    @Override
    public Mutex mutex(Path lockFile) {
        ReentrantLock lock = locks.computeIfAbsent(lockFile, path -> new ReentrantLock());
        return new Mutex() {
            @Override
            public void acquire() {
                lock.lock();
            }

            @Override
            public void release() {
                lock.unlock();
            }

            @Override
            public void close() {}
        };
    }
}
