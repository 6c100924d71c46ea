package jsgx.image;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import jsgx.arch.crypto.Measurement;
import jsgx.arch.struct.Secinfo;

/**
 * What an image measures to.
 *
 * @param mrEnclave MRENCLAVE in lower-case hex
 * @param pages how many pages are added
 * @param measuredPages how many of them are measured, in part or whole
 * @param size SECS.SIZE in bytes
 * @param ssaFrameSize SECS.SSAFRAMESIZE in pages
 */
public record ImageMeasurement(String mrEnclave, int pages, int measuredPages, long size, int ssaFrameSize) {

    /** Measures as the processor does, without CET_LEG_BITMAP_OFFSET, which no file format has. */
    public static ImageMeasurement measure(EnclaveImage image) {
        Measurement measurement = Measurement.ecreate(image.ssaFrameSize(), image.size(), 0);
        MemorySegment secinfo = MemorySegment.ofArray(new byte[Secinfo.SIZE]);
        int measuredPages = 0;
        for (EnclavePage page : image.pages()) {
            new Secinfo(secinfo).flags(page.flags());
            measurement.eadd(page.offset(), secinfo);
            if (page.measured() != EnclavePage.NONE) {
                measuredPages++;
                extend(measurement, page);
            }
        }
        return new ImageMeasurement(
                HexFormat.of().formatHex(measurement.value()),
                image.pages().size(),
                measuredPages,
                image.size(),
                image.ssaFrameSize());
    }

    /** MRENCLAVE as it lies in memory. */
    public byte[] mrEnclaveBytes() {
        return HexFormat.of().parseHex(mrEnclave);
    }

    private static void extend(Measurement measurement, EnclavePage page) {
        MemorySegment content = page.contentAsAdded();
        for (int chunk = 0; chunk < EnclavePage.CHUNKS; chunk++) {
            if (page.isMeasured(chunk)) {
                int at = chunk * Measurement.CHUNK;
                measurement.eextend(page.offset() + at, content, at);
            }
        }
    }
}
