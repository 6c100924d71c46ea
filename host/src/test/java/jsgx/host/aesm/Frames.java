package jsgx.host.aesm;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** Frames as bytes, written out by hand from the protocol's description. */
final class Frames {

    private Frames() {}

    static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        java.util.Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    /** The body of a request for a token; the timeout is 1,000,000 microseconds. */
    static byte[] tokenBody(byte[] mrEnclave, byte[] modulus, byte[] attributes) {
        return join(
                hex("1A BB 03 0A 20"),
                mrEnclave,
                hex("12 80 03"),
                modulus,
                hex("1A 10"),
                attributes,
                hex("48 C0 84 3D"));
    }

    static byte[] frame(byte[] body) {
        int length = body.length;
        return join(
                new byte[] {(byte) length, (byte) (length >> 8), (byte) (length >> 16), (byte) (length >> 24)}, body);
    }

    /** The same request with another timeout, below 128 microseconds. */
    static byte[] tokenFrameInAHurry(int micros) {
        return frame(join(
                hex("1A B9 03 0A 20"),
                filled(32, 1),
                hex("12 80 03"),
                filled(384, 2),
                hex("1A 10 04 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00"),
                hex("48"),
                new byte[] {(byte) micros}));
    }

    static byte[] tokenFrame(int enclave) {
        return frame(
                tokenBody(filled(32, enclave), filled(384, 2), hex("04 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00")));
    }
}
