package jsgx.launch.file;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import jsgx.launch.LaunchException;

/** The machine's file system. */
final class RealFiles implements FileLayer {

    RealFiles() {}

    /** A random access file, since the interruption of a thread closes a channel for all. */
    private record RealFile(RandomAccessFile file, Object key) implements OpenFile {

        @Override
        public void read(long at, ByteBuffer into) throws IOException {
            synchronized (file) {
                file.seek(at);
                while (into.hasRemaining()) {
                    int count = file.read(into.array(), into.arrayOffset() + into.position(), into.remaining());
                    if (count < 0) {
                        return;
                    }
                    into.position(into.position() + count);
                }
            }
        }

        @Override
        public void write(long at, ByteBuffer from) throws IOException {
            synchronized (file) {
                file.seek(at);
                file.write(from.array(), from.arrayOffset() + from.position(), from.remaining());
                from.position(from.limit());
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            synchronized (file) {
                file.setLength(size);
            }
        }

        @Override
        public void force() throws IOException {
            file.getFD().sync();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    @Override
    public Optional<Stat> stat(Path file) throws IOException {
        try {
            BasicFileAttributes found =
                    Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return Optional.of(new Stat(Objects.requireNonNull(found.fileKey()), found.size()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public OpenFile open(Path file, boolean writable) throws IOException, LaunchException {
        while (true) {
            PrivateFile.check(file);
            Object key = stat(file).map(Stat::key).orElseThrow(() -> new NoSuchFileException(file.toString()));
            RandomAccessFile opened = new RandomAccessFile(file.toFile(), writable ? "rw" : "r");
            // What was looked at must be what was opened: it may have been replaced in between.
            if (stat(file).map(now -> now.key().equals(key)).orElse(false)) {
                return new RealFile(opened, key);
            }
            opened.close();
        }
    }

    @Override
    public OpenFile create(Path file) throws IOException {
        Files.createFile(file, PrivateFile.FILE_MODE);
        Object key = stat(file).map(Stat::key).orElseThrow(() -> new NoSuchFileException(file.toString()));
        return new RealFile(new RandomAccessFile(file.toFile(), "rw"), key);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void remove(Path file) throws IOException {
        Files.deleteIfExists(file);
    }

    @Override
    public void ensureFolder(Path folder) throws LaunchException {
        PrivateFile.ensureFolder(folder);
    }

    @Override
    public List<String> list(Path folder) throws IOException {
        try (Stream<Path> content = Files.list(folder)) {
            return content.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Override
    public void syncFolder(Path folder) throws IOException {
        boolean interrupted = Thread.interrupted();
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public Mutex mutex(Path lockFile) throws IOException {
        return FileMutex.of(lockFile);
    }
}
