package jsgx.image.x86;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * An encoder of x86-64 instructions, as many as the enclaves of this project need. Operands stand in the manual's order,
 * destination first; a method is named after the instruction, with a suffix for the operand's size where it is not 64 bits.
 * Equal calls give equal bytes. Tests compare every form with what objdump reads.
 */
public final class Assembler {

    private static final int NO_PREFIX = 0;
    private static final int OPERAND_SIZE = 0x66;
    private static final int REX_W = 8;
    private static final int NO_REX = 0;
    private static final int RIP_RELATIVE = 5;
    private static final int SIB_RSP = 0x24;

    /** A displacement to fill in when its label is bound: four bytes at a place, relative to the instruction's end. */
    private record Fixup(int at, int end, Label label) {}

    private final ByteArrayOutputStream code = new ByteArrayOutputStream();
    private final List<Fixup> fixups = new ArrayList<>();

    /** No code yet. */
    public Assembler() {}

    /** How many bytes there are so far. */
    public int size() {
        return code.size();
    }

    /** A label at this place. */
    public Label here() {
        Label label = new Label();
        label.bind(size());
        return label;
    }

    /** Puts a label at this place. */
    public Assembler bind(Label label) {
        label.bind(size());
        return this;
    }

    /** Puts a label at an offset of the caller's choice: data that does not come from here. */
    public Assembler bind(Label label, int offset) {
        label.bind(offset);
        return this;
    }

    /** Zero bytes until the size is a multiple of this. */
    public Assembler align(int to) {
        while (size() % to != 0) {
            code.write(0);
        }
        return this;
    }

    /** Bytes that are data. */
    public Assembler bytes(byte... data) {
        code.writeBytes(data);
        return this;
    }

    /** The finished code. Every label that was used must be bound. */
    public byte[] toBytes() {
        byte[] bytes = code.toByteArray();
        for (Fixup fixup : fixups) {
            int displacement = fixup.label().offset() - fixup.end();
            for (int i = 0; i < 4; i++) {
                bytes[fixup.at() + i] = (byte) (displacement >>> (8 * i));
            }
        }
        return bytes;
    }

    // Moves.

    public Assembler mov(Reg to, Reg from) {
        return registers(0x89, REX_W, from, to);
    }

    /** Moves 32 bits and clears the upper half. */
    public Assembler mov32(Reg to, Reg from) {
        return registers(0x89, NO_REX, from, to);
    }

    /** Moves a constant of 32 bits and clears the upper half. */
    public Assembler mov32(Reg to, int value) {
        rex(NO_REX, 0, to.ordinal());
        emit(0xb8 | to.low());
        return u32(value);
    }

    public Assembler mov(Reg to, long value) {
        rex(REX_W, 0, to.ordinal());
        emit(0xb8 | to.low());
        return u32((int) value).u32((int) (value >>> 32));
    }

    public Assembler mov(Reg to, Mem from) {
        return memory(NO_PREFIX, REX_W, to.ordinal(), from, 0x8b);
    }

    public Assembler mov(Mem to, Reg from) {
        return memory(NO_PREFIX, REX_W, from.ordinal(), to, 0x89);
    }

    public Assembler mov32(Reg to, Mem from) {
        return memory(NO_PREFIX, NO_REX, to.ordinal(), from, 0x8b);
    }

    public Assembler mov32(Mem to, Reg from) {
        return memory(NO_PREFIX, NO_REX, from.ordinal(), to, 0x89);
    }

    public Assembler mov16(Mem to, Reg from) {
        return memory(OPERAND_SIZE, NO_REX, from.ordinal(), to, 0x89);
    }

    /** Moves 16 bits and clears the rest. */
    public Assembler movzx16(Reg to, Mem from) {
        return memory(NO_PREFIX, NO_REX, to.ordinal(), from, 0x0f, 0xb7);
    }

    public Assembler lea(Reg to, Mem from) {
        return memory(NO_PREFIX, REX_W, to.ordinal(), from, 0x8d);
    }

    public Assembler push(Reg from) {
        rex(NO_REX, 0, from.ordinal());
        return emit(0x50 | from.low());
    }

    public Assembler pop(Reg to) {
        rex(NO_REX, 0, to.ordinal());
        return emit(0x58 | to.low());
    }

    /** Copies RCX times 8 bytes from [RSI] to [RDI]. */
    public Assembler repMovsq() {
        return emit(0xf3, 0x48, 0xa5);
    }

    /** Stores RAX RCX times at [RDI]. */
    public Assembler repStosq() {
        return emit(0xf3, 0x48, 0xab);
    }

    public Assembler cld() {
        return emit(0xfc);
    }

    // Arithmetic and logic.

    public Assembler add(Reg to, Reg from) {
        return registers(0x01, REX_W, from, to);
    }

    public Assembler adc(Reg to, Reg from) {
        return registers(0x11, REX_W, from, to);
    }

    public Assembler sbb(Reg to, Reg from) {
        return registers(0x19, REX_W, from, to);
    }

    public Assembler sub(Reg to, Reg from) {
        return registers(0x29, REX_W, from, to);
    }

    public Assembler and(Reg to, Reg from) {
        return registers(0x21, REX_W, from, to);
    }

    public Assembler or(Reg to, Reg from) {
        return registers(0x09, REX_W, from, to);
    }

    public Assembler xor(Reg to, Reg from) {
        return registers(0x31, REX_W, from, to);
    }

    /** Clears a register in the shortest way. */
    public Assembler zero(Reg register) {
        return registers(0x31, NO_REX, register, register);
    }

    public Assembler cmp(Reg a, Reg b) {
        return registers(0x39, REX_W, b, a);
    }

    public Assembler cmp(Reg a, Mem b) {
        return memory(NO_PREFIX, REX_W, a.ordinal(), b, 0x3b);
    }

    public Assembler or(Reg to, Mem from) {
        return memory(NO_PREFIX, REX_W, to.ordinal(), from, 0x0b);
    }

    public Assembler xor(Reg to, Mem from) {
        return memory(NO_PREFIX, REX_W, to.ordinal(), from, 0x33);
    }

    public Assembler test(Reg a, Reg b) {
        return registers(0x85, REX_W, b, a);
    }

    /** With a constant of 32 bits, sign-extended. */
    public Assembler add(Reg to, int value) {
        return immediate(0, to, value);
    }

    /** With a constant of 32 bits, sign-extended. */
    public Assembler sub(Reg to, int value) {
        return immediate(5, to, value);
    }

    /** With a constant of 32 bits, sign-extended. */
    public Assembler and(Reg to, int value) {
        return immediate(4, to, value);
    }

    /** With a constant of 32 bits, sign-extended. */
    public Assembler cmp(Reg a, int value) {
        return immediate(7, a, value);
    }

    public Assembler bswap(Reg register) {
        rex(REX_W, 0, register.ordinal());
        return emit(0x0f, 0xc8 | register.low());
    }

    /** 64 random bits; carry is set where there were some. */
    public Assembler rdrand(Reg to) {
        rex(REX_W, 0, to.ordinal());
        return emit(0x0f, 0xc7, 0xc0 | 6 << 3 | to.low());
    }

    // Control flow.

    public Assembler jmp(Label to) {
        emit(0xe9);
        return relative(to);
    }

    public Assembler jmp(Reg to) {
        rex(NO_REX, 0, to.ordinal());
        return emit(0xff, 0xc0 | 4 << 3 | to.low());
    }

    public Assembler jump(Condition condition, Label to) {
        emit(0x0f, 0x80 | condition.code());
        return relative(to);
    }

    public Assembler call(Label to) {
        emit(0xe8);
        return relative(to);
    }

    public Assembler call(Reg to) {
        rex(NO_REX, 0, to.ordinal());
        return emit(0xff, 0xc0 | 2 << 3 | to.low());
    }

    public Assembler ret() {
        return emit(0xc3);
    }

    /** Raises #UD. */
    public Assembler ud2() {
        return emit(0x0f, 0x0b);
    }

    /** No load behind it starts before all before it are done. */
    public Assembler lfence() {
        return emit(0x0f, 0xae, 0xe8);
    }

    /** ENCLU, with the leaf in EAX. */
    public Assembler enclu() {
        return emit(0x0f, 0x01, 0xd7);
    }

    // SSE and AES.

    public Assembler movdqa(Xmm to, Xmm from) {
        return vectors(to, from, 0x0f, 0x6f);
    }

    /** From memory that is a multiple of 16. */
    public Assembler movdqa(Xmm to, Mem from) {
        return memory(OPERAND_SIZE, NO_REX, to.ordinal(), from, 0x0f, 0x6f);
    }

    /** To memory that is a multiple of 16. */
    public Assembler movdqa(Mem to, Xmm from) {
        return memory(OPERAND_SIZE, NO_REX, from.ordinal(), to, 0x0f, 0x7f);
    }

    public Assembler pxor(Xmm to, Xmm from) {
        return vectors(to, from, 0x0f, 0xef);
    }

    public Assembler pxor(Xmm to, Mem from) {
        return memory(OPERAND_SIZE, NO_REX, to.ordinal(), from, 0x0f, 0xef);
    }

    /** Chooses four doublewords, two bits of the selector each. */
    public Assembler pshufd(Xmm to, Xmm from, int selector) {
        return vectors(to, from, 0x0f, 0x70).emit(selector & 0xff);
    }

    /** Shifts left by bytes. */
    public Assembler pslldq(Xmm register, int count) {
        emit(OPERAND_SIZE);
        rex(NO_REX, 0, register.ordinal());
        return emit(0x0f, 0x73, 0xc0 | 7 << 3 | (register.ordinal() & 7), count & 0xff);
    }

    public Assembler aesenc(Xmm state, Mem roundKey) {
        return memory(OPERAND_SIZE, NO_REX, state.ordinal(), roundKey, 0x0f, 0x38, 0xdc);
    }

    public Assembler aesenclast(Xmm state, Mem roundKey) {
        return memory(OPERAND_SIZE, NO_REX, state.ordinal(), roundKey, 0x0f, 0x38, 0xdd);
    }

    public Assembler aeskeygenassist(Xmm to, Xmm from, int roundConstant) {
        return vectors(to, from, 0x0f, 0x3a, 0xdf).emit(roundConstant & 0xff);
    }

    // Encoding.

    private Assembler registers(int opcode, int rexW, Reg reg, Reg rm) {
        rex(rexW, reg.ordinal(), rm.ordinal());
        return emit(opcode, 0xc0 | reg.low() << 3 | rm.low());
    }

    private Assembler vectors(Xmm reg, Xmm rm, int... opcode) {
        emit(OPERAND_SIZE);
        rex(NO_REX, reg.ordinal(), rm.ordinal());
        emit(opcode);
        return emit(0xc0 | (reg.ordinal() & 7) << 3 | (rm.ordinal() & 7));
    }

    private Assembler immediate(int extension, Reg rm, int value) {
        rex(REX_W, 0, rm.ordinal());
        emit(0x81, 0xc0 | extension << 3 | rm.low());
        return u32(value);
    }

    private Assembler memory(int prefix, int rexW, int reg, Mem rm, int... opcode) {
        if (prefix != NO_PREFIX) {
            emit(prefix);
        }
        switch (rm) {
            case Mem.Based(Reg base, int displacement) -> {
                rex(rexW, reg, base.ordinal());
                emit(opcode);
                // Always with four bytes of displacement: sizes do not depend on values.
                emit(0x80 | (reg & 7) << 3 | base.low());
                if (base.low() == Reg.RSP.low()) {
                    emit(SIB_RSP);
                }
                u32(displacement);
            }
            case Mem.Relative(Label label) -> {
                rex(rexW, reg, 0);
                emit(opcode);
                emit((reg & 7) << 3 | RIP_RELATIVE);
                relative(label);
            }
        }
        return this;
    }

    private void rex(int w, int reg, int rm) {
        int bits = w | (reg > 7 ? 4 : 0) | (rm > 7 ? 1 : 0);
        if (bits != NO_REX) {
            emit(0x40 | bits);
        }
    }

    private Assembler relative(Label label) {
        fixups.add(new Fixup(size(), size() + 4, label));
        return u32(0);
    }

    private Assembler u32(int value) {
        return emit(value, value >>> 8, value >>> 16, value >>> 24);
    }

    private Assembler emit(int... values) {
        for (int value : values) {
            code.write(value);
        }
        return this;
    }
}
