package jsgx.arch.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import java.util.Random;
import jsgx.arch.TestLaunchEnclave;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CmacTest {

    private static final HexFormat HEX = HexFormat.of();

    /** RFC 4493, section 4: the examples with 0, 16, 40 and 64 bytes. */
    @ParameterizedTest
    @CsvSource({
        "'', bb1d6929e95937287fa37d129b756746",
        "6bc1bee22e409f96e93d7e117393172a, 070a16b46b4d4144f79bdd9dd04a287c",
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411, dfa66747de9ae63030ca32611497c827",
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710, 51f0bebf7e3b9d92fc49741779363cfe"
    })
    void rfc4493(String message, String mac) {
        Cmac cmac = new Cmac(HEX.parseHex("2b7e151628aed2a6abf7158809cf4f3c"));
        assertThat(HEX.formatHex(cmac.mac(HEX.parseHex(message)))).isEqualTo(mac);
    }

    @Test
    void bouncyCastleAgreesOnEveryLength() {
        Random random = new Random(4493);
        for (int length = 0; length < 400; length++) {
            byte[] key = new byte[Cmac.SIZE];
            byte[] message = new byte[length];
            random.nextBytes(key);
            random.nextBytes(message);
            Cmac cmac = new Cmac(key);
            assertThat(cmac.mac(message)).isEqualTo(TestLaunchEnclave.cmac(key, message));
            assertThat(cmac.mac(message)).as("the second time").isEqualTo(TestLaunchEnclave.cmac(key, message));
        }
    }

    @Test
    void onlyAes128() {
        assertThatThrownBy(() -> new Cmac(new byte[32])).hasMessageContaining("16 bytes, not 32");
    }
}
