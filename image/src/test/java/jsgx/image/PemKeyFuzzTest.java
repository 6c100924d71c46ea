package jsgx.image;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Any text as a key file. */
class PemKeyFuzzTest {

    static Stream<byte[]> seeds() {
        String pkcs8 = TestKey.KEY.toPem();
        return Stream.of(
                        pkcs8,
                        pkcs8.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
                        "-----BEGIN RSA PRIVATE KEY-----\nMAYCAQACAQM=\n-----END RSA PRIVATE KEY-----\n",
                        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
                .map(text -> text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "2m")
    void parses(byte[] bytes) {
        try {
            SigningKey key = SigningKey.parse(new String(bytes, StandardCharsets.ISO_8859_1));
            SigstructSigner.sign(SigstructOptions.of("00".repeat(32), 0x20171219), key);
        } catch (ImageException e) {
            Fuzzing.refused(e);
        }
    }
}
