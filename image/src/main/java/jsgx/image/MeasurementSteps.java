package jsgx.image;

import java.lang.foreign.MemorySegment;
import jsgx.arch.crypto.Measurement;
import org.jspecify.annotations.Nullable;

/** The steps of a measurement, ECREATE, EADD and EEXTEND, compared between two images. */
final class MeasurementSteps {

    private MeasurementSteps() {}

    /** The first step that adds something else to the hash, null where both images measure the same. */
    static @Nullable String firstDivergence(EnclaveImage a, EnclaveImage b) {
        if (a.size() != b.size() || a.ssaFrameSize() != b.ssaFrameSize()) {
            return "ECREATE, with the size or the SSA frame size";
        }
        int pagesA = a.pages().size();
        int pagesB = b.pages().size();
        for (int i = 0; i < Math.min(pagesA, pagesB); i++) {
            EnclavePage pageA = a.pages().get(i);
            EnclavePage pageB = b.pages().get(i);
            if (pageA.offset() != pageB.offset()) {
                return "EADD number %d, of page 0x%x and of page 0x%x".formatted(i, pageA.offset(), pageB.offset());
            }
            if (pageA.flags() != pageB.flags()) {
                return "EADD of page 0x%x, with its type or its permissions".formatted(pageA.offset());
            }
            int chunk = differentChunk(pageA, pageB);
            if (chunk >= 0) {
                return "EEXTEND of page 0x%x at offset 0x%x"
                        .formatted(pageA.offset(), pageA.offset() + (long) chunk * Measurement.CHUNK);
            }
        }
        if (pagesA != pagesB) {
            boolean inA = pagesA > pagesB;
            int index = Math.min(pagesA, pagesB);
            return "EADD number %d, of page 0x%x, which only the %s image has"
                    .formatted(index, (inA ? a : b).pages().get(index).offset(), inA ? "first" : "second");
        }
        return null;
    }

    private static int differentChunk(EnclavePage a, EnclavePage b) {
        MemorySegment contentA = a.contentAsAdded();
        MemorySegment contentB = b.contentAsAdded();
        for (int chunk = 0; chunk < EnclavePage.CHUNKS; chunk++) {
            if (a.isMeasured(chunk) != b.isMeasured(chunk)) {
                return chunk;
            }
            long at = (long) chunk * Measurement.CHUNK;
            if (a.isMeasured(chunk)
                    && MemorySegment.mismatch(
                                    contentA, at, at + Measurement.CHUNK, contentB, at, at + Measurement.CHUNK)
                            >= 0) {
                return chunk;
            }
        }
        return -1;
    }
}
