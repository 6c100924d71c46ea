package jsgx.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;

/** What must hold of every answer to bytes of anyone's making. */
final class Fuzzing {

    private static final int FEW = 512;

    private Fuzzing() {}

    /** A refusal is one line for people. */
    static void refused(ImageException e) {
        String line = String.valueOf(e.getMessage());
        if (line.contains("\n")
                || line.length() > 1000
                || !line.contains(": expected ")
                || !line.contains(", found ")) {
            throw new AssertionError("not a line for people: " + line, e);
        }
    }

    /** An image is one that ECREATE and EADD can be given, and measures the same after it was written and read. */
    static void accepted(EnclaveImage image) {
        if (Long.bitCount(image.size()) != 1 || image.size() < 0x2000 || image.ssaFrameSize() < 1) {
            throw new AssertionError("no enclave: size " + image.size() + ", SSA frame " + image.ssaFrameSize());
        }
        EnclavePage last = image.pages().getLast();
        if (last.offset() < 0 || last.offset() > image.size() - EnclavePage.SIZE) {
            throw new AssertionError("a page outside: " + last.offset());
        }
        if (image.pages().size() > FEW) {
            return;
        }
        try {
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            SgxsWriter.write(image, stream);
            EnclaveImage again = EnclaveFiles.read(MemorySegment.ofArray(stream.toByteArray()), ImageOptions.DEFAULT);
            boolean same = ImageMeasurement.measure(image).equals(ImageMeasurement.measure(again))
                    && ImageDiff.diff(image, again).differences().isEmpty();
            if (!same) {
                throw new AssertionError("differs from what was written of it");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ImageException e) {
            throw new AssertionError("cannot be read from what was written of it", e);
        }
    }
}
