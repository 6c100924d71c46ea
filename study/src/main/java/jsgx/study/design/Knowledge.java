package jsgx.study.design;

/** What user space knows of the life expectancy of its tokens, which the mail of 19 December 2017 has it know. */
public enum Knowledge {
    /** Nothing: it keeps each token as long as its budget lets it. */
    NONE("none"),
    /** Which launch of an enclave is its last: it discards that token after it. */
    LAST_LAUNCH("last-launch");

    private final String word;

    Knowledge(String word) {
        this.word = word;
    }

    /** Its name as people write it. */
    @Override
    public String toString() {
        return word;
    }
}
