package jsgx.image.x86;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * An encoder of x86-64 instructions, as many as this project's enclaves and what it puts into supervised programs need. Operands stand in the manual's order,
 * destination first; a method is named after the instruction, with a suffix for the operand's size where it is not 64 bits.
 * Equal calls give equal bytes. Tests compare every form with what objdump reads.
 */
public final class Assembler {

    private static final int NO_PREFIX = 0;
    private static final int OPERAND_SIZE = 0x66;
    private static final int LOCK = 0xf0;
    private static final int REX_W = 8;
    private static final int REX_X = 2;
    private static final int NO_REX = 0;
    private static final int RIP_RELATIVE = 5;
    private static final int SIB = 4;
    private static final int SIB_RSP = 0x24;
    private static final int DISPLACEMENT_32 = 0x80;

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

    /** Moves 8 bits and clears the rest. */
    public Assembler movzx8(Reg to, Mem from) {
        return memory(NO_PREFIX, NO_REX, to.ordinal(), from, 0x0f, 0xb6);
    }

    /** Stores the low 8 bits of RAX, RCX, RDX, RBX or of R8 to R15. */
    public Assembler mov8(Mem to, Reg from) {
        if (!from.extended() && from.ordinal() > Reg.RBX.ordinal()) {
            throw new IllegalArgumentException("the low byte of " + from + " needs a prefix of its own");
        }
        return memory(NO_PREFIX, NO_REX, from.ordinal(), to, 0x88);
    }

    /** Stores a constant of 32 bits. */
    public Assembler mov32(Mem to, int value) {
        return constant(NO_REX, 0, to, 0xc7, value);
    }

    /** Stores a constant of 32 bits, sign-extended to 64. */
    public Assembler mov(Mem to, int value) {
        return constant(REX_W, 0, to, 0xc7, value);
    }

    /** Exchanges 64 bits, atomically. */
    public Assembler xchg(Mem place, Reg with) {
        return memory(NO_PREFIX, REX_W, with.ordinal(), place, 0x87);
    }

    /** Exchanges 32 bits, atomically. */
    public Assembler xchg32(Mem place, Reg with) {
        return memory(NO_PREFIX, NO_REX, with.ordinal(), place, 0x87);
    }

    /** Where 64 bits equal RAX, stores a register there and sets ZF; otherwise they become RAX. Atomic. */
    public Assembler lockCmpxchg(Mem place, Reg with) {
        return memory(LOCK, REX_W, with.ordinal(), place, 0x0f, 0xb1);
    }

    /** Where 32 bits equal EAX, stores a register there and sets ZF; otherwise they become EAX. Atomic. */
    public Assembler lockCmpxchg32(Mem place, Reg with) {
        return memory(LOCK, NO_REX, with.ordinal(), place, 0x0f, 0xb1);
    }

    /** Adds a register to 64 bits of memory, atomically. */
    public Assembler lockAdd(Mem to, Reg from) {
        return memory(LOCK, REX_W, from.ordinal(), to, 0x01);
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

    /** Copies RCX bytes from [RSI] to [RDI]. */
    public Assembler repMovsb() {
        return emit(0xf3, 0xa4);
    }

    public Assembler cld() {
        return emit(0xfc);
    }

    public Assembler pushfq() {
        return emit(0x9c);
    }

    public Assembler popfq() {
        return emit(0x9d);
    }

    /** RSP becomes RBP, and RBP what is popped. */
    public Assembler leave() {
        return emit(0xc9);
    }

    public Assembler rdfsbase(Reg to) {
        return segmentBase(0, to);
    }

    public Assembler rdgsbase(Reg to) {
        return segmentBase(1, to);
    }

    public Assembler wrfsbase(Reg from) {
        return segmentBase(2, from);
    }

    public Assembler wrgsbase(Reg from) {
        return segmentBase(3, from);
    }

    /** Stores the state components of EDX:EAX in 64-bit form, at a multiple of 64. */
    public Assembler xsave64(Mem to) {
        return memory(NO_PREFIX, REX_W, 4, to, 0x0f, 0xae);
    }

    /** Loads the state components of EDX:EAX in 64-bit form, from a multiple of 64. */
    public Assembler xrstor64(Mem from) {
        return memory(NO_PREFIX, REX_W, 5, from, 0x0f, 0xae);
    }

    /** Loads the x87 control word. */
    public Assembler fldcw(Mem from) {
        return memory(NO_PREFIX, NO_REX, 5, from, 0xd9);
    }

    public Assembler ldmxcsr(Mem from) {
        return memory(NO_PREFIX, NO_REX, 2, from, 0x0f, 0xae);
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

    /** With a constant of 32 bits, sign-extended. */
    public Assembler or(Reg to, int value) {
        return immediate(1, to, value);
    }

    /** With a constant of 32 bits, sign-extended. */
    public Assembler cmp(Mem a, int value) {
        return constant(REX_W, 7, a, 0x81, value);
    }

    public Assembler cmp32(Mem a, int value) {
        return constant(NO_REX, 7, a, 0x81, value);
    }

    public Assembler cmp32(Reg a, Reg b) {
        return registers(0x39, NO_REX, b, a);
    }

    public Assembler cmp32(Reg a, Mem b) {
        return memory(NO_PREFIX, NO_REX, a.ordinal(), b, 0x3b);
    }

    public Assembler cmp32(Reg a, int value) {
        rex(NO_REX, 0, a.ordinal());
        emit(0x81, 0xc0 | 7 << 3 | a.low());
        return u32(value);
    }

    public Assembler test32(Reg a, Reg b) {
        return registers(0x85, NO_REX, b, a);
    }

    public Assembler add(Reg to, Mem from) {
        return memory(NO_PREFIX, REX_W, to.ordinal(), from, 0x03);
    }

    public Assembler sub(Reg to, Mem from) {
        return memory(NO_PREFIX, REX_W, to.ordinal(), from, 0x2b);
    }

    public Assembler and(Reg to, Mem from) {
        return memory(NO_PREFIX, REX_W, to.ordinal(), from, 0x23);
    }

    public Assembler shl(Reg register, int count) {
        return shift(4, register, count);
    }

    public Assembler shr(Reg register, int count) {
        return shift(5, register, count);
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

    /** To the address that lies in memory. */
    public Assembler jmp(Mem to) {
        return memory(NO_PREFIX, NO_REX, 4, to, 0xff);
    }

    public Assembler call(Mem to) {
        return memory(NO_PREFIX, NO_REX, 2, to, 0xff);
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

    /** Traps to a debugger. */
    public Assembler int3() {
        return emit(0xcc);
    }

    public Assembler syscall() {
        return emit(0x0f, 0x05);
    }

    /** Tells the processor that it waits in a loop. */
    public Assembler pause() {
        return emit(0xf3, 0x90);
    }

    public Assembler nop() {
        return emit(0x90);
    }

    /** Orders all loads and stores before it against all behind it. */
    public Assembler mfence() {
        return emit(0x0f, 0xae, 0xf0);
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

    private Assembler constant(int rexW, int extension, Mem rm, int opcode, int value) {
        operand(4, rexW, extension, rm, opcode);
        return u32(value);
    }

    private Assembler shift(int extension, Reg rm, int count) {
        rex(REX_W, 0, rm.ordinal());
        return emit(0xc1, 0xc0 | extension << 3 | rm.low(), count & 0x3f);
    }

    private Assembler segmentBase(int extension, Reg register) {
        emit(0xf3);
        rex(REX_W, 0, register.ordinal());
        return emit(0x0f, 0xae, 0xc0 | extension << 3 | register.low());
    }

    private Assembler memory(int prefix, int rexW, int reg, Mem rm, int... opcode) {
        if (prefix != NO_PREFIX) {
            emit(prefix);
        }
        return operand(0, rexW, reg, rm, opcode);
    }

    /** Opcode and operands, with so many bytes of a constant to follow. */
    private Assembler operand(int constant, int rexW, int reg, Mem rm, int... opcode) {
        // Always with four bytes of displacement: sizes do not depend on values.
        return switch (rm) {
            case Mem.Based(Reg base, int displacement) -> {
                rex(rexW, reg, base.ordinal());
                emit(opcode);
                emit(DISPLACEMENT_32 | (reg & 7) << 3 | base.low());
                if (base.low() == Reg.RSP.low()) {
                    emit(SIB_RSP);
                }
                yield u32(displacement);
            }
            case Mem.Indexed(Reg base, Reg index, int scale, int displacement) -> {
                rex(rexW | (index.extended() ? REX_X : 0), reg, base.ordinal());
                emit(opcode);
                emit(DISPLACEMENT_32 | (reg & 7) << 3 | SIB);
                emit(Integer.numberOfTrailingZeros(scale) << 6 | index.low() << 3 | base.low());
                yield u32(displacement);
            }
            case Mem.Relative(Label label) -> {
                rex(rexW, reg, 0);
                emit(opcode);
                emit((reg & 7) << 3 | RIP_RELATIVE);
                yield relative(label, constant);
            }
        };
    }

    private void rex(int w, int reg, int rm) {
        int bits = w | (reg > 7 ? 4 : 0) | (rm > 7 ? 1 : 0);
        if (bits != NO_REX) {
            emit(0x40 | bits);
        }
    }

    private Assembler relative(Label label) {
        return relative(label, 0);
    }

    private Assembler relative(Label label, int behind) {
        fixups.add(new Fixup(size(), size() + 4 + behind, label));
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
