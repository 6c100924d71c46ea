package jsgx.arch.struct;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class EinitTokenTest {
    /** A token that hardware made, in the SDK's file of 1024 bytes; its facts are in the README of the vectors. */
    private static final String REAL = "01000000" + "00".repeat(44)
            + "0600000000000000" + "0700000000000000"
            + "0829680c05fdb45573bd52580e081f232c83cae0b3557e90ff2a6cfd2517b51c" + "00".repeat(32)
            + "b6047a63c0762f99cb16c07bd71c6f4fff407945ec2eae5d08785e4be4ed15b3" + "00".repeat(32)
            + "020602ff010100000000000000000000"
            + "2000" + "0100" + "00".repeat(24)
            + "00000000"
            + "2100000000000000" + "0000000000000000"
            + "830fbddc63c4c1fad52a5910faa2e70a1ad7c16995f3b451a013d1aca1e4030d"
            + "c56df82f7a465321a9036680f15ddec1"
            + "00".repeat(720);

    @Test
    void readsARealToken() {
        EinitToken token = EinitToken.of(HexFormat.of().parseHex(REAL));

        assertThat(token.isValid()).isTrue();
        assertThat(token.attributes()).isEqualTo(new Attributes(Attributes.DEBUG | Attributes.MODE64BIT, 7));
        assertThat(hex(token.mrEnclave()))
                .isEqualTo("0829680c05fdb45573bd52580e081f232c83cae0b3557e90ff2a6cfd2517b51c");
        assertThat(hex(token.mrSigner())).isEqualTo("b6047a63c0762f99cb16c07bd71c6f4fff407945ec2eae5d08785e4be4ed15b3");
        assertThat(hex(token.cpuSvnLe())).isEqualTo("020602ff010100000000000000000000");
        assertThat(token.isvProdIdLe()).isEqualTo(32);
        assertThat(token.isvSvnLe()).isEqualTo(1);
        assertThat(token.maskedMiscSelectLe()).isZero();
        assertThat(token.maskedAttributesLe()).isEqualTo(new Attributes(Attributes.INIT | Attributes.EINITTOKENKEY, 0));
        assertThat(hex(token.keyId())).isEqualTo("830fbddc63c4c1fad52a5910faa2e70a1ad7c16995f3b451a013d1aca1e4030d");
        assertThat(hex(token.mac())).isEqualTo("c56df82f7a465321a9036680f15ddec1");
        assertThat(token.reservedIsZero()).isTrue();
        assertThat(token.cetFieldsAreZero()).isTrue();
    }

    @Test
    void theMacCoversAllUpToTheLaunchEnclavesOwnFields() {
        EinitToken token = EinitToken.of(HexFormat.of().parseHex(REAL));

        assertThat(hex(token.macedBytes())).isEqualTo(REAL.substring(0, 384));
    }

    @Test
    void onlyBit0OfValidIsNotReserved() {
        EinitToken token = EinitToken.allocate();
        token.valid(1);
        assertThat(token.isValid()).isTrue();
        assertThat(token.reservedIsZero()).isTrue();

        token.valid(1 << 31);
        assertThat(token.isValid()).isFalse();
        assertThat(token.reservedIsZero()).isFalse();
    }

    private static String hex(MemorySegment bytes) {
        return HexFormat.of().formatHex(bytes.toArray(Layouts.U8));
    }
}
