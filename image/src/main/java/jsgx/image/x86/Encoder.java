package jsgx.image.x86;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** Machine code as it grows: opcodes with their prefixes and operands, in the encoding of 64-bit mode, and displacements that are filled in when their labels are bound. */
final class Encoder {

    static final int NO_PREFIX = 0;
    static final int OPERAND_SIZE = 0x66;
    static final int LOCK = 0xf0;
    static final int REX_W = 8;
    static final int NO_REX = 0;

    private static final int REX_X = 2;
    private static final int RIP_RELATIVE = 5;
    private static final int SIB = 4;
    private static final int SIB_RSP = 0x24;
    private static final int DISPLACEMENT_32 = 0x80;

    /** A displacement to fill in when its label is bound: four bytes at a place, relative to the instruction's end. */
    private record Fixup(int at, int end, Label label) {}

    private final ByteArrayOutputStream code = new ByteArrayOutputStream();
    private final List<Fixup> fixups = new ArrayList<>();

    int size() {
        return code.size();
    }

    /** The finished code. Every label that was used must be bound. */
    byte[] toBytes() {
        byte[] bytes = code.toByteArray();
        for (Fixup fixup : fixups) {
            int displacement = fixup.label().offset() - fixup.end();
            for (int i = 0; i < 4; i++) {
                bytes[fixup.at() + i] = (byte) (displacement >>> (8 * i));
            }
        }
        return bytes;
    }

    void emit(int... values) {
        for (int value : values) {
            code.write(value);
        }
    }

    void u32(int value) {
        emit(value, value >>> 8, value >>> 16, value >>> 24);
    }

    /** A REX prefix, where one is needed for the size or the numbers of the registers. */
    void rex(int w, int reg, int rm) {
        int bits = w | (reg > 7 ? 4 : 0) | (rm > 7 ? 1 : 0);
        if (bits != NO_REX) {
            emit(0x40 | bits);
        }
    }

    /** A ModRM byte with two registers, or with an extension of the opcode and a register. */
    void registers(int reg, int rm) {
        emit(0xc0 | (reg & 7) << 3 | (rm & 7));
    }

    /** An instruction with an operand in memory, up to a constant of so many bytes that follows. */
    void memory(int prefix, int rexW, int reg, Mem rm, int constant, int... opcode) {
        if (prefix != NO_PREFIX) {
            emit(prefix);
        }
        // Always with four bytes of displacement: sizes do not depend on values.
        switch (rm) {
            case Mem.Based(Reg base, int displacement) -> {
                rex(rexW, reg, base.ordinal());
                emit(opcode);
                emit(DISPLACEMENT_32 | (reg & 7) << 3 | base.low());
                if (base.low() == Reg.RSP.low()) {
                    emit(SIB_RSP);
                }
                u32(displacement);
            }
            case Mem.Indexed(Reg base, Reg index, int scale, int displacement) -> {
                rex(rexW | (index.extended() ? REX_X : 0), reg, base.ordinal());
                emit(opcode);
                emit(DISPLACEMENT_32 | (reg & 7) << 3 | SIB);
                emit(Integer.numberOfTrailingZeros(scale) << 6 | index.low() << 3 | base.low());
                u32(displacement);
            }
            case Mem.Relative(Label label) -> {
                rex(rexW, reg, 0);
                emit(opcode);
                emit((reg & 7) << 3 | RIP_RELATIVE);
                relative(label, constant);
            }
        }
    }

    /** The displacement to a label, of an instruction that has so many bytes behind it. */
    void relative(Label label, int behind) {
        fixups.add(new Fixup(size(), size() + 4 + behind, label));
        u32(0);
    }
}
