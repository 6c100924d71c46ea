package jsgx.launch.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import jsgx.launch.LaunchException;
import jsgx.launch.file.CrashFiles;
import jsgx.launch.file.RecordLog;
import org.junit.jupiter.api.Test;

/** The records of the store's file: docs/tokens.md. */
class StoreRecordTest {

    private static final Instant TIME = Instant.parse("2017-12-19T12:00:00.123Z");
    private static final List<byte[]> RECORDS = List.of(
            StoreRecord.encode(TestTokens.stored("application", 1)),
            StoreRecord.encode(new StoreRecord.Discard("application")),
            StoreRecord.encode(new StoreRecord.Pin("application", true)),
            StoreRecord.encode(new StoreRecord.Expire("application", TIME)),
            StoreRecord.encode(new StoreRecord.Used("application", TIME)),
            StoreRecord.encode(new StoreRecord.Budget(1 << 20)));

    @Test
    void theLayoutIsTheDocumentsOne() {
        byte[] record = RECORDS.getFirst();
        ByteBuffer fields = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);

        assertThat(record).hasSize(460 + "application".length());
        assertThat(record[0]).isEqualTo((byte) 1);
        assertThat(record[1]).as("not pinned").isZero();
        assertThat(fields.getShort(2)).isEqualTo((short) 11);
        assertThat(fields.getLong(4)).as("never").isEqualTo(Long.MAX_VALUE);
        assertThat(new String(record, 12, 11, StandardCharsets.UTF_8)).isEqualTo("application");
        assertThat(fields.getLong(23)).as("last used").isEqualTo(TestTokens.START.toEpochMilli());
        assertThat(fields.getLong(31)).as("issued").isEqualTo(TestTokens.START.toEpochMilli());
        assertThat(Arrays.copyOfRange(record, 39, 119))
                .isEqualTo(TestTokens.identity(1).bytes());
        assertThat(record[119]).isEqualTo((byte) 0x11);
        assertThat(record[135]).isEqualTo((byte) 0x22);
        assertThat(Arrays.copyOfRange(record, 167, 471)).isEqualTo(TestTokens.token(TestTokens.identity(1), 1));
    }

    @Test
    void whatWasWrittenIsRead() throws Exception {
        assertThat(StoreRecord.token(RECORDS.getFirst())).isEqualTo(TestTokens.stored("application", 1));
        assertThat(decode(RECORDS.get(1))).isEqualTo(new StoreRecord.Discard("application"));
        assertThat(decode(RECORDS.get(2))).isEqualTo(new StoreRecord.Pin("application", true));
        assertThat(decode(RECORDS.get(3))).isEqualTo(new StoreRecord.Expire("application", TIME));
        assertThat(decode(RECORDS.get(4))).isEqualTo(new StoreRecord.Used("application", TIME));
        assertThat(decode(RECORDS.get(5))).isEqualTo(new StoreRecord.Budget(1 << 20));
    }

    @Test
    void everyOtherByteAnywhereIsReadOrRefusedInOneLine() {
        int refused = 0;
        for (byte[] record : RECORDS) {
            for (int at = 0; at < record.length; at++) {
                for (int value = 0; value < 256; value++) {
                    byte[] other = record.clone();
                    other[at] = (byte) value;
                    refused += isRefused(other) ? 1 : 0;
                }
            }
            for (int length = 0; length < record.length; length++) {
                assertThat(isRefused(Arrays.copyOf(record, length))).isTrue();
            }
            assertThat(isRefused(Arrays.copyOf(record, record.length + 1))).isTrue();
        }
        assertThat(refused).isPositive();
    }

    @Test
    void aForgedRecordWithARightChecksumIsRefusedWithWhatToDo() throws Exception {
        for (byte[] forged : List.of(
                new byte[] {9, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'a'},
                new byte[] {2, 0, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 'a'},
                new byte[] {2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xFF},
                new byte[] {6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0x80})) {
            CrashFiles files = new CrashFiles();
            Path file = Path.of("/state/tokens");
            try (RecordLog log = RecordLog.open(files, file, TokenStore.FORMAT)) {
                log.append(forged);
            }
            byte[] before = files.content(file);

            assertThatThrownBy(() -> TokenStore.open(files, file))
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining("before position 2")
                    .hasMessageContaining("move the file away");
            assertThat(files.content(file)).isEqualTo(before);
        }
    }

    private static StoreRecord decode(byte[] record) throws LaunchException {
        return StoreRecord.decode(ByteBuffer.wrap(record));
    }

    private static boolean isRefused(byte[] record) {
        try {
            if (decode(record) instanceof StoreRecord.Keep) {
                assertThat(StoreRecord.encode(StoreRecord.token(record))).isEqualTo(record);
            }
            return false;
        } catch (LaunchException e) {
            assertThat(e.getMessage()).isNotEmpty().doesNotContain("\n");
            return true;
        }
    }
}
