package jsgx.machine.enclave;

import java.util.Optional;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.leaf.EnclaveAccess.Kind;
import jsgx.machine.enclave.InstructionDecoder.Encoding;

/**
 * Tells whether an instruction that faulted on its data wrote or read, where the supervision does not say it. An instruction that
 * does both counts as one that writes, as processors count it.
 */
final class MemoryAccess {

    private static final int OPERAND_SIZE = 0x66;
    private static final int REP = 0xf3;
    private static final int REPNE = 0xf2;

    /** How far from the address in a register an operand of the longest string or stack instruction reaches. */
    private static final long NEAR = 64;

    private MemoryAccess() {}

    /**
     * What an instruction does at an address.
     *
     * @param code the bytes at RIP
     * @param address where it faulted
     * @return empty where the instruction is not known or has nothing to do with memory
     */
    static Optional<Kind> at(byte[] code, RegisterFile registers, long address) {
        InstructionDecoder instruction = new InstructionDecoder();
        if (instruction.decode(code, 0, code.length) == 0) {
            return Optional.empty();
        }
        Optional<Kind> implicit = implicit(instruction, registers, address);
        if (implicit.isPresent() || !instruction.hasMemoryOperand()) {
            return implicit;
        }
        return writes(instruction) ? Optional.of(Kind.WRITE) : Optional.of(Kind.READ);
    }

    /** Operands that the instruction does not name: the stack's, and those of string instructions. */
    private static Optional<Kind> implicit(InstructionDecoder instruction, RegisterFile registers, long address) {
        if (instruction.encoding() != Encoding.LEGACY) {
            return Optional.empty();
        }
        return switch (instruction.map()) {
            case InstructionDecoder.ONE_BYTE -> implicitOneByte(instruction, registers, address);
            case InstructionDecoder.MAP_0F ->
                switch (instruction.opcode()) {
                    case 0xa0, 0xa8 -> Optional.of(Kind.WRITE);
                    case 0xa1, 0xa9 -> Optional.of(Kind.READ);
                    // MASKMOVQ and MASKMOVDQU store at RDI.
                    case 0xf7 -> Optional.of(Kind.WRITE);
                    default -> Optional.empty();
                };
            default -> Optional.empty();
        };
    }

    private static Optional<Kind> implicitOneByte(
            InstructionDecoder instruction, RegisterFile registers, long address) {
        int opcode = instruction.opcode();
        if (opcode >= 0x50 && opcode <= 0x57) {
            return Optional.of(Kind.WRITE);
        }
        if (opcode >= 0x58 && opcode <= 0x5f) {
            return Optional.of(Kind.READ);
        }
        return switch (opcode) {
            case 0x68, 0x6a, 0x9c, 0xc8, 0xe8, 0xa2, 0xa3, 0xaa, 0xab -> Optional.of(Kind.WRITE);
            case 0x9d, 0xc2, 0xc3, 0xc9, 0xca, 0xcb, 0xcf, 0xd7, 0xa0, 0xa1 -> Optional.of(Kind.READ);
            case 0xa6, 0xa7, 0xac, 0xad, 0xae, 0xaf -> Optional.of(Kind.READ);
            // MOVS reads at RSI and writes at RDI.
            case 0xa4, 0xa5 -> Optional.of(isNear(address, registers.get(Register.RDI)) ? Kind.WRITE : Kind.READ);
            // POP to memory reads the stack; CALL and PUSH of memory write it.
            case 0x8f -> onStack(instruction, registers, address, Kind.READ);
            case 0xff ->
                switch (instruction.reg()) {
                    case 2, 3, 6 -> onStack(instruction, registers, address, Kind.WRITE);
                    default -> Optional.empty();
                };
            default -> Optional.empty();
        };
    }

    private static Optional<Kind> onStack(
            InstructionDecoder instruction, RegisterFile registers, long address, Kind kind) {
        boolean stack = !instruction.hasMemoryOperand() || isNear(address, registers.get(Register.RSP) - Long.BYTES);
        return stack ? Optional.of(kind) : Optional.empty();
    }

    private static boolean isNear(long address, long operand) {
        return address - operand >= 0 && address - operand < NEAR;
    }

    /** Whether the instruction writes the memory operand that ModRM names. */
    private static boolean writes(InstructionDecoder instruction) {
        return switch (instruction.encoding()) {
            case LEGACY ->
                switch (instruction.map()) {
                    case InstructionDecoder.ONE_BYTE -> writesOneByte(instruction);
                    case InstructionDecoder.MAP_0F -> writes0F(instruction);
                    case InstructionDecoder.MAP_0F38 -> writes0F38(instruction);
                    default -> isExtraction(instruction.opcode());
                };
            case VEX ->
                switch (instruction.map()) {
                    case InstructionDecoder.MAP_0F -> instruction.opcode() == 0x91 || writesVector(instruction);
                    case InstructionDecoder.MAP_0F38 ->
                        switch (instruction.opcode()) {
                            case 0x2e, 0x2f, 0x8e -> true;
                            default -> false;
                        };
                    default -> isVectorExtraction(instruction.opcode());
                };
            case EVEX ->
                switch (instruction.map()) {
                    case InstructionDecoder.MAP_0F -> writesVector(instruction);
                    case InstructionDecoder.MAP_0F38 -> writesEvex0F38(instruction);
                    case InstructionDecoder.MAP_0F3A -> isVectorExtraction(instruction.opcode());
                    default -> instruction.opcode() == 0x11 || instruction.opcode() == 0x7e;
                };
            case XOP -> false;
        };
    }

    private static boolean writesOneByte(InstructionDecoder instruction) {
        int opcode = instruction.opcode();
        int reg = instruction.reg();
        if (opcode < 0x40) {
            // The destination is the operand of ModRM but for those that are read into a register, and CMP.
            return (opcode & 2) == 0 && (opcode & 0x38) != 0x38;
        }
        return switch (opcode) {
            case 0x80, 0x81, 0x83 -> reg != 7;
            case 0x86, 0x87, 0x88, 0x89, 0x8c, 0x8f, 0xc6, 0xc7, 0xfe -> true;
            case 0xc0, 0xc1, 0xd0, 0xd1, 0xd2, 0xd3 -> true;
            case 0xd9 -> reg == 2 || reg == 3 || reg == 6 || reg == 7;
            case 0xdb -> reg == 1 || reg == 2 || reg == 3 || reg == 7;
            case 0xdd, 0xdf -> reg == 1 || reg == 2 || reg == 3 || reg == 6 || reg == 7;
            case 0xf6, 0xf7 -> reg == 2 || reg == 3;
            case 0xff -> reg < 2;
            default -> false;
        };
    }

    private static boolean writes0F(InstructionDecoder instruction) {
        int opcode = instruction.opcode();
        int reg = instruction.reg();
        if (opcode >= 0x90 && opcode <= 0x9f) {
            return true;
        }
        return switch (opcode) {
            case 0x00 -> reg < 2;
            case 0x01 -> reg < 2 || reg == 4;
            case 0xa4, 0xa5, 0xab, 0xac, 0xad, 0xb0, 0xb1, 0xb3, 0xbb, 0xc0, 0xc1, 0xc3 -> true;
            case 0xae -> reg == 0 || reg == 3 || reg == 4 || (reg == 6 && instruction.mandatoryPrefix() == 0);
            case 0xba -> reg > 4;
            case 0xc7 -> reg == 1 || reg == 4 || reg == 5 || reg == 7;
            default -> writesVector(instruction);
        };
    }

    /** The stores among the vector instructions of map 0F, however encoded. */
    private static boolean writesVector(InstructionDecoder instruction) {
        return switch (instruction.opcode()) {
            case 0x11, 0x13, 0x17, 0x29, 0x2b, 0x7f, 0xd6, 0xe7 -> true;
            case 0x7e -> instruction.mandatoryPrefix() != REP;
            case 0xae -> instruction.reg() == 3;
            default -> false;
        };
    }

    private static boolean writes0F38(InstructionDecoder instruction) {
        return switch (instruction.opcode()) {
            case 0xf1 -> instruction.mandatoryPrefix() != REPNE;
            case 0xf5 -> instruction.mandatoryPrefix() == OPERAND_SIZE;
            case 0xf6 -> instruction.mandatoryPrefix() == 0;
            case 0xf9 -> true;
            default -> false;
        };
    }

    private static boolean writesEvex0F38(InstructionDecoder instruction) {
        int opcode = instruction.opcode();
        return switch (opcode) {
            case 0x63, 0x8a, 0x8b, 0xa0, 0xa1, 0xa2, 0xa3 -> true;
            // The truncating stores are told from others of these opcodes by their prefix.
            default -> instruction.mandatoryPrefix() == REP && opcode >= 0x10 && opcode <= 0x35 && (opcode & 0xf) < 6;
        };
    }

    /** PEXTRB, PEXTRW, PEXTRD and EXTRACTPS. */
    private static boolean isExtraction(int opcode) {
        return opcode >= 0x14 && opcode <= 0x17;
    }

    /** The same, and the extractions of parts of a vector, and VCVTPS2PH. */
    private static boolean isVectorExtraction(int opcode) {
        return switch (opcode) {
            case 0x19, 0x1b, 0x1d, 0x39, 0x3b -> true;
            default -> isExtraction(opcode);
        };
    }
}
