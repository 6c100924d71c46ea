package jsgx.image.x86;

/** An operand in memory. */
public sealed interface Mem {

    /** {@code [base + displacement]} */
    record Based(Reg base, int displacement) implements Mem {}

    /** {@code [rip + …]}: a place in the code or the data behind it, wherever the whole is loaded. */
    record Relative(Label label) implements Mem {}

    /** {@code [base + index * scale + displacement]}; any index but RSP, a scale of 1, 2, 4 or 8. */
    record Indexed(Reg base, Reg index, int scale, int displacement) implements Mem {
        public Indexed {
            if (index == Reg.RSP) {
                throw new IllegalArgumentException("RSP cannot be an index");
            }
            if (scale < 1 || scale > 8 || Integer.bitCount(scale) != 1) {
                throw new IllegalArgumentException("a scale is 1, 2, 4 or 8, not " + scale);
            }
        }
    }

    static Mem at(Reg base) {
        return new Based(base, 0);
    }

    static Mem at(Reg base, int displacement) {
        return new Based(base, displacement);
    }

    static Mem at(Reg base, Reg index, int scale, int displacement) {
        return new Indexed(base, index, scale, displacement);
    }

    static Mem at(Label label) {
        return new Relative(label);
    }
}
