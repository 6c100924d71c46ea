package jsgx.machine.task;

/** What becomes of a system call that the filter picked. */
public sealed interface SystemCallAnswer {

    /** The kernel executes it as it is. */
    record Proceed() implements SystemCallAnswer {}

    /** It is not executed, or was by {@link Task#systemCall}; the program finds this result, a negated errno where it failed. */
    record Result(long value) implements SystemCallAnswer {}
}
