package jsgx.image.x86;

/** An operand in memory. */
public sealed interface Mem {

    /** {@code [base + displacement]} */
    record Based(Reg base, int displacement) implements Mem {}

    /** {@code [rip + …]}: a place in the code or the data behind it, wherever the whole is loaded. */
    record Relative(Label label) implements Mem {}

    static Mem at(Reg base) {
        return new Based(base, 0);
    }

    static Mem at(Reg base, int displacement) {
        return new Based(base, displacement);
    }

    static Mem at(Label label) {
        return new Relative(label);
    }
}
