package jsgx.image.x86;

/** The SSE and AES instructions of an {@link Assembler}, whose code they are in. */
public final class Sse {

    private final Encoder code;

    Sse(Encoder code) {
        this.code = code;
    }

    public Sse movdqa(Xmm to, Xmm from) {
        return vectors(to, from, 0x0f, 0x6f);
    }

    /** From memory that is a multiple of 16. */
    public Sse movdqa(Xmm to, Mem from) {
        return memory(to.ordinal(), from, 0x0f, 0x6f);
    }

    /** To memory that is a multiple of 16. */
    public Sse movdqa(Mem to, Xmm from) {
        return memory(from.ordinal(), to, 0x0f, 0x7f);
    }

    public Sse pxor(Xmm to, Xmm from) {
        return vectors(to, from, 0x0f, 0xef);
    }

    public Sse pxor(Xmm to, Mem from) {
        return memory(to.ordinal(), from, 0x0f, 0xef);
    }

    /** Chooses four doublewords, two bits of the selector each. */
    public Sse pshufd(Xmm to, Xmm from, int selector) {
        return constant(selector, to, from, 0x0f, 0x70);
    }

    /** Shifts left by bytes. */
    public Sse pslldq(Xmm register, int count) {
        code.emit(Encoder.OPERAND_SIZE);
        code.rex(Encoder.NO_REX, 0, register.ordinal());
        code.emit(0x0f, 0x73);
        code.registers(7, register.ordinal());
        code.emit(count & 0xff);
        return this;
    }

    public Sse aesenc(Xmm state, Mem roundKey) {
        return memory(state.ordinal(), roundKey, 0x0f, 0x38, 0xdc);
    }

    public Sse aesenclast(Xmm state, Mem roundKey) {
        return memory(state.ordinal(), roundKey, 0x0f, 0x38, 0xdd);
    }

    public Sse aeskeygenassist(Xmm to, Xmm from, int roundConstant) {
        return constant(roundConstant, to, from, 0x0f, 0x3a, 0xdf);
    }

    private Sse vectors(Xmm reg, Xmm rm, int... opcode) {
        code.emit(Encoder.OPERAND_SIZE);
        code.rex(Encoder.NO_REX, reg.ordinal(), rm.ordinal());
        code.emit(opcode);
        code.registers(reg.ordinal(), rm.ordinal());
        return this;
    }

    private Sse constant(int constant, Xmm reg, Xmm rm, int... opcode) {
        vectors(reg, rm, opcode);
        code.emit(constant & 0xff);
        return this;
    }

    private Sse memory(int reg, Mem rm, int... opcode) {
        code.memory(Encoder.OPERAND_SIZE, Encoder.NO_REX, reg, rm, 0, opcode);
        return this;
    }
}
