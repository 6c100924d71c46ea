package jsgx.study.report;

/** How one figure stands to another. */
enum Verdict {
    LESS,
    /** No difference beyond the spread over seeds, or none worth a word. */
    SAME,
    MORE,
    /** One seed has no spread: nobody knows. */
    UNKNOWN
}
