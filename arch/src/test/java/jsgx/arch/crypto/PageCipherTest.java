package jsgx.arch.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.modes.GCMBlockCipher;
import org.bouncycastle.crypto.modes.GCMModeCipher;
import org.bouncycastle.crypto.params.AEADParameters;
import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Pages against Bouncy Castle, and both providers against published vectors. These are too short for a page, so that they
 * show how the providers are used and not the page itself.
 */
class PageCipherTest {

    private static final HexFormat HEX = HexFormat.of();

    /** NIST CAVP, gcmEncryptExtIV128.rsp, IVlen 96 and Taglen 128; the last is test case 4 of the GCM specification. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            emptyValue = "",
            value = {
                "11754cd72aec309bf52f7687212e8957|3c819d9a9bed087615030b65|''|''|''|250327c674aaf477aef2675748cf6971",
                "77be63708971c4e240d1cb79e8d77feb|e0e00f19fed7ba0136a797f3|7a43ec1d9c0a5a78a0b16533a6213cab|''|''"
                        + "|209fcc8d3675ed938e9c7166709dd946",
                "7fddb57453c241d03efbed3ac44e371c|ee283a3fc75575e33efd4887|''|d5de42b461646c255c87bd2962d3b9a2"
                        + "|2ccda4a5415cb91e135c2a0f78c9b2fd|b36d1df9b9d5e596f83e8b7f52971cb3",
                "c939cc13397c1d37de6ae0e1cb7c423c|b3d8cc017cbb89b39e0f67e2|24825602bd12a984e0092d3e448eda5f"
                        + "|c3b3c41f113a31b73d9a5cd432103069|93fe7d9e9bfd10348a5606e5cafa7354"
                        + "|0032a1dc85f1c9786925a2e71d8272dd",
                "599eb65e6b2a2a7fcc40e51c4f6e3257|d407301cfa29af8525981c17|10e72efe048648d40139477a2016f8ce"
                        + "|a6c9e0f248f07a3046ece12125666921|1be9359a543fd7ec3c4bc6f3c9395e89"
                        + "|e2e9c07d4c3c10a6137ca433da42f9a8",
                "feffe9928665731c6d6a8f9467308308|cafebabefacedbaddecaf888|feedfacedeadbeeffeedfacedeadbeefabaddad2"
                        + "|d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                        + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
                        + "|42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                        + "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
                        + "|5bc94fbc3221a5db94fae95ae7121a47"
            })
    void publishedVectors(String key, String iv, String aad, String plaintext, String ciphertext, String tag)
            throws GeneralSecurityException, InvalidCipherTextException {
        byte[] expected = HEX.parseHex(ciphertext + tag);
        assertThat(jdk(HEX.parseHex(key), HEX.parseHex(iv), HEX.parseHex(aad), HEX.parseHex(plaintext)))
                .isEqualTo(expected);
        assertThat(bouncyCastle(HEX.parseHex(key), HEX.parseHex(iv), HEX.parseHex(aad), HEX.parseHex(plaintext)))
                .isEqualTo(expected);
    }

    @Test
    void pagesAreAsBouncyCastleMakesThem() throws InvalidCipherTextException {
        Random random = new Random(128);
        for (int i = 0; i < 50; i++) {
            byte[] key = bytes(random, 16);
            byte[] header = bytes(random, 128);
            byte[] page = bytes(random, 4096);
            long version = random.nextLong();
            MemorySegment destination = MemorySegment.ofArray(new byte[4096]);
            MemorySegment mac = MemorySegment.ofArray(new byte[16]);
            new PageCipher(key).encrypt(version, header, MemorySegment.ofArray(page), destination, mac);

            byte[] iv = ByteBuffer.allocate(12).putLong(4, version).array();
            byte[] sealed = bouncyCastle(key, iv, header, page);
            assertThat(join(destination, mac)).isEqualTo(sealed);
        }
    }

    @Test
    void pagesComeBackWhereverTheyLie() {
        Random random = new Random(129);
        PageCipher cipher = new PageCipher(bytes(random, 16));
        byte[] header = bytes(random, 128);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] places = {
                arena.allocate(4096, 4096),
                MemorySegment.ofArray(new byte[4096]),
                MemorySegment.ofArray(new byte[5000]).asSlice(77, 4096),
                MemorySegment.ofArray(new long[512])
            };
            MemorySegment mac = arena.allocate(128, 128).asSlice(112, 16);
            long version = 8;
            for (MemorySegment from : places) {
                for (MemorySegment to : places) {
                    byte[] content = bytes(random, 4096);
                    from.copyFrom(MemorySegment.ofArray(content));
                    cipher.encrypt(version, header, from, to, mac);
                    assertThat(to.toArray(ValueLayout.JAVA_BYTE)).isNotEqualTo(content);
                    assertThat(cipher.decrypt(version, header, to, mac, from)).isTrue();
                    assertThat(from.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
                    version += 8;
                }
            }
        }
    }

    @Test
    void aWrongMacLeavesTheCiphertext() {
        Random random = new Random(130);
        PageCipher cipher = new PageCipher(bytes(random, 16));
        byte[] header = bytes(random, 128);
        MemorySegment page = MemorySegment.ofArray(bytes(random, 4096));
        MemorySegment sealed = MemorySegment.ofArray(new byte[4096]);
        MemorySegment mac = MemorySegment.ofArray(new byte[16]);
        cipher.encrypt(8, header, page, sealed, mac);

        MemorySegment destination = MemorySegment.ofArray(new byte[4096]);
        assertThat(cipher.decrypt(16, header, sealed, mac, destination)).isFalse();
        assertThat(destination.mismatch(sealed)).isEqualTo(-1);
        assertThat(cipher.decrypt(8, new byte[128], sealed, mac, destination)).isFalse();
        // The cipher is as good as before.
        assertThat(cipher.decrypt(8, header, sealed, mac, destination)).isTrue();
        assertThat(destination.mismatch(page)).isEqualTo(-1);
        assertThat(new PageCipher(bytes(random, 16)).decrypt(8, header, sealed, mac, destination))
                .isFalse();
    }

    @Test
    void aKeyHas16Bytes() {
        assertThatThrownBy(() -> new PageCipher(new byte[32]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("32");
    }

    private static byte[] jdk(byte[] key, byte[] iv, byte[] aad, byte[] plaintext) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, iv));
        cipher.updateAAD(aad);
        return cipher.doFinal(plaintext);
    }

    private static byte[] bouncyCastle(byte[] key, byte[] iv, byte[] aad, byte[] plaintext)
            throws InvalidCipherTextException {
        GCMModeCipher gcm = GCMBlockCipher.newInstance(AESEngine.newInstance());
        gcm.init(true, new AEADParameters(new KeyParameter(key), 128, iv, aad));
        byte[] out = new byte[gcm.getOutputSize(plaintext.length)];
        gcm.doFinal(out, gcm.processBytes(plaintext, 0, plaintext.length, out, 0));
        return out;
    }

    private static byte[] join(MemorySegment page, MemorySegment mac) {
        byte[] sealed = new byte[4096 + 16];
        MemorySegment.copy(page, ValueLayout.JAVA_BYTE, 0, sealed, 0, 4096);
        MemorySegment.copy(mac, ValueLayout.JAVA_BYTE, 0, sealed, 4096, 16);
        return sealed;
    }

    private static byte[] bytes(Random random, int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }
}
