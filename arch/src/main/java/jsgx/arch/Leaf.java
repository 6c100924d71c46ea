package jsgx.arch;

/** A leaf function of ENCLS or ENCLU and its number in EAX (SDM 3D, "ENCLS/ENCLU leaf functions"). */
public enum Leaf {
    ECREATE(Instruction.ENCLS, 0x00),
    EADD(Instruction.ENCLS, 0x01),
    EINIT(Instruction.ENCLS, 0x02),
    EREMOVE(Instruction.ENCLS, 0x03),
    EDBGRD(Instruction.ENCLS, 0x04),
    EDBGWR(Instruction.ENCLS, 0x05),
    EEXTEND(Instruction.ENCLS, 0x06),
    ELDB(Instruction.ENCLS, 0x07),
    ELDU(Instruction.ENCLS, 0x08),
    EBLOCK(Instruction.ENCLS, 0x09),
    EPA(Instruction.ENCLS, 0x0A),
    EWB(Instruction.ENCLS, 0x0B),
    ETRACK(Instruction.ENCLS, 0x0C),
    EAUG(Instruction.ENCLS, 0x0D),
    EMODPR(Instruction.ENCLS, 0x0E),
    EMODT(Instruction.ENCLS, 0x0F),
    ERDINFO(Instruction.ENCLS, 0x10),
    ETRACKC(Instruction.ENCLS, 0x11),
    ELDBC(Instruction.ENCLS, 0x12),
    ELDUC(Instruction.ENCLS, 0x13),
    EUPDATESVN(Instruction.ENCLS, 0x18),

    EREPORT(Instruction.ENCLU, 0x00),
    EGETKEY(Instruction.ENCLU, 0x01),
    EENTER(Instruction.ENCLU, 0x02),
    ERESUME(Instruction.ENCLU, 0x03),
    EEXIT(Instruction.ENCLU, 0x04),
    EACCEPT(Instruction.ENCLU, 0x05),
    EMODPE(Instruction.ENCLU, 0x06),
    EACCEPTCOPY(Instruction.ENCLU, 0x07),
    EDECCSSA(Instruction.ENCLU, 0x09),

    /** Any value of EAX that selects no leaf of ENCLS. */
    UNKNOWN_ENCLS(Instruction.ENCLS, -1),
    /** Any value of EAX that selects no leaf of ENCLU. */
    UNKNOWN_ENCLU(Instruction.ENCLU, -1);

    /** The instruction that a leaf belongs to: ENCLS runs at CPL 0, ENCLU at CPL 3. */
    public enum Instruction {
        ENCLS,
        ENCLU
    }

    private static final Leaf[] VALUES = values();

    private final Instruction instruction;
    private final int number;

    Leaf(Instruction instruction, int number) {
        this.instruction = instruction;
        this.number = number;
    }

    public Instruction instruction() {
        return instruction;
    }

    /** The leaf that a value of EAX selects. */
    public static Leaf of(Instruction instruction, int number) {
        for (Leaf leaf : VALUES) {
            if (leaf.instruction == instruction && leaf.number == number) {
                return leaf;
            }
        }
        return instruction == Instruction.ENCLS ? UNKNOWN_ENCLS : UNKNOWN_ENCLU;
    }

    /** The value of EAX that selects this leaf, -1 where none does. */
    public int number() {
        return number;
    }
}
