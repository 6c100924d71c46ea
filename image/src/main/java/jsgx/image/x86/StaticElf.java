package jsgx.image.x86;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** A statically linked program file for x86-64 Linux, made of segments; it needs no loader and no library. */
public final class StaticElf {

    private static final int HEADER_SIZE = 64;
    private static final int PROGRAM_HEADER_SIZE = 56;
    private static final int PAGE = 0x1000;
    private static final short ET_EXEC = 2;
    private static final short EM_X86_64 = 62;
    private static final int PT_LOAD = 1;
    private static final int EXECUTE = 1;
    private static final int WRITE = 2;
    private static final int READ = 4;

    /**
     * A part of the program's memory.
     *
     * @param address a multiple of 4096
     * @param content its bytes
     * @param executable whether it is code, and cannot be written; otherwise it is data
     */
    public record Segment(long address, byte[] content, boolean executable) {

        public static Segment code(long address, byte[] content) {
            return new Segment(address, content, true);
        }

        public static Segment data(long address, byte[] content) {
            return new Segment(address, content, false);
        }
    }

    private StaticElf() {}

    /** The file's bytes. */
    public static byte[] of(long entry, List<Segment> segments) {
        int size = PAGE;
        for (Segment segment : segments) {
            size += pages(segment);
        }
        ByteBuffer file = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        file.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0);
        file.putShort(ET_EXEC).putShort(EM_X86_64).putInt(1);
        file.putLong(entry).putLong(HEADER_SIZE).putLong(0).putInt(0);
        file.putShort((short) HEADER_SIZE).putShort((short) PROGRAM_HEADER_SIZE).putShort((short) segments.size());
        file.putShort((short) 0).putShort((short) 0).putShort((short) 0);
        int at = PAGE;
        for (Segment segment : segments) {
            file.putInt(PT_LOAD).putInt(READ | (segment.executable() ? EXECUTE : WRITE));
            file.putLong(at).putLong(segment.address()).putLong(segment.address());
            file.putLong(segment.content().length)
                    .putLong(segment.content().length)
                    .putLong(PAGE);
            file.put(at, segment.content());
            at += pages(segment);
        }
        return file.array();
    }

    private static int pages(Segment segment) {
        return (segment.content().length + PAGE - 1) & -PAGE;
    }
}
