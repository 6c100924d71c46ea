package jsgx.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Collectors;
import jsgx.arch.struct.EinitToken;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenFileTest {

    /** A token that real hardware made, as ../shared/data/README.md tells it field by field. */
    private static final String REAL = "01000000" + "00".repeat(44)
            + "0600000000000000" + "0700000000000000"
            + "0829680c05fdb45573bd52580e081f232c83cae0b3557e90ff2a6cfd2517b51c" + "00".repeat(32)
            + "b6047a63c0762f99cb16c07bd71c6f4fff407945ec2eae5d08785e4be4ed15b3" + "00".repeat(32)
            + "020602ff010100000000000000000000" + "2000" + "0100" + "00".repeat(24) + "00000000"
            + "2100000000000000" + "0000000000000000"
            + "830fbddc63c4c1fad52a5910faa2e70a1ad7c16995f3b451a013d1aca1e4030d"
            + "c56df82f7a465321a9036680f15ddec1";

    @TempDir
    Path folder;

    private final Random random = new Random(17);

    @Test
    void showsTheFieldsOfARealToken() throws Exception {
        TokenFile file = TokenFile.parse(HexFormat.of().parseHex(REAL));

        assertThat(file.fields().stream().collect(Collectors.toMap(TokenFile.Field::name, TokenFile.Field::value)))
                .containsEntry("valid", "0x1")
                .containsEntry("attributes", "0x6")
                .containsEntry("xfrm", "0x7")
                .containsEntry("mrEnclave", "0829680c05fdb45573bd52580e081f232c83cae0b3557e90ff2a6cfd2517b51c")
                .containsEntry("mrSigner", "b6047a63c0762f99cb16c07bd71c6f4fff407945ec2eae5d08785e4be4ed15b3")
                .containsEntry("cpuSvnLe", "020602ff010100000000000000000000")
                .containsEntry("isvProdIdLe", "32")
                .containsEntry("isvSvnLe", "1")
                .containsEntry("maskedMiscSelectLe", "0x0")
                .containsEntry("maskedAttributesLe", "0x21")
                .containsEntry("maskedXfrmLe", "0x0")
                .containsEntry("keyId", "830fbddc63c4c1fad52a5910faa2e70a1ad7c16995f3b451a013d1aca1e4030d")
                .containsEntry("mac", "c56df82f7a465321a9036680f15ddec1");
        assertThat(file.fields().get(1).meaning()).startsWith("DEBUG|MODE64BIT");
    }

    @Test
    void bothFormsAreReadAsTheyWereWritten() throws Exception {
        for (int i = 0; i < 100; i++) {
            byte[] token = new byte[EinitToken.SIZE];
            random.nextBytes(token);
            for (TokenFile.Format form : TokenFile.Format.values()) {
                Path path = folder.resolve(form.id() + i);
                new TokenFile(form, EinitToken.of(token)).write(path, form);
                TokenFile read = TokenFile.read(path);

                assertThat(Files.size(path)).isEqualTo(form.size());
                assertThat(read.format()).isEqualTo(form);
                assertThat(read.toBytes(TokenFile.Format.RAW)).isEqualTo(token);
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                        .isEqualTo("rw-------");
            }
        }
    }

    @Test
    void theSdksFileIsTheTokenAndZeroes() throws Exception {
        byte[] file = TokenFile.parse(HexFormat.of().parseHex(REAL)).toBytes(TokenFile.Format.SDK);

        assertThat(file).hasSize(1024);
        assertThat(Arrays.copyOf(file, 304)).isEqualTo(HexFormat.of().parseHex(REAL));
        assertThat(Arrays.copyOfRange(file, 304, 1024)).containsOnly(0);
        file[1000] = 5;
        assertThatThrownBy(() -> TokenFile.parse(file)).hasMessageContaining("offset 0x3e8, found 0x05");
    }

    @Test
    void anyOtherSizeIsRefused() throws Exception {
        for (int size : new int[] {0, 1, 303, 305, 1023, 1025, 100_000}) {
            Path path = Files.write(folder.resolve("of" + size), new byte[size]);
            assertThatThrownBy(() -> TokenFile.read(path))
                    .isInstanceOf(LaunchException.class)
                    .hasMessage(
                            "%s: a token file has 304 bytes (an EINITTOKEN) or 1024 (the Intel SDK's), this has %d",
                            path, size);
        }
    }

    @Test
    void whatIsNoFileIsRefused() {
        assertThatThrownBy(() -> TokenFile.read(folder.resolve("none")))
                .hasMessageContaining("no such file")
                .isInstanceOf(LaunchException.class);
        assertThatThrownBy(() -> TokenFile.read(folder)).isInstanceOf(LaunchException.class);
        assertThatThrownBy(() -> new TokenFile(TokenFile.Format.RAW, EinitToken.allocate())
                        .write(folder.resolve("no/such/folder"), TokenFile.Format.RAW))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("no such file or folder");
    }
}
