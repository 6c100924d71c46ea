package jsgx.launch.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import jsgx.launch.LaunchException;
import jsgx.launch.file.RecordLog.Format;
import jsgx.launch.file.RecordLog.Visitor;

/**
 * One file of a {@link RecordLog}: a header and frames. All numbers are little-endian.
 *
 * <pre>
 * header   magic 8 | version u32 | CRC32C of the rest u32 | base u64: the position of the first frame
 * frame    CRC32C u32 | length u32 | durable u64 | the record's bytes
 * </pre>
 *
 * A position counts on over replaced files, so that one that was handed out never means anything else. A frame's checksum covers
 * its position too: a frame that was moved is not whole. {@code durable} is the position up to which all was durable when the frame was
 * written. It tells damage from what a crash leaves: the latter is never below it. A frame without a record only carries it.
 */
final class RecordFile implements AutoCloseable {

    static final int HEADER = 24;
    static final int FRAME = 16;

    private static final int MAGIC = 8;
    private static final int CHUNK = 1 << 20;

    /** How many times the size of what is searched may be checksummed for it: foreign bytes must not take for ever. */
    private static final int SEARCH_BUDGET = 64;

    private final Path path;
    private final Format format;
    private final FileLayer.OpenFile file;
    private final long base;

    private RecordFile(Path path, Format format, FileLayer.OpenFile file, long base) {
        this.path = path;
        this.format = format;
        this.file = file;
        this.base = base;
    }

    /**
     * How far the frames are whole.
     *
     * @param end the position after the last whole one
     * @param durable the highest position that a frame says is durable
     */
    record Walk(long end, long durable) {}

    /** Makes a file with a header only, which is not durable yet. */
    static RecordFile create(FileLayer files, Path path, Format format, long base) throws IOException {
        FileLayer.OpenFile file = files.create(path);
        try {
            file.write(0, ByteBuffer.wrap(header(format, base)));
        } catch (IOException e) {
            file.close();
            files.remove(path);
            throw e;
        }
        return new RecordFile(path, format, file, base);
    }

    static RecordFile open(FileLayer files, Path path, Format format, boolean writable)
            throws IOException, LaunchException {
        FileLayer.OpenFile file = files.open(path, writable);
        boolean done = false;
        try {
            byte[] header = new byte[HEADER];
            ByteBuffer found = buffer(header);
            file.read(0, found);
            long base = checkHeader(path, format, header, found.position());
            done = true;
            return new RecordFile(path, format, file, base);
        } finally {
            if (!done) {
                file.close();
            }
        }
    }

    private static byte[] header(Format format, long base) {
        byte[] header = new byte[HEADER];
        buffer(header)
                .put(format.magic().getBytes(StandardCharsets.US_ASCII))
                .putInt(format.version())
                .putInt(0)
                .putLong(base);
        buffer(header).putInt(MAGIC + Integer.BYTES, headerChecksum(header));
        return header;
    }

    private static int headerChecksum(byte[] header) {
        CRC32C crc = new CRC32C();
        crc.update(header, 0, MAGIC + Integer.BYTES);
        crc.update(header, MAGIC + 2 * Integer.BYTES, Long.BYTES);
        return (int) crc.getValue();
    }

    private static long checkHeader(Path path, Format format, byte[] header, int size) throws LaunchException {
        ByteBuffer fields = buffer(header);
        byte[] magic = format.magic().getBytes(StandardCharsets.US_ASCII);
        if (size < HEADER || !Arrays.equals(header, 0, MAGIC, magic, 0, MAGIC)) {
            throw new LaunchException("%s: expected a header of %d bytes that begins with %s, found %d other ones; %s"
                    .formatted(path, HEADER, format.magic(), size, format.remedy()));
        }
        int version = fields.getInt(MAGIC);
        int checksum = fields.getInt(MAGIC + Integer.BYTES);
        long base = fields.getLong(MAGIC + 2 * Integer.BYTES);
        if (checksum != headerChecksum(header) || base < 0) {
            throw new LaunchException("%s: damaged at offset 0: expected a header with CRC32C %08x, found %08x; %s"
                    .formatted(path, checksum, headerChecksum(header), format.remedy()));
        }
        if (version != format.version()) {
            throw new LaunchException("%s: expected version %d, found %d: it is another release's; use that one, or %s"
                    .formatted(path, format.version(), version, format.remedy()));
        }
        return base;
    }

    Object key() {
        return file.key();
    }

    /** The position of the first frame. */
    long base() {
        return base;
    }

    long offset(long position) {
        return position - base + HEADER;
    }

    long position(long offset) {
        return offset - HEADER + base;
    }

    /** Puts the frame of a record into a buffer. */
    static void frame(ByteBuffer into, long position, long durable, byte[] record) {
        int start = into.position();
        into.putInt(0).putInt(record.length).putLong(durable).put(record);
        into.putInt(start, checksum(position, into, start, record.length));
    }

    private static int checksum(long position, ByteBuffer chunk, int frame, int length) {
        CRC32C crc = new CRC32C();
        for (int i = 0; i < Long.SIZE; i += Byte.SIZE) {
            crc.update((int) (position >>> i));
        }
        crc.update(chunk.array(), chunk.arrayOffset() + frame + Integer.BYTES, FRAME - Integer.BYTES + length);
        return (int) crc.getValue();
    }

    void write(long position, ByteBuffer frames) throws IOException {
        file.write(offset(position), frames);
    }

    void force() throws IOException {
        file.force();
    }

    /** Cuts off what a crash left after the last whole frame, durably: what is appended must not meet it again. */
    void cut(long end) throws IOException {
        file.truncate(offset(end));
        file.force();
    }

    /** Shows all whole frames from one position up to another, or up to the first that is not whole. */
    Walk walk(long from, long limit, Visitor visitor) throws IOException, LaunchException {
        long position = from;
        long durable = base;
        ByteBuffer chunk = buffer(new byte[0]);
        long chunkAt = from;
        while (limit - position >= FRAME) {
            int at = (int) (position - chunkAt);
            if (chunk.limit() - at < FRAME
                    || chunk.limit() - at < FRAME + Math.clamp(length(chunk, at), 0, format.maxRecord())) {
                int size = (int) Math.min(limit - position, Math.max(CHUNK, FRAME + format.maxRecord()));
                chunk = (chunk.capacity() >= size ? chunk.clear() : buffer(new byte[size])).limit(size);
                file.read(offset(position), chunk);
                chunk.flip();
                chunkAt = position;
                at = 0;
            }
            if (!isWhole(chunk, at, position)) {
                break;
            }
            int length = length(chunk, at);
            durable = Math.max(durable, durable(chunk, at));
            position += FRAME + length;
            if (length > 0) {
                visitor.record(chunk.slice(at + FRAME, length), position);
            }
        }
        return new Walk(position, durable);
    }

    private static int length(ByteBuffer chunk, int at) {
        return chunk.getInt(at + Integer.BYTES);
    }

    private static long durable(ByteBuffer chunk, int at) {
        return chunk.getLong(at + 2 * Integer.BYTES);
    }

    private boolean isWhole(ByteBuffer chunk, int at, long position) {
        return isPlausible(chunk, at, position) && chunk.getInt(at) == checksum(position, chunk, at, length(chunk, at));
    }

    private boolean isPlausible(ByteBuffer chunk, int at, long position) {
        int room = chunk.limit() - at - FRAME;
        if (room < 0) {
            return false;
        }
        int length = length(chunk, at);
        long durable = durable(chunk, at);
        return length >= 0 && length <= Math.min(format.maxRecord(), room) && durable >= base && durable <= position;
    }

    /** The record of a number of bytes that ends at a position. */
    byte[] record(long end, int size) throws IOException, LaunchException {
        long position = end - FRAME - size;
        byte[] bytes = new byte[FRAME + size];
        ByteBuffer frame = buffer(bytes);
        file.read(offset(position), frame);
        frame.flip();
        if (!isWhole(frame, 0, position) || length(frame, 0) != size) {
            throw damaged(position, end);
        }
        return Arrays.copyOfRange(bytes, FRAME, bytes.length);
    }

    /** Whether a whole frame further on says that what is broken here was durable once: then it is damage, and not what a crash leaves. */
    boolean wasDurable(long broken, long limit) throws IOException {
        int window = (int) Math.min(limit - broken, 4L * Math.max(CHUNK, FRAME + format.maxRecord()));
        long budget = SEARCH_BUDGET * (limit - broken);
        ByteBuffer chunk = buffer(new byte[window]).limit(0);
        long chunkAt = broken;
        for (long position = broken + 1; limit - position >= FRAME && budget > 0; position++) {
            int at = (int) (position - chunkAt);
            boolean lastChunk = chunkAt + chunk.limit() >= limit;
            if (at > chunk.limit() - FRAME || (!lastChunk && at > chunk.limit() - FRAME - format.maxRecord())) {
                chunk.clear().limit((int) Math.min(window, limit - position));
                file.read(offset(position), chunk);
                chunk.flip();
                chunkAt = position;
                at = 0;
                if (chunk.limit() < FRAME) {
                    return false;
                }
            }
            if (durable(chunk, at) > broken && isPlausible(chunk, at, position)) {
                budget -= length(chunk, at);
                if (isWhole(chunk, at, position)) {
                    return true;
                }
            }
        }
        return budget <= 0;
    }

    /** What to say of a frame that is not whole and should be. */
    LaunchException damaged(long position, long limit) throws IOException {
        ByteBuffer frame = buffer(new byte[(int) Math.min(limit - position, FRAME + format.maxRecord())]);
        file.read(offset(position), frame);
        frame.flip();
        String what;
        if (frame.limit() < FRAME) {
            what = "a record's head of %d bytes, found %d before the end".formatted(FRAME, frame.limit());
        } else {
            int length = length(frame, 0);
            if (length < 0 || length > format.maxRecord()) {
                what = "a record of at most %d bytes, found a length of %d"
                        .formatted(format.maxRecord(), Integer.toUnsignedLong(length));
            } else if (length > frame.limit() - FRAME) {
                what = "a record of %d bytes, found %d before the end".formatted(length, frame.limit() - FRAME);
            } else {
                what = "a record with CRC32C %08x, found %08x"
                        .formatted(frame.getInt(0), checksum(position, frame, 0, length));
            }
        }
        return new LaunchException(
                "%s: damaged at offset %d: expected %s; %s".formatted(path, offset(position), what, format.remedy()));
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
