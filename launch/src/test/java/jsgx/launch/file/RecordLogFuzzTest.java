package jsgx.launch.file;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;
import jsgx.launch.LaunchException;

/** Whatever lies where a log should be: it is read, or refused in one line, and reading twice tells the same. */
class RecordLogFuzzTest {

    private static final Path FILE = Path.of("/state/log");

    @FuzzTest
    void file(byte[] bytes) {
        use(bytes);
    }

    @FuzzTest
    void frames(byte[] bytes) throws Exception {
        CrashFiles files = new CrashFiles();
        RecordLog.open(files, FILE, RecordLogTest.FORMAT).close();
        byte[] header = files.content(FILE);
        use(ByteBuffer.allocate(header.length + bytes.length)
                .put(header)
                .put(bytes)
                .array());
    }

    @FuzzTest
    void wholeFrames(byte[] bytes) throws Exception {
        CrashFiles files = new CrashFiles();
        RecordLog.open(files, FILE, RecordLogTest.FORMAT).close();
        ByteBuffer content = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
        content.put(files.content(FILE));
        // Each byte says how a frame is made: its size, what it says to be durable, and whether it is spoilt.
        for (byte each : bytes) {
            byte[] record = new byte[each & 0x0F];
            int at = content.position();
            if (content.remaining() < RecordFile.FRAME + record.length) {
                break;
            }
            long position = (long) at - RecordFile.HEADER;
            RecordFile.frame(content, position, (each & 0x30) == 0 ? position : each & 0x30, record);
            if ((each & 0xC0) == 0xC0) {
                content.put(at + RecordFile.FRAME - 1, each);
            }
        }
        byte[] file = new byte[content.position()];
        content.get(0, file);
        use(file);
    }

    private static void use(byte[] bytes) {
        CrashFiles files = new CrashFiles(Map.of(FILE, bytes));
        try {
            RecordLogTest.Records first = new RecordLogTest.Records();
            RecordLogTest.Records second = new RecordLogTest.Records();
            try (RecordLog log = RecordLog.open(files, FILE, RecordLogTest.FORMAT)) {
                first.of(log);
                log.append(new byte[] {'x'});
            }
            try (RecordLog log = RecordLog.open(files, FILE, RecordLogTest.FORMAT)) {
                second.of(log);
            }
            first.all.add("x");
            if (!first.all.equals(second.all)) {
                throw new AssertionError("what was read is what is there");
            }
        } catch (LaunchException e) {
            String message = e.getMessage();
            if (message == null || message.isEmpty() || message.contains("\n")) {
                throw new AssertionError("a refusal is one line", e);
            }
        }
    }
}
