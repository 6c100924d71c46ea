package jsgx.launch.audit;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import jsgx.launch.LaunchException;

/** Whatever stands where an entry should: it is read as what it says, or refused in one line. */
class AuditFuzzTest {

    @FuzzTest
    void record(byte[] bytes) {
        try {
            AuditEntry entry = AuditFormat.entry(ByteBuffer.wrap(bytes));
            if (!AuditFormat.entry(entry.json()).equals(entry)) {
                throw new AssertionError("an entry that was read comes back");
            }
        } catch (LaunchException e) {
            checkLine(e);
        }
    }

    @FuzzTest
    void json(byte[] bytes) {
        try {
            String text = CanonicalJson.write(CanonicalJson.parse(new String(bytes, StandardCharsets.UTF_8)));
            if (!CanonicalJson.write(CanonicalJson.parse(text)).equals(text)) {
                throw new AssertionError("the canonical form is its own");
            }
        } catch (LaunchException e) {
            checkLine(e);
        }
    }

    @FuzzTest
    void anchor(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        try {
            if (!AuditAnchor.parse(text).toString().equals(text)) {
                throw new AssertionError("an anchor that was read comes back");
            }
        } catch (LaunchException e) {
            if (e.getMessage() == null) {
                throw new AssertionError("a refusal says why", e);
            }
        }
    }

    private static void checkLine(LaunchException e) {
        String message = e.getMessage();
        if (message == null || message.isEmpty()) {
            throw new AssertionError("a refusal says why", e);
        }
    }
}
