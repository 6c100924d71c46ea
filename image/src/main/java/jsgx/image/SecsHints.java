package jsgx.image;

import jsgx.arch.struct.Attributes;

/**
 * What a file says of the SECS beyond what its measurement fixes. A hint: the SIGSTRUCT decides.
 *
 * @param given whether the file says anything
 * @param attributes ATTRIBUTES that the file asks for
 * @param miscSelect MISCSELECT that the file asks for
 */
public record SecsHints(boolean given, Attributes attributes, int miscSelect) {

    /** The file says nothing. */
    public static final SecsHints NONE = new SecsHints(false, Attributes.NONE, 0);

    /** The file asks for this. */
    public static SecsHints of(Attributes attributes, int miscSelect) {
        return new SecsHints(true, attributes, miscSelect);
    }
}
