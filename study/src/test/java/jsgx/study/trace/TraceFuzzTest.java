package jsgx.study.trace;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;

/** Whatever stands where something recorded should: it is read as what it says, or refused in one line. */
class TraceFuzzTest {

    @FuzzTest
    void recorded(byte[] bytes) throws IOException {
        try {
            Trace trace = Recorded.read("fuzz", new ByteArrayInputStream(bytes)).trace();
            byte[] written = written(trace);
            Trace again = TraceFile.read("again", new ByteArrayInputStream(written));
            if (!Arrays.equals(written(again), written)) {
                throw new AssertionError("a trace that was read comes back");
            }
        } catch (TraceException e) {
            if (e.getMessage() == null || e.getMessage().chars().anyMatch(Character::isISOControl)) {
                throw new AssertionError("a refusal says why, in one line", e);
            }
        }
    }

    private static byte[] written(Trace trace) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TraceFile.write(trace, out);
        return out.toByteArray();
    }
}
