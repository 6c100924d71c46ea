package jsgx.machine.fast;

import static jsgx.image.x86.Reg.R10;
import static jsgx.image.x86.Reg.R8;
import static jsgx.image.x86.Reg.R9;
import static jsgx.image.x86.Reg.RAX;
import static jsgx.image.x86.Reg.RBX;
import static jsgx.image.x86.Reg.RCX;
import static jsgx.image.x86.Reg.RDI;
import static jsgx.image.x86.Reg.RDX;
import static jsgx.image.x86.Reg.RSI;
import static jsgx.image.x86.Reg.RSP;

import jsgx.image.x86.Assembler;
import jsgx.image.x86.Condition;
import jsgx.image.x86.Label;
import jsgx.image.x86.Mem;
import jsgx.machine.linux.SystemCall;

/**
 * The stub: the handler of every signal that the program's supervision looks at. It runs on the thread's area with all signals
 * masked, says in the mailbox what came, and does what Java answers: system calls, and at last the way back.
 */
final class Stub {

    /** How often it looks at the mailbox before it sleeps: an answer is often there before a sleep would have begun. */
    private static final int SPINS = 200;

    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_WAKE = 1;

    private final Assembler code = new Assembler();
    private final Label handler = new Label();
    private final Label enter = new Label();
    private final byte[] bytes;

    /**
     * Assembles it.
     *
     * @param fsgsbase whether user space may use RDFSBASE and its like
     */
    Stub(boolean fsgsbase) {
        assemble(fsgsbase);
        bytes = code.toBytes();
    }

    /** The code; it runs at any address. */
    byte[] code() {
        return bytes.clone();
    }

    /** Where the vDSO goes before its ENCLU, whose address is in RCX. */
    int enter() {
        return enter.offset();
    }

    /** Where the handler begins. */
    int handler() {
        return handler.offset();
    }

    private void assemble(boolean fsgsbase) {
        Label wait = new Label();
        Label look = new Label();
        Label answered = new Label();
        Label execute = new Label();
        Label post = new Label();

        code.bind(enter).jmp(RCX);

        code.bind(handler);
        code.mov(RBX, RSP).and(RBX, -AreaLayout.SLOT);
        code.mov(at(AreaLayout.SIGNAL), RDI);
        code.mov(at(AreaLayout.INFO), RSI);
        code.mov(at(AreaLayout.CONTEXT), RDX);
        if (fsgsbase) {
            code.rdfsbase(RAX).mov(at(AreaLayout.FS_BASE), RAX);
            code.rdgsbase(RAX).mov(at(AreaLayout.GS_BASE), RAX);
        }

        code.bind(post);
        code.mov32(RAX, AreaLayout.POSTED).xchg32(at(AreaLayout.STATE), RAX);
        futex(FUTEX_WAKE, 1);

        code.bind(wait);
        code.mov32(RCX, SPINS);
        code.bind(look);
        code.mov32(RAX, at(AreaLayout.STATE)).cmp32(RAX, AreaLayout.POSTED).jump(Condition.NE, answered);
        code.pause().sub(RCX, 1).jump(Condition.NE, look);
        futex(FUTEX_WAIT, AreaLayout.POSTED);
        code.jmp(wait);

        code.bind(answered);
        code.cmp32(RAX, AreaLayout.EXECUTE).jump(Condition.E, execute);
        code.mov32(RAX, AreaLayout.RUNNING).xchg32(at(AreaLayout.STATE), RAX);
        if (fsgsbase) {
            code.mov(RAX, at(AreaLayout.FS_BASE)).wrfsbase(RAX);
            code.mov(RAX, at(AreaLayout.GS_BASE)).wrgsbase(RAX);
        }
        code.mov(RSP, at(AreaLayout.CONTEXT));
        code.mov32(RAX, SystemCall.RT_SIGRETURN).syscall().ud2();

        code.bind(execute);
        code.mov(RDI, at(AreaLayout.ARGUMENTS));
        code.mov(RSI, at(AreaLayout.ARGUMENTS + 8));
        code.mov(RDX, at(AreaLayout.ARGUMENTS + 16));
        code.mov(R10, at(AreaLayout.ARGUMENTS + 24));
        code.mov(R8, at(AreaLayout.ARGUMENTS + 32));
        code.mov(R9, at(AreaLayout.ARGUMENTS + 40));
        code.mov(RAX, at(AreaLayout.NUMBER)).syscall();
        code.mov(at(AreaLayout.RESULT), RAX);
        code.jmp(post);
    }

    private void futex(int operation, int value) {
        code.lea(RDI, at(AreaLayout.STATE))
                .mov32(RSI, operation)
                .mov32(RDX, value)
                .zero(R10);
        code.mov32(RAX, SystemCall.FUTEX).syscall();
    }

    private static Mem at(int offset) {
        return Mem.at(RBX, offset);
    }
}
