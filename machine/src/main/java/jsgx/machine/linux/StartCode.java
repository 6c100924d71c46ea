package jsgx.machine.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Label;
import jsgx.image.x86.Mem;
import jsgx.image.x86.Reg;

/** What a new process executes first: it waits for whoever traces it, which sends it on to {@link #EXECUTE}. */
public final class StartCode {

    private static final long BASE = 0x1000_0000;
    private static final int HEADERS = 64 + 56;
    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PT_LOAD = 1;
    private static final int PF_X = 1;
    private static final int PF_R = 4;

    private static final byte[] SYSCALL = {0x0f, 0x05};
    private static final byte INT3 = (byte) 0xcc;

    private static final Label systemCall = new Label();
    private static final Label execute = new Label();
    private static final byte[] CODE = code();

    /** {@code syscall; int3}, for whoever traces the process. */
    public static final long SYSTEM_CALL = BASE + HEADERS + systemCall.offset();

    /** Where the process becomes the program, with RSP as it began; where it cannot, it exits with the errno. */
    public static final long EXECUTE = BASE + HEADERS + execute.offset();

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

    /** A static executable of one readable and executable segment. */
    static byte[] elf() {
        int size = HEADERS + CODE.length;
        ByteBuffer elf = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0);
        elf.putShort((short) 2).putShort((short) 62).putInt(1);
        elf.putLong(BASE + HEADERS).putLong(64).putLong(0).putInt(0);
        elf.putShort((short) 64).putShort((short) 56).putShort((short) 1);
        elf.putShort((short) 0).putShort((short) 0).putShort((short) 0);
        elf.putInt(PT_LOAD).putInt(PF_R | PF_X);
        elf.putLong(0).putLong(BASE).putLong(BASE).putLong(size).putLong(size).putLong(4096);
        return elf.put(CODE).array();
    }
}
