package jsgx.image;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jsgx.arch.struct.Layouts;

/**
 * Writes an image as an SGXS stream. Where all that is loaded is measured, SHA-256 of the stream is MRENCLAVE; a chunk that is
 * loaded without being measured becomes an UNMEASRD record, and none at all if it is zero.
 */
public final class SgxsWriter {

    private final OutputStream out;
    private final byte[] bytes = new byte[Sgxs.RECORD + Sgxs.CHUNK];
    private final MemorySegment record = MemorySegment.ofArray(bytes);

    private SgxsWriter(OutputStream out) {
        this.out = out;
    }

    /** Writes the stream of an image, its pages in their order. */
    public static void write(EnclaveImage image, OutputStream out) throws IOException {
        SgxsWriter writer = new SgxsWriter(out);
        writer.ecreate(image);
        for (EnclavePage page : image.pages()) {
            writer.page(page);
        }
        out.flush();
    }

    private void ecreate(EnclaveImage image) throws IOException {
        Layouts.u64(record, 0, Sgxs.ECREATE);
        Layouts.u32(record, 8, image.ssaFrameSize());
        Layouts.u64(record, 12, image.size());
        out.write(bytes, 0, Sgxs.RECORD);
    }

    private void page(EnclavePage page) throws IOException {
        header(Sgxs.EADD, page.offset());
        Layouts.u64(record, 16, page.flags());
        out.write(bytes, 0, Sgxs.RECORD);
        MemorySegment content = page.contentAsAdded();
        for (int chunk = 0; chunk < EnclavePage.CHUNKS; chunk++) {
            long at = (long) chunk * Sgxs.CHUNK;
            boolean measured = page.isMeasured(chunk);
            if (measured || !isZero(content, at)) {
                header(measured ? Sgxs.EEXTEND : Sgxs.UNMEASRD, page.offset() + at);
                MemorySegment.copy(content, at, record, Sgxs.RECORD, Sgxs.CHUNK);
                out.write(bytes);
            }
        }
    }

    private void header(long tag, long offset) {
        Arrays.fill(bytes, 0, Sgxs.RECORD, (byte) 0);
        Layouts.u64(record, 0, tag);
        Layouts.u64(record, 8, offset);
    }

    private static boolean isZero(MemorySegment content, long at) {
        return MemorySegment.mismatch(content, at, at + Sgxs.CHUNK, EnclavePage.ZEROES, 0, Sgxs.CHUNK) < 0;
    }
}
