package jsgx.launch.load;

/** An enclave that ran can run no more: its EPC content is lost, or somebody took it away. */
public final class EnclaveLostException extends Exception {

    private static final long serialVersionUID = 1L;

    public EnclaveLostException(String message) {
        super(message);
    }
}
