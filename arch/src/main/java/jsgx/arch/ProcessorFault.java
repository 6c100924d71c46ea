package jsgx.arch;

/**
 * A fault on its way out of a leaf function. It carries the outcome, has no stack trace and no cause, and never leaves
 * {@link Encls} and {@link Enclu}.
 */
public final class ProcessorFault extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient Outcome.Faulted outcome;

    public ProcessorFault(LeafCheck check, Fault fault, String expected, String found) {
        super(null, null, false, false);
        this.outcome = new Outcome.Faulted(check, fault, expected, found);
    }

    public Outcome.Faulted outcome() {
        return outcome;
    }

    @Override
    public String getMessage() {
        return outcome.toString();
    }
}
