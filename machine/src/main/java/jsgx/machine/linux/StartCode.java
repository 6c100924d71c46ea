package jsgx.machine.linux;

import java.util.List;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Label;
import jsgx.image.x86.Mem;
import jsgx.image.x86.Reg;
import jsgx.image.x86.StaticElf;

/** What a new process executes first: it waits for whoever traces it, which sends it on to {@link #EXECUTE}. */
public final class StartCode {

    private static final long BASE = 0x1000_0000;
    private static final int PR_SET_PDEATHSIG = 1;

    private static final byte[] SYSCALL = {0x0f, 0x05};
    private static final byte INT3 = (byte) 0xcc;

    private static final Label systemCall = new Label();
    private static final Label execute = new Label();
    private static final byte[] CODE = code();

    /** {@code syscall; int3}, for whoever traces the process. */
    public static final long SYSTEM_CALL = BASE + systemCall.offset();

    /** Where the process becomes the program, with RSP as it began; where it cannot, it exits with the errno. */
    public static final long EXECUTE = BASE + execute.offset();

    private StartCode() {}

    private static byte[] code() {
        Assembler asm = new Assembler();
        asm.mov32(Reg.RDI, PR_SET_PDEATHSIG).mov32(Reg.RSI, Signals.SIGKILL);
        asm.mov32(Reg.RAX, SystemCall.PRCTL).bytes(SYSCALL);
        Label wait = asm.here();
        asm.mov32(Reg.RAX, SystemCall.PAUSE).bytes(SYSCALL).jmp(wait);
        asm.align(16).bind(systemCall).bytes(SYSCALL).bytes(INT3);
        asm.align(16).bind(execute);
        // The stack: argc, our name, the path, the program's arguments, 0, the environment, 0.
        asm.mov(Reg.RDI, Mem.at(Reg.RSP, 16)).lea(Reg.RSI, Mem.at(Reg.RSP, 24));
        asm.mov(Reg.RCX, Mem.at(Reg.RSP, 0))
                .add(Reg.RCX, Reg.RCX)
                .add(Reg.RCX, Reg.RCX)
                .add(Reg.RCX, Reg.RCX);
        asm.lea(Reg.RDX, Mem.at(Reg.RSP, 16)).add(Reg.RDX, Reg.RCX);
        asm.mov32(Reg.RAX, SystemCall.EXECVE).bytes(SYSCALL);
        asm.zero(Reg.RDI)
                .sub(Reg.RDI, Reg.RAX)
                .mov32(Reg.RAX, SystemCall.EXIT_GROUP)
                .bytes(SYSCALL);
        return asm.toBytes();
    }

    /** A static executable of it alone. */
    static byte[] elf() {
        return StaticElf.of(BASE, List.of(StaticElf.Segment.code(BASE, CODE)));
    }
}
