package jsgx.image;

import java.util.HexFormat;

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

    /** Measures as the processor does. */
    public static ImageMeasurement measure(EnclaveImage image) {
        return Skeleton.absent();
    }

    /** MRENCLAVE as it lies in memory. */
    public byte[] mrEnclaveBytes() {
        return HexFormat.of().parseHex(mrEnclave);
    }
}
