package jsgx.machine.enclave;

import jsgx.machine.enclave.InstructionDecoder.Encoding;

/** Instructions that mean something to whoever supervises an enclave, told by their bytes. */
public final class Opcodes {

    /** The segment registers as MOV numbers them, of which it may load all but CS in an enclave's caller. */
    private static final int SEGMENT_REGISTERS = 6;

    private Opcodes() {}

    public static boolean isEnclu(byte[] code) {
        return starts(code, 0x0f, 0x01, 0xd7);
    }

    public static boolean isCpuid(byte[] code) {
        return starts(code, 0x0f, 0xa2);
    }

    public static boolean isUd2(byte[] code) {
        return starts(code, 0x0f, 0x0b);
    }

    /**
     * Whether an enclave gets #UD for the instruction whatever it is outside (SDM 3D, "Illegal Instructions Inside an Enclave"); those that
     * only a processor of SGX1 refuses are not among them.
     */
    static boolean isIllegalInEnclave(byte[] code) {
        InstructionDecoder instruction = new InstructionDecoder();
        if (instruction.decode(code, 0, code.length) == 0 || instruction.encoding() != Encoding.LEGACY) {
            return false;
        }
        return switch (instruction.map()) {
            case InstructionDecoder.ONE_BYTE -> isIllegalOneByte(instruction);
            case InstructionDecoder.MAP_0F -> isIllegal0F(instruction);
            default -> false;
        };
    }

    /** Port access, interrupts, far transfers of control, and loads of segment registers. */
    private static boolean isIllegalOneByte(InstructionDecoder instruction) {
        return switch (instruction.opcode()) {
            case 0x6c, 0x6d, 0x6e, 0x6f, 0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee, 0xef -> true;
            case 0xca, 0xcb, 0xcd, 0xcf -> true;
            case 0x8e -> instruction.reg() < SEGMENT_REGISTERS;
            case 0xff -> (instruction.reg() == 3 || instruction.reg() == 5) && instruction.hasMemoryOperand();
            default -> false;
        };
    }

    private static boolean isIllegal0F(InstructionDecoder instruction) {
        int reg = instruction.reg();
        boolean memory = instruction.hasMemoryOperand();
        return switch (instruction.opcode()) {
            // SLDT, STR, VERR, VERW.
            case 0x00 -> reg < 2 || reg == 4 || reg == 5;
            // SGDT, SIDT, VMCALL; VMFUNC.
            case 0x01 -> memory ? reg < 2 : instruction.modrm() == 0xc1 || instruction.modrm() == 0xd4;
            // LAR, SYSCALL, RDPMC, SYSENTER, GETSEC, POP FS, CPUID, POP GS, LSS, LFS, LGS.
            case 0x02, 0x05, 0x33, 0x34, 0x37, 0xa1, 0xa2, 0xa9 -> true;
            case 0xb2, 0xb4, 0xb5 -> memory;
            default -> false;
        };
    }

    private static boolean starts(byte[] code, int... bytes) {
        if (code.length < bytes.length) {
            return false;
        }
        for (int i = 0; i < bytes.length; i++) {
            if ((code[i] & 0xff) != bytes[i]) {
                return false;
            }
        }
        return true;
    }
}
