package jsgx.launch.policy;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** An MRENCLAVE or MRSIGNER as a key: its 32 bytes in four words. */
record Hash256(long a, long b, long c, long d) {

    static final int SIZE = 32;

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    static final Hash256 ZERO = new Hash256(0, 0, 0, 0);

    static Hash256 of(byte[] bytes) {
        if (bytes.length != SIZE) {
            throw new IllegalArgumentException("a hash has 32 bytes, not " + bytes.length);
        }
        return new Hash256((long) WORD.get(bytes, 0), (long) WORD.get(bytes, 8), (long) WORD.get(bytes, 16), (long)
                WORD.get(bytes, 24));
    }

    /** The SHA-256 of these bytes. */
    static Hash256 digest(byte[] content) {
        try {
            return of(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Whether a text is a hash in hex. */
    static boolean isHash(String text) {
        if (text.length() != 2 * SIZE) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (!HexFormat.isHexDigit(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /** The hash that 64 hexadecimal digits spell. */
    static Hash256 parse(String hex) {
        return new Hash256(word(hex, 0), word(hex, 16), word(hex, 32), word(hex, 48));
    }

    private static long word(String hex, int at) {
        return HexFormat.fromHexDigitsToLong(hex, at, at + 16);
    }

    @Override
    public String toString() {
        HexFormat hex = HexFormat.of();
        return hex.toHexDigits(a) + hex.toHexDigits(b) + hex.toHexDigits(c) + hex.toHexDigits(d);
    }
}
