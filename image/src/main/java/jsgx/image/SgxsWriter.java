package jsgx.image;

import java.io.IOException;
import java.io.OutputStream;

/** Writes an image as an SGXS stream. */
public final class SgxsWriter {

    private SgxsWriter() {}

    /** Writes the canonical stream of an image: its measured records in their order, and UNMEASRD ones for what is not measured. */
    public static void write(EnclaveImage image, OutputStream out) throws IOException, ImageException {
        Skeleton.absent();
    }
}
