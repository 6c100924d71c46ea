package jsgx.launch.store;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import jsgx.launch.LaunchException;
import jsgx.launch.file.CrashFiles;
import jsgx.launch.file.RecordLog;

/** Whatever lies where a store should be: it is read, or refused in one line; and what was read is there at the next reading too. */
class TokenStoreFuzzTest {

    private static final Path FILE = Path.of("/state/tokens");

    @FuzzTest
    void file(byte[] bytes) {
        CrashFiles files = new CrashFiles();
        files.put(FILE, bytes);
        use(files);
    }

    @FuzzTest
    void record(byte[] bytes) {
        try {
            StoreRecord record = StoreRecord.decode(ByteBuffer.wrap(bytes));
            if (record instanceof StoreRecord.Keep
                    && !Arrays.equals(StoreRecord.encode(StoreRecord.token(bytes)), bytes)) {
                throw new AssertionError("a token that was read is whole");
            }
        } catch (LaunchException e) {
            checkLine(e);
        }
    }

    /** Records that came through their checksums, each of a length that its first byte tells. */
    @FuzzTest
    void records(byte[] bytes) {
        CrashFiles files = new CrashFiles();
        try (RecordLog log = RecordLog.open(files, FILE, TokenStore.FORMAT)) {
            log.append(StoreRecord.encode(TestTokens.stored("a", 1)));
            for (int at = 0; at < bytes.length; ) {
                int length = Math.min(1 + (bytes[at] & 0x3F), bytes.length - at);
                log.append(Arrays.copyOfRange(bytes, at, at + length));
                at += length;
            }
        } catch (LaunchException e) {
            throw new AssertionError(e);
        }
        use(files);
    }

    private static void use(CrashFiles files) {
        try {
            List<StoredToken> first = read(files);
            if (!first.equals(read(files))) {
                throw new AssertionError("what was read is what is there");
            }
        } catch (LaunchException e) {
            checkLine(e);
        }
    }

    private static List<StoredToken> read(CrashFiles files) throws LaunchException {
        try (TokenStore store = TokenStore.open(files, FILE)) {
            return store.list();
        }
    }

    private static void checkLine(LaunchException e) {
        String message = e.getMessage();
        if (message == null || message.isEmpty() || message.contains("\n")) {
            throw new AssertionError("a refusal is one line", e);
        }
    }
}
