package jsgx.arch.struct;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.spec.RSAPublicKeySpec;
import java.util.HexFormat;
import jsgx.arch.Vectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real SIGSTRUCTs; where each comes from, and what is expected of it, stands in the README of the vectors. */
class SigstructTest {
    private static final String INTEL = "acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4";

    @ParameterizedTest
    @CsvSource({
        "fortanix-sig1, 83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e,"
                + "c50673624a6cb17c1c6c2a4e6906f47a170c4629b8723781d1017ef376f1a75d",
        "intel-le-1.6, " + INTEL + ", 1e3278db70199c7b3a7fd5af21824fae5ca6337d275d0fb7c4580fa2da4f3503",
        "intel-le-2.17, " + INTEL + ", 043cf35340a4b6f151365c6d75d649e8bab47127f9ea9c9696a8ac7b7275b8c9",
        "intel-kernel-le-2019, c28c852f22e9f39345039929fbecd6ada69c2aa89fdac9ac2f6abacd6b236174,"
                + "daa800288f0d88b078999477538bb9c0888d1e0eafe0be202c493d3e274ed980",
    })
    void identityOfARealSigstruct(String name, String mrSigner, String enclaveHash) throws GeneralSecurityException {
        Sigstruct sigstruct = read(name);
        byte[] modulus = sigstruct.modulus().toArray(Layouts.U8);

        assertThat(MessageDigest.getInstance("SHA-256").digest(modulus))
                .asHexString()
                .isEqualToIgnoringCase(mrSigner);
        assertThat(hex(sigstruct.enclaveHash())).isEqualTo(enclaveHash);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fortanix-sig1", "intel-le-1.6", "intel-le-2.17", "intel-kernel-le-2019"})
    void aRealSigstructIsWellFormed(String name) {
        Sigstruct sigstruct = read(name);

        assertThat(sigstruct.headerIsValid()).isTrue();
        assertThat(sigstruct.header2IsValid()).isTrue();
        assertThat(sigstruct.vendorIsValid()).isTrue();
        assertThat(sigstruct.exponentIsValid()).isTrue();
        assertThat(sigstruct.reservedIsZero()).isTrue();
        assertThat(sigstruct.cetFieldsAreZero()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"fortanix-sig1", "intel-le-1.6", "intel-le-2.17", "intel-kernel-le-2019"})
    void theSignedBytesAreTheOnesUnderTheSignature(String name) throws GeneralSecurityException {
        Sigstruct sigstruct = read(name);
        Signature rsa = Signature.getInstance("SHA256withRSA");
        rsa.initVerify(KeyFactory.getInstance("RSA")
                .generatePublic(
                        new RSAPublicKeySpec(unsigned(sigstruct.modulus()), BigInteger.valueOf(sigstruct.exponent()))));
        rsa.update(sigstruct.signedBytes());

        assertThat(rsa.verify(bigEndian(sigstruct.signature()))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"fortanix-sig1", "intel-le-1.6", "intel-le-2.17", "intel-kernel-le-2019"})
    void theQuotientsAreTheOnesOfTheSignature(String name) {
        Sigstruct sigstruct = read(name);
        BigInteger n = unsigned(sigstruct.modulus());
        BigInteger s = unsigned(sigstruct.signature());
        BigInteger square = s.multiply(s);

        assertThat(unsigned(sigstruct.q1())).isEqualTo(square.divide(n));
        assertThat(unsigned(sigstruct.q2())).isEqualTo(s.multiply(square.mod(n)).divide(n));
    }

    @Test
    void theModulusIsTheOneFortanixPublishesApart() {
        assertThat(read("fortanix-sig1").modulus().toArray(Layouts.U8))
                .isEqualTo(Vectors.bytes("fortanix-sig1.modulus"));
    }

    @ParameterizedTest
    @CsvSource({"intel-le-1.6, 1", "intel-le-2.17, 5"})
    void intelsLaunchEnclave(String name, int isvSvn) {
        Sigstruct sigstruct = read(name);

        assertThat(sigstruct.vendor()).isEqualTo(Sigstruct.VENDOR_INTEL);
        assertThat(sigstruct.swDefined()).isEqualTo(16);
        assertThat(sigstruct.isvProdId()).isEqualTo(32);
        assertThat(sigstruct.isvSvn()).isEqualTo(isvSvn);
        assertThat(sigstruct.attributes().flags()).isEqualTo(Attributes.MODE64BIT | Attributes.EINITTOKENKEY);
    }

    @Test
    void theLaunchEnclaveOfAKernel() {
        Attributes attributes = read("intel-kernel-le-2019").attributes();

        assertThat(attributes).isEqualTo(new Attributes(0x24, 3)).hasToString("MODE64BIT|EINITTOKENKEY xfrm=0x3");
    }

    @Test
    void theFixedFieldsAreThoseOfARealSigstruct() {
        Sigstruct real = read("fortanix-sig1");
        Sigstruct written = Sigstruct.allocate();
        written.writeFixedFields();

        assertThat(hex(written.memory().asSlice(0, 16)))
                .isEqualTo(hex(real.memory().asSlice(0, 16)));
        assertThat(hex(written.memory().asSlice(24, 16)))
                .isEqualTo(hex(real.memory().asSlice(24, 16)));
        assertThat(written.exponent()).isEqualTo(real.exponent());
    }

    @Test
    void theFixedFieldsAreTheManuals() {
        Sigstruct written = Sigstruct.allocate();
        written.writeFixedFields();

        assertThat(hex(written.memory().asSlice(0, 16))).isEqualTo("06000000e10000000000010000000000");
        assertThat(hex(written.memory().asSlice(24, 16))).isEqualTo("01010000600000006000000001000000");
        assertThat(hex(written.memory().asSlice(512, 4))).isEqualTo("03000000");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 15, 24, 39})
    void aHeaderWithAnotherByteIsNotValid(int at) {
        Sigstruct sigstruct = Sigstruct.allocate();
        sigstruct.writeFixedFields();
        Layouts.u8(sigstruct.memory(), at, Layouts.u8(sigstruct.memory(), at) ^ 0x80);

        assertThat(sigstruct.headerIsValid()).isEqualTo(at >= 24);
        assertThat(sigstruct.header2IsValid()).isEqualTo(at < 24);
    }

    @Test
    void onlyIntelAndNobodyAreVendors() {
        Sigstruct sigstruct = Sigstruct.allocate();
        assertThat(sigstruct.vendorIsValid()).isTrue();

        sigstruct.vendor(0x8087);
        assertThat(sigstruct.vendorIsValid()).isFalse();
    }

    private static Sigstruct read(String name) {
        return Sigstruct.of(Vectors.bytes(name + ".sigstruct"));
    }

    private static BigInteger unsigned(MemorySegment littleEndian) {
        return new BigInteger(1, bigEndian(littleEndian));
    }

    private static byte[] bigEndian(MemorySegment littleEndian) {
        int size = (int) littleEndian.byteSize();
        byte[] reversed = new byte[size];
        for (int at = 0; at < size; at++) {
            reversed[size - 1 - at] = littleEndian.get(Layouts.U8, at);
        }
        return reversed;
    }

    private static String hex(MemorySegment bytes) {
        return HexFormat.of().formatHex(bytes.toArray(Layouts.U8));
    }
}
