package jsgx.arch.crypto;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES_GCM_ENC and AES_GCM_DEC of EWB and ELDU: AES-128-GCM of whole pages under one paging key. The initialisation vector
 * is made from the page's version, so a version must not encrypt twice. Safe for use by many threads.
 */
public final class PageCipher {

    /** Bytes of a key. */
    public static final int KEY_SIZE = 16;

    /** Bytes of a page. */
    public static final int PAGE_SIZE = 4096;

    /** Bytes of a MAC. */
    public static final int MAC_SIZE = 16;

    /** Bytes of a MAC header, the additional authenticated data. */
    public static final int HEADER_SIZE = 128;

    private static final int IV_SIZE = 12;
    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final SecretKeySpec key;
    private final ThreadLocal<Engine> engine;

    /** @param key CR_BASE_PK, 16 bytes */
    public PageCipher(byte[] key) {
        if (key.length != KEY_SIZE) {
            throw new IllegalArgumentException("an AES-128 key has 16 bytes, not " + key.length);
        }
        this.key = new SecretKeySpec(key, "AES");
        this.engine = ThreadLocal.withInitial(Engine::new);
    }

    /**
     * Encrypts a page.
     *
     * @param version what this page alone has under this key
     * @param header {@value #HEADER_SIZE} bytes that the MAC covers
     * @param page the plaintext
     * @param destination where the ciphertext goes, {@value #PAGE_SIZE} bytes; may be the page itself
     * @param mac where the MAC goes, {@value #MAC_SIZE} bytes
     */
    public void encrypt(long version, byte[] header, MemorySegment page, MemorySegment destination, MemorySegment mac) {
        Engine e = engine.get();
        MemorySegment.copy(page, 0, e.plainMemory, 0, PAGE_SIZE);
        try {
            e.encryptor.init(Cipher.ENCRYPT_MODE, key, parameters(version));
            e.encryptor.updateAAD(header, 0, HEADER_SIZE);
            e.encryptor.doFinal(e.plain, 0, PAGE_SIZE, e.sealed, 0);
        } catch (GeneralSecurityException failure) {
            throw new IllegalStateException("AES-GCM of a page cannot fail", failure);
        }
        MemorySegment.copy(e.sealedMemory, 0, destination, 0, PAGE_SIZE);
        MemorySegment.copy(e.sealedMemory, PAGE_SIZE, mac, 0, MAC_SIZE);
    }

    /**
     * Decrypts a page and verifies it. Source and MAC are read once, so that what is verified is what is decrypted.
     *
     * @param page where the plaintext goes; the ciphertext where the MAC is wrong
     * @return whether the MAC is that of this version, header and ciphertext
     */
    public boolean decrypt(long version, byte[] header, MemorySegment source, MemorySegment mac, MemorySegment page) {
        Engine e = engine.get();
        MemorySegment.copy(source, 0, e.sealedMemory, 0, PAGE_SIZE);
        MemorySegment.copy(mac, 0, e.sealedMemory, PAGE_SIZE, MAC_SIZE);
        try {
            e.decryptor.init(Cipher.DECRYPT_MODE, key, parameters(version));
            e.decryptor.updateAAD(header, 0, HEADER_SIZE);
            e.decryptor.doFinal(e.sealed, 0, PAGE_SIZE + MAC_SIZE, e.plain, 0);
        } catch (AEADBadTagException wrongMac) {
            MemorySegment.copy(e.sealedMemory, 0, page, 0, PAGE_SIZE);
            return false;
        } catch (GeneralSecurityException failure) {
            throw new IllegalStateException("AES-GCM of a page cannot fail", failure);
        }
        MemorySegment.copy(e.plainMemory, 0, page, 0, PAGE_SIZE);
        return true;
    }

    /** The manual's counter block is VER shifted left by 32 bits: 4 zero bytes, VER, and GCM's own counter of 4 bytes. */
    private static GCMParameterSpec parameters(long version) {
        byte[] iv = new byte[IV_SIZE];
        MemorySegment.ofArray(iv).set(BIG_ENDIAN, 4, version);
        return new GCMParameterSpec(8 * MAC_SIZE, iv);
    }

    /** A thread's ciphers and buffers. The JDK is fastest from array to array, and from one to another. */
    private static final class Engine {
        private final Cipher encryptor = aesGcm();
        private final Cipher decryptor = aesGcm();
        private final byte[] plain = new byte[PAGE_SIZE];
        private final byte[] sealed = new byte[PAGE_SIZE + MAC_SIZE];
        private final MemorySegment plainMemory = MemorySegment.ofArray(plain);
        private final MemorySegment sealedMemory = MemorySegment.ofArray(sealed);

        private static Cipher aesGcm() {
            try {
                return Cipher.getInstance("AES/GCM/NoPadding");
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every Java platform has AES-GCM", e);
            }
        }
    }
}
