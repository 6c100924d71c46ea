package jsgx.machine.fast;

import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;

/** What the kernel puts on the stack of a signal handler (struct rt_sigframe of x86-64): offsets in bytes. */
final class SignalFrame {

    /** struct rt_sigframe: the return address, then ucontext_t, then siginfo_t. */
    static final int CONTEXT = 8;

    /** ucontext_t with the kernel's mask of 64 signals. */
    static final int CONTEXT_BYTES = 304;

    static final int INFO = CONTEXT + CONTEXT_BYTES;
    static final int INFO_BYTES = 128;
    static final int BYTES = INFO + INFO_BYTES;

    // ucontext_t.
    static final int STACK_POINTER = 16;
    static final int STACK_FLAGS = 24;
    static final int STACK_SIZE = 32;

    /** struct sigcontext, whose first 18 words are registers. */
    static final int REGISTERS = 40;

    static final int RAX = REGISTERS + 13 * 8;
    static final int RIP = REGISTERS + 16 * 8;
    static final int FLAGS = REGISTERS + 17 * 8;
    static final int SEGMENTS = REGISTERS + 18 * 8;
    static final int ERROR_CODE = REGISTERS + 19 * 8;
    static final int TRAP = REGISTERS + 20 * 8;
    static final int CR2 = REGISTERS + 22 * 8;
    static final int FP_STATE = REGISTERS + 23 * 8;
    static final int MASK = REGISTERS + 256;

    /** The x87 and SSE part of the extended state in bytes: all of it where the processor has no XSAVE. */
    static final int LEGACY_STATE = 512;

    // The software bytes in the legacy area of the extended state.
    static final int FP_MAGIC = 464;
    static final int FP_MAGIC_VALUE = 0x4650_5853;
    static final int FP_EXTENDED_SIZE = 468;
    static final int FP_FEATURES = 472;
    static final int FP_XSTATE_SIZE = 480;

    // siginfo_t.
    static final int INFO_ERRNO = 4;
    static final int INFO_CODE = 8;
    static final int INFO_ADDRESS = 16;
    static final int INFO_SENDER = 16;

    /** Bytes below RSP that a function may use without telling. */
    static final int RED_ZONE = 128;

    private SignalFrame() {}

    /** The offset of a register in ucontext_t; -1 for those that it does not have. */
    static int offset(RegisterFile.Register register) {
        int index = switch (register) {
            case R8, R9, R10, R11, R12, R13, R14, R15 -> register.ordinal() - Register.R8.ordinal();
            case RDI -> 8;
            case RSI -> 9;
            case RBP -> 10;
            case RBX -> 11;
            case RDX -> 12;
            case RAX -> 13;
            case RCX -> 14;
            case RSP -> 15;
            case RIP -> 16;
            case RFLAGS -> 17;
            case FS_BASE, GS_BASE, SSP, U_CET -> -1;
        };
        return index < 0 ? -1 : REGISTERS + 8 * index;
    }
}
