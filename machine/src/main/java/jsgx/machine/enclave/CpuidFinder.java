package jsgx.machine.enclave;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jsgx.machine.enclave.InstructionDecoder.Encoding;

/**
 * Finds the CPUID instructions in machine code. Two bytes that look like one may be part of another instruction, or of a table between functions,
 * and must then stay as they are: only what has sensible code before and behind it, whichever of several places decoding begins at,
 * counts. A CPUID that is missed costs less than a constant that is changed.
 */
final class CpuidFinder {

    /** Decoding begins at each byte that is at least so far before a candidate, */
    private static final int NEAREST_START = 24;

    /** and at most so far. */
    private static final int FARTHEST_START = 88;

    /** So many instructions next to a candidate on both sides must be such as compilers make. */
    private static final int NEIGHBOURS = 6;

    /** EAX is set in one of so many instructions before the candidate. */
    private static final int LOOK_BACK = 16;

    private final InstructionDecoder decoder = new InstructionDecoder();
    private final boolean[] ordinary = new boolean[LOOK_BACK];
    private final boolean[] setsEax = new boolean[LOOK_BACK];

    /** The offsets of the CPUID instructions in code that begins at offset 0. */
    int[] find(byte[] code) {
        List<Integer> found = new ArrayList<>();
        for (int i = 0; i + 1 < code.length; i++) {
            if (code[i] == 0x0f && (code[i + 1] & 0xff) == 0xa2 && isInstruction(code, i)) {
                found.add(i);
            }
        }
        return found.stream().mapToInt(Integer::intValue).toArray();
    }

    private boolean isInstruction(byte[] code, int candidate) {
        int first = Math.max(0, candidate - FARTHEST_START);
        int last = Math.max(first, candidate - NEAREST_START);
        int starts = last - first + 1;
        int hits = 0;
        int misses = 0;
        for (int start = first; start <= last; start++) {
            switch (path(code, start, candidate)) {
                case HIT -> hits++;
                case MISS -> misses++;
                case NOT_CODE -> {}
            }
        }
        // From most starts the stream of instructions is the right one within a few of them.
        return hits * 2 >= starts && misses * 8 <= starts && isCodeFrom(code, candidate);
    }

    private enum Path {
        /** Decoding comes to the candidate, through code such as compilers make. */
        HIT,
        /** Decoding passes the candidate by. */
        MISS,
        NOT_CODE
    }

    private Path path(byte[] code, int start, int candidate) {
        Arrays.fill(ordinary, true);
        Arrays.fill(setsEax, false);
        int position = start;
        int count = 0;
        while (position < candidate) {
            int length = decoder.decode(code, position, code.length);
            if (length == 0) {
                return Path.NOT_CODE;
            }
            ordinary[count % LOOK_BACK] = isOrdinary();
            setsEax[count % LOOK_BACK] = setsEax();
            count++;
            position += length;
        }
        if (position != candidate) {
            return Path.MISS;
        }
        for (int i = 1; i <= Math.min(count, NEIGHBOURS); i++) {
            if (!ordinary[(count - i) % LOOK_BACK]) {
                return Path.NOT_CODE;
            }
        }
        for (int i = 1; i <= Math.min(count, LOOK_BACK); i++) {
            if (setsEax[(count - i) % LOOK_BACK]) {
                return Path.HIT;
            }
        }
        return Path.NOT_CODE;
    }

    private boolean isCodeFrom(byte[] code, int candidate) {
        int position = candidate;
        for (int i = 0; i <= NEIGHBOURS && position < code.length; i++) {
            int length = decoder.decode(code, position, code.length);
            if (length == 0 || (i > 0 && !isOrdinary())) {
                return false;
            }
            if (i > 0 && endsCode()) {
                return true;
            }
            position += length;
        }
        return true;
    }

    /** Whether code need not go on behind the instruction: RET and JMP. */
    private boolean endsCode() {
        return decoder.encoding() == Encoding.LEGACY
                && decoder.map() == InstructionDecoder.ONE_BYTE
                && switch (decoder.opcode()) {
                    case 0xc3, 0xe9, 0xeb -> true;
                    default -> false;
                };
    }

    /** Whether the instruction is none that only systems use, and none that hardly anything uses. */
    private boolean isOrdinary() {
        int opcode = decoder.opcode();
        if (decoder.encoding() == Encoding.XOP) {
            return false;
        }
        if (decoder.encoding() != Encoding.LEGACY) {
            return true;
        }
        return switch (decoder.map()) {
            case InstructionDecoder.ONE_BYTE ->
                switch (opcode) {
                    case 0x6c, 0x6d, 0x6e, 0x6f, 0x8c, 0x8e, 0x9b, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2, 0xa3 -> false;
                    case 0xc2, 0xc8, 0xca, 0xcb, 0xcc, 0xcd, 0xcf, 0xd7, 0xe0, 0xe1, 0xe2, 0xe3 -> false;
                    case 0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee, 0xef, 0xf1, 0xf4, 0xf5, 0xf8, 0xf9 -> false;
                    case 0xfa, 0xfb, 0xfd -> false;
                    case 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf -> false;
                    case 0xfe -> decoder.reg() < 2;
                    case 0xff -> decoder.reg() != 7 && decoder.reg() != 3 && decoder.reg() != 5;
                    default -> true;
                };
            case InstructionDecoder.MAP_0F ->
                switch (opcode) {
                    case 0x00, 0x02, 0x03, 0x06, 0x07, 0x08, 0x09, 0x0b, 0x0d, 0x0e, 0x0f -> false;
                    case 0x20, 0x21, 0x22, 0x23, 0x30, 0x32, 0x33, 0x34, 0x35, 0x37, 0x78, 0x79, 0xaa -> false;
                    case 0xa0, 0xa1, 0xa8, 0xa9, 0xb2, 0xb4, 0xb5, 0xb9, 0xff -> false;
                    default -> true;
                };
            default -> true;
        };
    }

    /** Whether the instruction writes EAX from something else than what EAX was. */
    private boolean setsEax() {
        if (decoder.encoding() != Encoding.LEGACY) {
            return false;
        }
        int modrm = decoder.modrm();
        boolean registers = modrm >= 0xc0;
        boolean regIsEax = decoder.reg() == 0 && (decoder.rex() & 4) == 0;
        boolean rmIsEax = registers && (modrm & 7) == 0 && (decoder.rex() & 1) == 0;
        if (decoder.map() == InstructionDecoder.MAP_0F) {
            return switch (decoder.opcode()) {
                case 0xa2 -> true;
                case 0xb6, 0xb7, 0xbe, 0xbf -> regIsEax;
                default -> false;
            };
        }
        if (decoder.map() != InstructionDecoder.ONE_BYTE) {
            return false;
        }
        return switch (decoder.opcode()) {
            case 0xb8, 0x58 -> (decoder.rex() & 1) == 0;
            case 0x31, 0x33, 0x29, 0x2b -> rmIsEax && regIsEax;
            case 0x89, 0xc7 -> rmIsEax;
            case 0x8b, 0x8d -> regIsEax;
            // ADD, OR, AND and the like with an immediate, INC and DEC: loops over leaves.
            case 0x83, 0x81, 0xff -> rmIsEax && decoder.reg() != 7;
            default -> false;
        };
    }
}
