package jsgx.image.x86;

import static jsgx.image.x86.Encoder.LOCK;
import static jsgx.image.x86.Encoder.NO_PREFIX;
import static jsgx.image.x86.Encoder.NO_REX;
import static jsgx.image.x86.Encoder.OPERAND_SIZE;
import static jsgx.image.x86.Encoder.REX_W;

/**
 * An encoder of x86-64 instructions, as many as this project's enclaves and what it puts into supervised programs need. Operands stand in the manual's order,
 * destination first; a method is named after the instruction, with a suffix for the operand's size where it is not 64 bits.
 * Equal calls give equal bytes. Tests compare every form with what objdump reads.
 */
public final class Assembler {

    private final Encoder code = new Encoder();
    private final Sse sse = new Sse(code);

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
            code.emit(0);
        }
        return this;
    }

    /** Bytes that are data. */
    public Assembler bytes(byte... data) {
        for (byte each : data) {
            code.emit(each);
        }
        return this;
    }

    /** The finished code. Every label that was used must be bound. */
    public byte[] toBytes() {
        return code.toBytes();
    }

    /** Its SSE and AES instructions. */
    public Sse sse() {
        return sse;
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
        return coded(NO_REX, to, 0xb8).u32(value);
    }

    public Assembler mov(Reg to, long value) {
        return coded(REX_W, to, 0xb8).u32((int) value).u32((int) (value >>> 32));
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
        return coded(NO_REX, from, 0x50);
    }

    public Assembler pop(Reg to) {
        return coded(NO_REX, to, 0x58);
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
        return emit(0xf3).extended(REX_W, 0, to, 0x0f, 0xae);
    }

    public Assembler rdgsbase(Reg to) {
        return emit(0xf3).extended(REX_W, 1, to, 0x0f, 0xae);
    }

    public Assembler wrfsbase(Reg from) {
        return emit(0xf3).extended(REX_W, 2, from, 0x0f, 0xae);
    }

    public Assembler wrgsbase(Reg from) {
        return emit(0xf3).extended(REX_W, 3, from, 0x0f, 0xae);
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
        return extended(NO_REX, 7, a, 0x81).u32(value);
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
        return extended(REX_W, 4, register, 0xc1).emit(count & 0x3f);
    }

    public Assembler shr(Reg register, int count) {
        return extended(REX_W, 5, register, 0xc1).emit(count & 0x3f);
    }

    public Assembler bswap(Reg register) {
        return coded(REX_W, register, 0x0f, 0xc8);
    }

    /** 64 random bits; carry is set where there were some. */
    public Assembler rdrand(Reg to) {
        return extended(REX_W, 6, to, 0x0f, 0xc7);
    }

    // Control flow.

    public Assembler jmp(Label to) {
        emit(0xe9);
        return relative(to);
    }

    public Assembler jmp(Reg to) {
        return extended(NO_REX, 4, to, 0xff);
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
        return extended(NO_REX, 2, to, 0xff);
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

    // Encoding.

    private Assembler registers(int opcode, int rexW, Reg reg, Reg rm) {
        code.rex(rexW, reg.ordinal(), rm.ordinal());
        code.emit(opcode);
        code.registers(reg.ordinal(), rm.ordinal());
        return this;
    }

    /** An instruction whose only register has its number in the last byte of the opcode. */
    private Assembler coded(int rexW, Reg register, int... opcode) {
        code.rex(rexW, 0, register.ordinal());
        opcode[opcode.length - 1] |= register.low();
        return emit(opcode);
    }

    /** An instruction whose only register stands beside an extension of the opcode. */
    private Assembler extended(int rexW, int extension, Reg rm, int... opcode) {
        code.rex(rexW, 0, rm.ordinal());
        code.emit(opcode);
        code.registers(extension, rm.ordinal());
        return this;
    }

    private Assembler memory(int prefix, int rexW, int reg, Mem rm, int... opcode) {
        code.memory(prefix, rexW, reg, rm, 0, opcode);
        return this;
    }

    private Assembler immediate(int extension, Reg rm, int value) {
        return extended(REX_W, extension, rm, 0x81).u32(value);
    }

    private Assembler constant(int rexW, int extension, Mem rm, int opcode, int value) {
        code.memory(NO_PREFIX, rexW, extension, rm, 4, opcode);
        return u32(value);
    }

    private Assembler relative(Label label) {
        code.relative(label, 0);
        return this;
    }

    private Assembler u32(int value) {
        code.u32(value);
        return this;
    }

    private Assembler emit(int... values) {
        code.emit(values);
        return this;
    }
}
