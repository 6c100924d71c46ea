package jsgx.machine.code;

import java.nio.ByteBuffer;

/**
 * The vDSO's .eh_frame and .eh_frame_hdr: a user handler of {@code __vdso_sgx_enter_enclave} may throw a C++ exception through it, and debuggers walk
 * through it.
 */
final class UnwindTable {

    private static final int RBX = 3;
    private static final int RBP = 6;
    private static final int RSP = 7;
    private static final int RETURN_ADDRESS = 16;

    private static final int ADVANCE = 0x40;
    private static final int ADVANCE_2 = 0x03;
    private static final int OFFSET = 0x80;
    private static final int DEF_CFA = 0x0c;
    private static final int DEF_CFA_REGISTER = 0x0d;
    private static final int DEF_CFA_OFFSET = 0x0e;

    private static final int PC_RELATIVE_4 = 0x1b;
    private static final int INDEX_RELATIVE_4 = 0x3b;
    private static final int UNSIGNED_4 = 0x03;
    private static final int DATA_ALIGNMENT_MINUS_8 = 0x78;
    private static final int INDEX_SIZE = 12 + 2 * 8;

    private final ByteBuffer image;
    private final EnterEnclaveCode enter;
    private final int textEnd;
    private int common;

    UnwindTable(ByteBuffer image, EnterEnclaveCode enter, int textEnd) {
        this.image = image;
        this.enter = enter;
        this.textEnd = textEnd;
    }

    int indexSize() {
        return INDEX_SIZE;
    }

    /** Writes both at the image's position, a multiple of 8; where the index is. */
    int write() {
        common = image.position();
        entry(() -> {
            image.putInt(0);
            bytes(1, 'z', 'R', 0, 1, DATA_ALIGNMENT_MINUS_8, RETURN_ADDRESS, 1, PC_RELATIVE_4);
            bytes(DEF_CFA, RSP, 8, OFFSET | RETURN_ADDRESS, 1);
        });
        int function = description(enter.start.offset(), enter.end.offset(), () -> {
            // push rbp; mov rbp, rsp; push rbx; and in the end leave.
            bytes(ADVANCE | 1, DEF_CFA_OFFSET, 16, OFFSET | RBP, 2);
            bytes(ADVANCE | 3, DEF_CFA_REGISTER, RBP);
            bytes(ADVANCE | 1, OFFSET | RBX, 3);
            bytes(ADVANCE_2);
            image.putShort((short) (enter.ret.offset() - enter.frame.offset()));
            bytes(DEF_CFA, RSP, 8);
        });
        int trampolines = description(enter.end.offset(), textEnd, () -> {});
        image.putInt(0);

        int index = image.position();
        bytes(1, PC_RELATIVE_4, UNSIGNED_4, INDEX_RELATIVE_4);
        image.putInt(common - image.position()).putInt(2);
        image.putInt(enter.start.offset() - index).putInt(function - index);
        image.putInt(enter.end.offset() - index).putInt(trampolines - index);
        return index;
    }

    private int description(int from, int to, Runnable instructions) {
        return entry(() -> {
            image.putInt(image.position() - common);
            image.putInt(from - image.position()).putInt(to - from);
            bytes(0);
            instructions.run();
        });
    }

    /** An entry, whose length comes first; no-operations fill it up. Where it is. */
    private int entry(Runnable content) {
        int at = image.position();
        image.putInt(0);
        content.run();
        while ((image.position() & 7) != 0) {
            image.put((byte) 0);
        }
        image.putInt(at, image.position() - at - 4);
        return at;
    }

    private void bytes(int... values) {
        for (int value : values) {
            image.put((byte) value);
        }
    }
}
