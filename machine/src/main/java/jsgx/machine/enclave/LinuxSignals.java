package jsgx.machine.enclave;

import jsgx.arch.leaf.Aex;
import jsgx.machine.task.SignalInfo;

/** Which signal Linux makes of an exception that a thread raised (arch/x86/kernel/traps.c, arch/x86/mm/fault.c). */
public final class LinuxSignals {

    static final int DE = 0;
    static final int DB = 1;
    static final int BP = 3;
    static final int UD = 6;
    static final int SS = 12;
    static final int GP = 13;
    static final int PF = 14;
    static final int MF = 16;
    static final int AC = 17;
    static final int XM = 19;

    /** si_code where the kernel has nothing to say but that it was the kernel. */
    static final int SI_KERNEL = 0x80;

    static final int SEGV_MAPERR = 1;
    static final int SEGV_ACCERR = 2;

    private static final int ILL_ILLOPN = 2;
    private static final int FPE_INTDIV = 1;
    private static final int FPE_FLTINV = 7;
    private static final int TRAP_TRACE = 2;
    private static final int BUS_ADRALN = 1;
    private static final int BUS_ADRERR = 2;

    private LinuxSignals() {}

    /** The signal of an exception other than #PF. */
    static SignalInfo of(Aex.Event event, long rip) {
        return switch (event.vector()) {
            case DE -> signal(SignalInfo.SIGFPE, FPE_INTDIV, rip, event);
            // After an AEX the FPU holds a synthetic invalid-operation exception, whatever it was inside.
            case MF, XM -> signal(SignalInfo.SIGFPE, FPE_FLTINV, rip, event);
            case UD -> signal(SignalInfo.SIGILL, ILL_ILLOPN, rip, event);
            case DB -> signal(SignalInfo.SIGTRAP, TRAP_TRACE, rip, event);
            case BP -> signal(SignalInfo.SIGTRAP, SI_KERNEL, 0, event);
            case SS -> signal(SignalInfo.SIGBUS, SI_KERNEL, 0, event);
            case AC -> signal(SignalInfo.SIGBUS, BUS_ADRALN, 0, event);
            default -> signal(SignalInfo.SIGSEGV, SI_KERNEL, 0, event);
        };
    }

    /** SIGSEGV of a page fault that the kernel cannot repair. */
    static SignalInfo segmentation(Aex.Event event, boolean mapped) {
        return signal(SignalInfo.SIGSEGV, mapped ? SEGV_ACCERR : SEGV_MAPERR, event.address(), event);
    }

    /** SIGBUS of a page fault that whoever made the mapping cannot repair. */
    static SignalInfo bus(Aex.Event event) {
        return signal(SignalInfo.SIGBUS, BUS_ADRERR, event.address(), event);
    }

    /** Which exception a signal tells of, of those that are not page faults. */
    static int vector(SignalInfo signal, byte[] code) {
        if (signal.trap() != SignalInfo.UNKNOWN) {
            return signal.trap();
        }
        return switch (signal.number()) {
            case SignalInfo.SIGILL -> UD;
            case SignalInfo.SIGTRAP -> signal.code() == SI_KERNEL ? BP : DB;
            case SignalInfo.SIGFPE -> signal.code() == FPE_INTDIV ? DE : isX87(code) ? MF : XM;
            case SignalInfo.SIGBUS -> signal.code() == BUS_ADRALN ? AC : SS;
            default -> GP;
        };
    }

    /** Whether a signal tells of a page fault. */
    public static boolean isPageFault(SignalInfo signal) {
        return switch (signal.number()) {
            case SignalInfo.SIGSEGV -> signal.code() > 0 && signal.code() != SI_KERNEL;
            case SignalInfo.SIGBUS -> signal.code() == BUS_ADRERR;
            default -> false;
        };
    }

    /** Whether an exception of the thread caused a signal; otherwise somebody sent it. */
    public static boolean isSynchronous(SignalInfo signal) {
        return signal.code() > 0;
    }

    private static boolean isX87(byte[] code) {
        int opcode = code.length == 0 ? 0 : code[0] & 0xff;
        return (opcode >= 0xd8 && opcode <= 0xdf) || opcode == 0x9b;
    }

    private static SignalInfo signal(int number, int code, long address, Aex.Event event) {
        return new SignalInfo(number, code, address, event.vector(), event.errorCode());
    }
}
