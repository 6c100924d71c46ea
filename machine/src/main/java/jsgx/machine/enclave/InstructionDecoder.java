package jsgx.machine.enclave;

/**
 * Finds the length of an x86-64 instruction in 64-bit mode, and what it does with memory. It knows the encoding, not every
 * instruction: an opcode that no processor has may pass for one. One thread at a time uses it; what it tells is of the last
 * instruction decoded.
 */
final class InstructionDecoder {

    /** No instruction is longer. */
    static final int LONGEST = 15;

    /** The maps of opcodes: of one byte, and those behind 0F, 0F 38 and 0F 3A, by which VEX and EVEX number them too. */
    static final int ONE_BYTE = 0;

    static final int MAP_0F = 1;
    static final int MAP_0F38 = 2;
    static final int MAP_0F3A = 3;
    private static final int EVEX_MAP5 = 5;
    private static final int EVEX_MAP6 = 6;
    private static final int XOP_MAP8 = 8;
    private static final int XOP_MAP10 = 10;

    /** How the opcode is encoded. */
    enum Encoding {
        LEGACY,
        VEX,
        EVEX,
        XOP
    }

    private static final int OPERAND_SIZE = 0x66;
    private static final int ADDRESS_SIZE = 0x67;
    private static final int NOT_THERE = -1;

    private byte[] code = new byte[0];
    private int position;
    private int end;

    private Encoding encoding = Encoding.LEGACY;
    private int map;
    private int opcode;
    private int modrm;
    private int rex;
    private int mandatory;
    private boolean operandSize;
    private boolean addressSize;
    private boolean locked;

    /** The encoding of the opcode. */
    Encoding encoding() {
        return encoding;
    }

    /** The map of the opcode: {@link #ONE_BYTE}, {@link #MAP_0F} and so on. */
    int map() {
        return map;
    }

    int opcode() {
        return opcode;
    }

    /** The last of 66, F2 and F3 before the opcode, as VEX and EVEX say it too; 0 where there is none. */
    int mandatoryPrefix() {
        return mandatory;
    }

    /** The REX prefix, 0 where there is none. */
    int rex() {
        return rex;
    }

    /** Bits 5:3 of ModRM. */
    int reg() {
        return modrm >> 3 & 7;
    }

    /** Whether ModRM names memory. */
    boolean hasMemoryOperand() {
        return modrm != NOT_THERE && modrm < 0xc0;
    }

    /** ModRM, or -1 where the instruction has none. */
    int modrm() {
        return modrm;
    }

    /**
     * Decodes the instruction at an index.
     *
     * @param to the index after the last byte that may belong to it
     * @return its length in bytes; 0 where there is none, or not all of it
     */
    int decode(byte[] bytes, int from, int to) {
        code = bytes;
        position = from;
        end = Math.min(to, from + LONGEST);
        encoding = Encoding.LEGACY;
        map = ONE_BYTE;
        opcode = NOT_THERE;
        modrm = NOT_THERE;
        rex = 0;
        mandatory = 0;
        operandSize = false;
        addressSize = false;
        locked = false;
        return decode() && position <= end ? position - from : 0;
    }

    private int peek() {
        return position < end ? code[position] & 0xff : NOT_THERE;
    }

    private int next() {
        int b = peek();
        position++;
        return b;
    }

    private boolean decode() {
        int b = prefixes();
        switch (b) {
            case NOT_THERE -> {
                return false;
            }
            case 0xc4, 0xc5 -> {
                return vex(b);
            }
            case 0x62 -> {
                return evex();
            }
            case 0x8f -> {
                int following = peek();
                if (following != NOT_THERE && (following & 0x1f) >= XOP_MAP8) {
                    return xop();
                }
            }
            default -> {}
        }
        if (b == 0x0f) {
            map = MAP_0F;
            b = next();
            if (b == 0x38 || b == 0x3a) {
                map = b == 0x38 ? MAP_0F38 : MAP_0F3A;
                b = next();
            }
        }
        if (b == NOT_THERE) {
            return false;
        }
        opcode = b;
        return operands();
    }

    /** Skips prefixes and returns the first byte behind them. */
    private int prefixes() {
        while (true) {
            int b = next();
            switch (b) {
                case OPERAND_SIZE -> {
                    operandSize = true;
                    mandatory = mandatory == 0 ? OPERAND_SIZE : mandatory;
                    rex = 0;
                }
                case 0xf2, 0xf3 -> {
                    mandatory = b;
                    rex = 0;
                }
                case ADDRESS_SIZE -> {
                    addressSize = true;
                    rex = 0;
                }
                case 0xf0 -> {
                    locked = true;
                    rex = 0;
                }
                case 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65 -> rex = 0;
                default -> {
                    if (b < 0x40 || b > 0x4f) {
                        return b;
                    }
                    rex = b;
                }
            }
        }
    }

    /** VEX and its like are undefined behind these prefixes. */
    private boolean isPrefixed() {
        return rex != 0 || mandatory != 0 || locked;
    }

    private boolean vex(int escape) {
        if (isPrefixed()) {
            return false;
        }
        encoding = Encoding.VEX;
        map = MAP_0F;
        int last = next();
        if (escape == 0xc4) {
            map = last & 0x1f;
            last = next();
        }
        mandatory(last & 3);
        opcode = next();
        return opcode != NOT_THERE && map >= MAP_0F && map <= MAP_0F3A && operands();
    }

    private boolean evex() {
        if (isPrefixed()) {
            return false;
        }
        encoding = Encoding.EVEX;
        int first = next();
        int second = next();
        next();
        opcode = next();
        map = first & 7;
        mandatory(second & 3);
        return opcode != NOT_THERE
                && (first & 8) == 0
                && (second & 4) != 0
                && ((map >= MAP_0F && map <= MAP_0F3A) || map == EVEX_MAP5 || map == EVEX_MAP6)
                && operands();
    }

    private boolean xop() {
        if (isPrefixed()) {
            return false;
        }
        encoding = Encoding.XOP;
        map = next() & 0x1f;
        next();
        opcode = next();
        return opcode != NOT_THERE && map <= XOP_MAP10 && operands();
    }

    private void mandatory(int pp) {
        mandatory = switch (pp) {
            case 1 -> OPERAND_SIZE;
            case 2 -> 0xf3;
            case 3 -> 0xf2;
            default -> 0;
        };
    }

    private boolean operands() {
        if (!exists()) {
            return false;
        }
        if (hasModrm()) {
            modrm = next();
            if (modrm == NOT_THERE) {
                return false;
            }
            addressing();
        }
        position += immediate();
        return true;
    }

    /** SIB and displacement. */
    private void addressing() {
        int mode = isMoveOfControl() ? 3 : modrm >> 6;
        if (mode == 3) {
            return;
        }
        int base = modrm & 7;
        if (base == 4) {
            base = next() & 7;
        }
        position += switch (mode) {
            case 0 -> base == 5 ? 4 : 0;
            case 1 -> 1;
            default -> 4;
        };
    }

    /** MOV from and to control and debug registers takes ModRM for registers whatever it says. */
    private boolean isMoveOfControl() {
        return encoding == Encoding.LEGACY && map == MAP_0F && (opcode & 0xfc) == 0x20;
    }

    /** Whether 64-bit mode has an instruction with this opcode. */
    private boolean exists() {
        if (encoding != Encoding.LEGACY) {
            return true;
        }
        return switch (map) {
            case ONE_BYTE ->
                switch (opcode) {
                    case 0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f -> false;
                    case 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea -> false;
                    default -> true;
                };
            case MAP_0F ->
                switch (opcode) {
                    case 0x04, 0x0a, 0x0c, 0x24, 0x25, 0x26, 0x27, 0x36, 0x39, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f -> false;
                    case 0x7a, 0x7b, 0xa6, 0xa7 -> false;
                    default -> true;
                };
            default -> true;
        };
    }

    private boolean hasModrm() {
        if (encoding != Encoding.LEGACY) {
            return !(encoding == Encoding.VEX && map == MAP_0F && opcode == 0x77);
        }
        return switch (map) {
            case ONE_BYTE ->
                opcode < 0x40
                        ? (opcode & 7) < 4
                        : switch (opcode) {
                            case 0x63, 0x69, 0x6b, 0xc0, 0xc1, 0xc6, 0xc7, 0xf6, 0xf7, 0xfe, 0xff -> true;
                            default ->
                                (opcode >= 0x80 && opcode <= 0x8f)
                                        || (opcode >= 0xd0 && opcode <= 0xd3)
                                        || (opcode >= 0xd8 && opcode <= 0xdf);
                        };
            case MAP_0F ->
                switch (opcode) {
                    case 0x05, 0x06, 0x07, 0x08, 0x09, 0x0b, 0x0e, 0x77 -> false;
                    case 0xa0, 0xa1, 0xa2, 0xa8, 0xa9, 0xaa -> false;
                    default ->
                        !((opcode >= 0x30 && opcode <= 0x37)
                                || (opcode >= 0x80 && opcode <= 0x8f)
                                || (opcode >= 0xc8 && opcode <= 0xcf));
                };
            default -> true;
        };
    }

    /** Bytes of the immediate operands. */
    private int immediate() {
        return switch (encoding) {
            case LEGACY ->
                switch (map) {
                    case ONE_BYTE -> immediateOneByte();
                    case MAP_0F -> immediate0F();
                    case MAP_0F3A -> 1;
                    default -> 0;
                };
            case VEX, EVEX -> map == MAP_0F3A || (map == MAP_0F && isWithImmediate()) ? 1 : 0;
            case XOP -> map == XOP_MAP8 ? 1 : map == XOP_MAP10 ? 4 : 0;
        };
    }

    private int immediateOneByte() {
        int full = operandSize && (rex & 8) == 0 ? 2 : 4;
        if (opcode < 0x40) {
            return switch (opcode & 7) {
                case 4 -> 1;
                case 5 -> full;
                default -> 0;
            };
        }
        if ((opcode >= 0x70 && opcode <= 0x7f) || (opcode >= 0xb0 && opcode <= 0xb7)) {
            return 1;
        }
        if (opcode >= 0xb8 && opcode <= 0xbf) {
            return (rex & 8) != 0 ? 8 : full;
        }
        return switch (opcode) {
            case 0x6a, 0x6b, 0x80, 0x83, 0xa8, 0xc0, 0xc1, 0xc6, 0xcd, 0xeb -> 1;
            case 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7 -> 1;
            case 0x68, 0x69, 0x81, 0xa9, 0xc7 -> full;
            // A jump's displacement stays 4 bytes whatever the operand size.
            case 0xe8, 0xe9 -> 4;
            case 0xa0, 0xa1, 0xa2, 0xa3 -> addressSize ? 4 : 8;
            case 0xc2, 0xca -> 2;
            case 0xc8 -> 3;
            case 0xf6 -> reg() < 2 ? 1 : 0;
            case 0xf7 -> reg() < 2 ? full : 0;
            default -> 0;
        };
    }

    private int immediate0F() {
        if (opcode >= 0x80 && opcode <= 0x8f) {
            return 4;
        }
        return switch (opcode) {
            case 0x0f, 0xa4, 0xac, 0xba -> 1;
            // EXTRQ and INSERTQ have two, VMREAD none.
            case 0x78 -> mandatory == OPERAND_SIZE || mandatory == 0xf2 ? 2 : 0;
            default -> isWithImmediate() ? 1 : 0;
        };
    }

    /** The vector instructions of map 0F that have an immediate operand. */
    private boolean isWithImmediate() {
        return switch (opcode) {
            case 0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6 -> true;
            default -> false;
        };
    }
}
