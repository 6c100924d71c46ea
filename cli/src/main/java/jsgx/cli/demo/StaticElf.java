package jsgx.cli.demo;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A static executable of Linux for x86-64: code in one segment, data in another, at fixed addresses. */
public final class StaticElf {

    /** Where the code begins. */
    public static final long CODE = 0x40_0000 + 64 + 2 * 56;

    /** Where the data begins. */
    public static final long DATA = 0x40_1000;

    private static final long ADDRESS = 0x40_0000;
    private static final int HEADERS = (int) (CODE - ADDRESS);
    private static final int PAGE = 4096;
    private static final int PT_LOAD = 1;
    private static final int PF_X = 1;
    private static final int PF_W = 2;
    private static final int PF_R = 4;
    private static final short ET_EXEC = 2;
    private static final short EM_X86_64 = 62;

    private StaticElf() {}

    /**
     * The bytes of the file; it begins with its first instruction.
     *
     * @param code less than a page
     */
    public static byte[] of(byte[] code, byte[] data) {
        if (HEADERS + code.length > PAGE) {
            throw new IllegalArgumentException("%d bytes of code: more than a page".formatted(code.length));
        }
        ByteBuffer elf = ByteBuffer.allocate(PAGE + data.length).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0);
        elf.putShort(ET_EXEC).putShort(EM_X86_64).putInt(1);
        elf.putLong(CODE).putLong(64).putLong(0).putInt(0);
        elf.putShort((short) 64).putShort((short) 56).putShort((short) 2);
        elf.putShort((short) 0).putShort((short) 0).putShort((short) 0);
        segment(elf, PF_R | PF_X, 0, HEADERS + code.length);
        segment(elf, PF_R | PF_W, PAGE, data.length);
        elf.put(code).position(PAGE);
        return elf.put(data).array();
    }

    private static void segment(ByteBuffer elf, int flags, int offset, int size) {
        elf.putInt(PT_LOAD).putInt(flags).putLong(offset);
        elf.putLong(ADDRESS + offset).putLong(ADDRESS + offset);
        elf.putLong(size).putLong(size).putLong(PAGE);
    }
}
