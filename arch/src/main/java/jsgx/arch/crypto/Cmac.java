package jsgx.arch.crypto;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** AES-128-CMAC under one key (RFC 4493), made from the JDK's AES-CBC. Not safe for use by several threads at once. */
public final class Cmac {

    /** Bytes of a key and of a MAC. */
    public static final int SIZE = 16;

    private static final byte[] ZERO = new byte[SIZE];

    private final Cipher cbc;
    private final byte[] k1;
    private final byte[] k2;

    /** @param key 16 bytes */
    public Cmac(byte[] key) {
        if (key.length != SIZE) {
            throw new IllegalArgumentException("an AES-128 key has 16 bytes, not " + key.length);
        }
        try {
            cbc = Cipher.getInstance("AES/CBC/NoPadding");
            cbc.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(ZERO));
            byte[] l = cbc.doFinal(ZERO);
            k1 = twice(l);
            k2 = twice(k1);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has AES-CBC", e);
        }
    }

    /** The MAC of a message of any length. */
    public byte[] mac(byte[] message) {
        int last = message.length == 0 ? 0 : (message.length - 1) / SIZE * SIZE;
        byte[] padded = Arrays.copyOf(message, last + SIZE);
        boolean whole = message.length == padded.length;
        if (!whole) {
            padded[message.length] = (byte) 0x80;
        }
        byte[] k = whole ? k1 : k2;
        for (int i = 0; i < SIZE; i++) {
            padded[last + i] ^= k[i];
        }
        try {
            byte[] chain = cbc.doFinal(padded);
            return Arrays.copyOfRange(chain, last, last + SIZE);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-CBC of whole blocks cannot fail", e);
        }
    }

    /** The product with x in the field of 2^128 elements. */
    private static byte[] twice(byte[] in) {
        byte[] out = new byte[SIZE];
        int carry = 0;
        for (int i = SIZE - 1; i >= 0; i--) {
            int b = in[i] & 0xff;
            out[i] = (byte) (b << 1 | carry);
            carry = b >>> 7;
        }
        out[SIZE - 1] ^= (byte) (carry * 0x87);
        return out;
    }
}
