package jsgx.image.x86;

/** A place in machine code, which may be named before it is known. One assembler's labels are of no use to another. */
public final class Label {

    static final int UNBOUND = -1;

    private int offset = UNBOUND;

    /** A place that is not known yet. */
    public Label() {}

    /** The place's offset from the first byte of the code. */
    public int offset() {
        if (offset == UNBOUND) {
            throw new IllegalStateException("a label is used that is bound nowhere");
        }
        return offset;
    }

    boolean isBound() {
        return offset != UNBOUND;
    }

    void bind(int at) {
        if (isBound()) {
            throw new IllegalStateException("a label is bound at 0x%x and again at 0x%x".formatted(offset, at));
        }
        offset = at;
    }
}
