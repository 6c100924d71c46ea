package jsgx.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.RSAPublicKeySpec;
import jsgx.arch.crypto.Rsa3072;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.junit.jupiter.api.Test;

class SigstructSignerTest {

    private static final String HASH = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    private static final SigstructOptions ALL = new SigstructOptions(
            HASH,
            0x8086,
            0x20180131,
            0x01020304,
            new Attributes(Attributes.MODE64BIT | Attributes.KSS, 7),
            new Attributes(~Attributes.DEBUG, ~4L),
            1,
            ~1,
            0xfffe,
            0xfffd,
            "a0".repeat(16),
            "b1".repeat(16));

    @Test
    void fillsEveryField() throws ImageException {
        Sigstruct sigstruct = SigstructSigner.sign(ALL, TestKey.KEY);
        assertThat(SigstructCheck.check(sigstruct).findings()).allMatch(SigstructCheck.Finding::valid);
        assertThat(sigstruct.vendor()).isEqualTo(0x8086);
        assertThat(sigstruct.date()).isEqualTo(0x20180131);
        assertThat(sigstruct.swDefined()).isEqualTo(0x01020304);
        assertThat(sigstruct.attributes()).isEqualTo(ALL.attributes());
        assertThat(sigstruct.attributeMask()).isEqualTo(ALL.attributeMask());
        assertThat(sigstruct.miscSelect()).isEqualTo(1);
        assertThat(sigstruct.miscMask()).isEqualTo(~1);
        assertThat(sigstruct.isvProdId()).isEqualTo(0xfffe);
        assertThat(sigstruct.isvSvn()).isEqualTo(0xfffd);
        assertThat(sigstruct.enclaveHash().toArray(Layouts.U8))
                .startsWith(0x00, 0x11, 0x22)
                .endsWith(0xff);
        assertThat(sigstruct.isvFamilyId().toArray(Layouts.U8)).containsOnly(0xa0);
        assertThat(sigstruct.isvExtProdId().toArray(Layouts.U8)).containsOnly(0xb1);
        assertThat(SigstructCheck.mrSigner(sigstruct)).isEqualTo(TestKey.KEY.mrSigner());
    }

    @Test
    void equalInputGivesEqualBytes() throws ImageException {
        Sigstruct first = SigstructSigner.sign(ALL, TestKey.KEY);
        Sigstruct second = SigstructSigner.sign(ALL, SigningKey.parse(TestKey.KEY.toPem()));
        assertThat(first.memory().mismatch(second.memory())).isEqualTo(-1);
    }

    @Test
    void anotherImplementationAcceptsTheSignature() throws Exception {
        Sigstruct sigstruct = SigstructSigner.sign(ALL, TestKey.KEY);
        Signature verifier = Signature.getInstance("SHA256withRSA", new BouncyCastleProvider());
        verifier.initVerify(KeyFactory.getInstance("RSA")
                .generatePublic(new RSAPublicKeySpec(Rsa3072.integer(sigstruct.modulus()), BigInteger.valueOf(3))));
        verifier.update(sigstruct.signedBytes());
        byte[] signature = sigstruct.signature().toArray(Layouts.U8);
        byte[] bigEndian = new byte[signature.length];
        for (int i = 0; i < signature.length; i++) {
            bigEndian[i] = signature[signature.length - 1 - i];
        }
        assertThat(verifier.verify(bigEndian)).isTrue();
    }

    @Test
    void defaultsAreAnOrdinary64BitEnclave() throws ImageException {
        Sigstruct sigstruct = SigstructSigner.sign(SigstructOptions.of(HASH, 0x20171219), TestKey.KEY);
        assertThat(sigstruct.attributes()).isEqualTo(new Attributes(4, 3));
        assertThat(sigstruct.attributeMask().flags() & Attributes.DEBUG).isZero();
        assertThat(sigstruct.vendor()).isZero();
    }

    private static void refused(SigstructOptions options, String message) {
        assertThatThrownBy(() -> SigstructSigner.sign(options, TestKey.KEY))
                .isInstanceOf(ImageException.class)
                .hasMessage(message);
    }

    private static SigstructOptions options(
            String hash, int vendor, int date, int isvProdId, int isvSvn, String familyId, String extProdId) {
        return new SigstructOptions(
                hash,
                vendor,
                date,
                0,
                new Attributes(4, 3),
                new Attributes(-1, -1),
                0,
                -1,
                isvProdId,
                isvSvn,
                familyId,
                extProdId);
    }

    @Test
    void refusesWhatNoSigstructCanSay() {
        String zeroes = "00".repeat(16);
        int date = 0x20171219;
        refused(
                options("12", 0, date, 0, 0, zeroes, zeroes),
                "ENCLAVEHASH: expected 64 hexadecimal digits, found 2 of them");
        refused(
                options("zz".repeat(32), 0, date, 0, 0, zeroes, zeroes),
                "ENCLAVEHASH: expected 64 hexadecimal digits, found \"" + "zz".repeat(32) + "\"");
        refused(options(HASH, 5, date, 0, 0, zeroes, zeroes), "VENDOR: expected 0x0, or 0x8086 for Intel, found 0x5");
        refused(
                options(HASH, 0, 0x20171319, 0, 0, zeroes, zeroes),
                "DATE: expected a day in binary coded decimal, 0xYYYYMMDD, found 2017-13-19");
        refused(
                options(HASH, 0, 20171219, 0, 0, zeroes, zeroes),
                "DATE: expected a day in binary coded decimal, 0xYYYYMMDD, found 0133-c9-d3");
        refused(options(HASH, 0, date, 65536, 0, zeroes, zeroes), "ISVPRODID: expected 0 to 65535, found 65536");
        refused(options(HASH, 0, date, 0, -1, zeroes, zeroes), "ISVSVN: expected 0 to 65535, found -1");
        String one = "00".repeat(15) + "01";
        refused(
                options(HASH, 0, date, 0, 0, one, zeroes),
                "ISVFAMILYID: expected zeroes where ATTRIBUTES.KSS is 0, found " + one);
        refused(
                options(HASH, 0, date, 0, 0, zeroes, one),
                "ISVEXTPRODID: expected zeroes where ATTRIBUTES.KSS is 0, found " + one);
    }
}
