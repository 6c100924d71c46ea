package jsgx.machine.code;

import jsgx.image.x86.Assembler;
import jsgx.image.x86.Condition;
import jsgx.image.x86.Label;
import jsgx.image.x86.Mem;
import jsgx.image.x86.Reg;

/**
 * The code of {@code __vdso_sgx_enter_enclave}, by the contract of {@code arch/x86/include/uapi/asm/sgx.h}: arguments as EENTER and ERESUME pass
 * them on, the leaf in ECX, struct sgx_enclave_run on the stack. RBP holds the frame while the enclave runs, which must bring it back; RSP may come
 * back lower. One instruction is EENTER and ERESUME and the asynchronous exit pointer.
 */
final class EnterEnclaveCode {

    private static final int EENTER = 2;
    private static final int ERESUME = 3;
    private static final int EEXIT = 4;
    private static final int MINUS_EINVAL = -22;

    /** How many bytes the ENCLU has, so that a jump fits in its place and all else is where it is. */
    private static final int PLACE_OF_ENCLU = 5;

    /** Where the frame has the seventh argument, from RBP. */
    private static final Mem RUN = Mem.at(Reg.RBP, 16);

    private static final Mem CALLERS_RBX = Mem.at(Reg.RBP, -8);

    private static final int RUN_TCS = 0;
    private static final int RUN_FUNCTION = 8;
    private static final int RUN_EXCEPTION_VECTOR = 12;
    private static final int RUN_EXCEPTION_ERROR_CODE = 14;
    private static final int RUN_EXCEPTION_ADDRESS = 16;
    private static final int RUN_USER_HANDLER = 24;
    private static final int RUN_RESERVED = 40;
    private static final int RUN_END = 256;

    final Label start = new Label();
    final Label frame = new Label();
    final Label enclu = new Label();
    final Label afterEnclu = new Label();
    final Label fixup = new Label();
    final Label ret = new Label();
    final Label end = new Label();

    /** What goes before the ENCLU, with the registers as for it. */
    interface Before {
        void emit(Assembler asm);
    }

    void emit(Assembler asm, Before before) {
        Label again = new Label();
        Label invalid = new Label();
        Label report = new Label();
        Label callHandler = new Label();
        Label out = new Label();

        asm.bind(start).push(Reg.RBP).mov(Reg.RBP, Reg.RSP).push(Reg.RBX).bind(frame);
        asm.mov32(Reg.RAX, Reg.RCX);

        asm.bind(again);
        asm.cmp32(Reg.RAX, EENTER).jump(Condition.B, invalid);
        asm.cmp32(Reg.RAX, ERESUME).jump(Condition.A, invalid);
        asm.mov(Reg.RCX, RUN).mov(Reg.RBX, Mem.at(Reg.RCX, RUN_RESERVED));
        for (int offset = RUN_RESERVED + 8; offset < RUN_END; offset += 8) {
            asm.or(Reg.RBX, Mem.at(Reg.RCX, offset));
        }
        asm.test(Reg.RBX, Reg.RBX).jump(Condition.NE, invalid);
        asm.mov(Reg.RBX, Mem.at(Reg.RCX, RUN_TCS)).lea(Reg.RCX, Mem.at(enclu));
        before.emit(asm);
        asm.bind(enclu).enclu();
        while (asm.size() < enclu.offset() + PLACE_OF_ENCLU) {
            asm.nop();
        }
        asm.bind(afterEnclu);
        asm.mov(Reg.RBX, RUN).mov32(Mem.at(Reg.RBX, RUN_FUNCTION), EEXIT);

        asm.bind(report);
        asm.cmp(Mem.at(Reg.RBX, RUN_USER_HANDLER), 0).jump(Condition.NE, callHandler);
        asm.zero(Reg.RAX).jmp(out);

        asm.bind(fixup);
        asm.mov(Reg.RBX, RUN).mov32(Mem.at(Reg.RBX, RUN_FUNCTION), Reg.RAX);
        asm.mov16(Mem.at(Reg.RBX, RUN_EXCEPTION_VECTOR), Reg.RDI);
        asm.mov16(Mem.at(Reg.RBX, RUN_EXCEPTION_ERROR_CODE), Reg.RSI);
        asm.mov(Mem.at(Reg.RBX, RUN_EXCEPTION_ADDRESS), Reg.RDX).jmp(report);

        // RDI, RSI, RDX, R8 and R9 are passed as they are; RCX is RSP, and the seventh argument, the run, lies on the
        // aligned stack.
        asm.bind(callHandler);
        asm.mov(Reg.RAX, Reg.RBX).mov(Reg.RCX, Reg.RSP).mov(Reg.RBX, Reg.RSP);
        asm.and(Reg.RSP, -16).push(Reg.RAX).push(Reg.RAX).cld();
        asm.mov(Reg.RAX, Mem.at(Reg.RAX, RUN_USER_HANDLER)).lfence().call(Reg.RAX);
        asm.mov(Reg.RSP, Reg.RBX)
                .test32(Reg.RAX, Reg.RAX)
                .jump(Condition.G, again)
                .jmp(out);

        asm.bind(invalid);
        asm.mov32(Reg.RAX, MINUS_EINVAL);

        asm.bind(out);
        asm.mov(Reg.RBX, CALLERS_RBX).leave().bind(ret).ret().bind(end);
    }
}
