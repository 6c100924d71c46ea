package jsgx.launch;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.file.Path;

/** Whatever lies where a platform or a token should be: it is read, or refused in one line. */
class LaunchFilesFuzzTest {

    @FuzzTest
    void platform(byte[] bytes) {
        try {
            PlatformFormat.parse(Path.of("platform"), bytes);
        } catch (LaunchException e) {
            checkLine(e);
        }
    }

    @FuzzTest
    void token(byte[] bytes) {
        try {
            TokenFile file = TokenFile.parse(bytes);
            if (file.fields().size() != 13 || file.toBytes(file.format()).length != bytes.length) {
                throw new AssertionError("a token that was read is whole");
            }
        } catch (LaunchException e) {
            checkLine(e);
        }
    }

    private static void checkLine(LaunchException e) {
        String message = e.getMessage();
        if (message == null || message.isEmpty() || message.contains("\n")) {
            throw new AssertionError("a refusal is one line", e);
        }
    }
}
