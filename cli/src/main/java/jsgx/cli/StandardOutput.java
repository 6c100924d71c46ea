package jsgx.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Standard output that remembers why it could not be written, which a PrintStream does not tell. */
final class StandardOutput extends FilterOutputStream {

    private String failure = "";

    StandardOutput(OutputStream out) {
        super(out);
    }

    /** Why something was not written; empty where all was, or where its reader wanted no more. */
    String failure() {
        return failure;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            String message = String.valueOf(e.getMessage());
            // `jsgx … | head -1` is not a failure.
            if (!message.contains("Broken pipe")) {
                failure = message;
            }
            throw e;
        }
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }
}
