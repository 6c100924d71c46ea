package jsgx.arch;

/**
 * One check of a leaf function, named after the step of the manual's operation section. Each leaf has an enum of its
 * checks whose constants stand in the order in which the processor makes them, so that the ordinal is the step.
 */
public interface LeafCheck {

    /** The enum constant's name. */
    String name();

    int ordinal();

    /** The leaf whose operation section holds this check. */
    Leaf leaf();

    /** What the manual demands at this step, as a sentence that is true when the check passes. */
    String rule();

    /** The number of this step among the checks of its leaf, from 1. */
    default int step() {
        return ordinal() + 1;
    }

    /** How many checks the leaf makes. */
    default int steps() {
        return getClass().isEnum()
                ? getClass().getEnumConstants().length
                : getClass().getSuperclass().getEnumConstants().length;
    }
}
