package jsgx.launch.audit;

import static jsgx.launch.audit.TestTrail.KEY;
import static jsgx.launch.audit.TestTrail.segment;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEntry.Checkpoint;
import jsgx.launch.audit.AuditVerification.Broken;
import jsgx.launch.audit.AuditVerification.Intact;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whoever changes a trail is found out, at the entry that was changed. All forgeries have right checksums, so that only the chain tells. */
class AuditTamperTest {

    private final TestTrail trail = new TestTrail();
    private List<byte[]> records = List.of();
    private AuditAnchor anchor = new AuditAnchor(1, "");

    @BeforeEach
    void aTrail() throws LaunchException {
        trail.fill(14);
        records = trail.records(1);
        anchor = trail.anchor();
        assertThat(trail.verify(anchor)).isInstanceOf(Intact.class);
    }

    private Broken broken(List<byte[]> forged, AuditAnchor... anchors) throws LaunchException {
        trail.replace(1, forged);
        AuditVerification found = trail.verify(anchors);
        assertThat(found).isInstanceOf(Broken.class);
        return (Broken) found;
    }

    private static byte[] edited(byte[] record) {
        String json = new String(record, AuditFormat.HASH, record.length - AuditFormat.HASH, StandardCharsets.UTF_8);
        String other = json.contains("uid:1000") ? json.replace("uid:1000", "uid:0") : json.replace("2026", "2025");
        assertThat(other).isNotEqualTo(json);
        return record(Arrays.copyOf(record, AuditFormat.HASH), other.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] record(byte[] hash, byte[] json) {
        return ByteBuffer.allocate(hash.length + json.length)
                .put(hash)
                .put(json)
                .array();
    }

    @Test
    void anEditIsFoundAtEachEntry() throws Exception {
        for (int i = 0; i < records.size(); i++) {
            List<byte[]> forged = new ArrayList<>(records);
            forged.set(i, edited(records.get(i)));
            Broken broken = broken(forged);
            assertThat(broken.number()).isEqualTo(i + 1);
            assertThat(broken.expected()).contains("hash");
            assertThat(broken.where()).contains("records-000001, offset");
        }
    }

    @Test
    void aDeletionIsFoundAtEachEntry() throws Exception {
        for (int i = 0; i < records.size() - 1; i++) {
            List<byte[]> forged = new ArrayList<>(records);
            forged.remove(i);
            assertThat(broken(forged).number()).isEqualTo(i + 1);
        }
    }

    @Test
    void anInsertionIsFoundAtEachEntry() throws Exception {
        for (int i = 0; i < records.size(); i++) {
            List<byte[]> forged = new ArrayList<>(records);
            forged.add(i, records.get((i + 5) % records.size()));
            assertThat(broken(forged).number()).isEqualTo(i + 1);
            forged.set(i, records.get(i));
            assertThat(broken(forged).number()).as("a copy of the one before").isEqualTo(i + 2);
        }
    }

    @Test
    void aReorderIsFoundAtItsFirstEntry() throws Exception {
        for (int i = 0; i < records.size() - 1; i++) {
            List<byte[]> forged = new ArrayList<>(records);
            Collections.swap(forged, i, i + 1);
            assertThat(broken(forged).number()).isEqualTo(i + 1);
        }
    }

    @Test
    void aCutIsFoundAgainstAnAnchorAndOnlyThen() throws Exception {
        for (int size = 1; size < records.size(); size++) {
            trail.replace(1, records.subList(0, size));
            assertThat(trail.verify()).isInstanceOf(Intact.class);
            int cut = size + 1;
            assertThat(trail.verify(anchor)).isInstanceOfSatisfying(Broken.class, broken -> {
                assertThat(broken.number()).isEqualTo(cut);
                assertThat(broken.meaning()).contains("cut off at the end");
            });
        }
        trail.replace(1, List.of());
        assertThat(trail.verify()).isInstanceOf(Broken.class);
        trail.files.remove(segment(1));
        assertThat(trail.verify(anchor))
                .isInstanceOfSatisfying(
                        Broken.class, broken -> assertThat(broken.number()).isEqualTo(1));
    }

    @Test
    void aCutAtTheBeginningIsFound() throws Exception {
        for (int from = 1; from < records.size(); from++) {
            assertThat(broken(records.subList(from, records.size())).number()).isEqualTo(1);
        }
    }

    /** Who knows how the chain is made makes all hashes anew; the signatures are not theirs to make. */
    @Test
    void aTrailThatWasWrittenAnewIsFoundAtTheNextCheckpoint() throws Exception {
        List<AuditEntry> entries = trail.entries();
        for (int i = 1; i < entries.size(); i++) {
            if (entries.get(i) instanceof Checkpoint) {
                continue;
            }
            List<byte[]> forged = rechained(records, i, false);
            long next = entries.subList(i, entries.size()).stream()
                    .filter(Checkpoint.class::isInstance)
                    .findFirst()
                    .orElseThrow()
                    .number();
            Broken broken = broken(forged);
            assertThat(broken.number()).isEqualTo(next);
            assertThat(broken.meaning()).contains("may have been written anew");

            Broken adapted = broken(rechained(records, i, true));
            assertThat(adapted.number()).isEqualTo(next);
            assertThat(adapted.expected()).contains("a signature of the key " + KEY.id());
        }
    }

    /** Changes one entry, and the hashes of all after it; on request also what checkpoints say that they sign. */
    private static List<byte[]> rechained(List<byte[]> records, int edit, boolean adapt) throws LaunchException {
        List<byte[]> forged = new ArrayList<>();
        byte[] head = AuditFormat.zeroes();
        for (int i = 0; i < records.size(); i++) {
            byte[] record = i == edit ? edited(records.get(i)) : records.get(i);
            byte[] json = Arrays.copyOfRange(record, AuditFormat.HASH, record.length);
            if (adapt && AuditFormat.entry(ByteBuffer.wrap(record)) instanceof Checkpoint checkpoint) {
                json = new String(json, StandardCharsets.UTF_8)
                        .replace(checkpoint.chain(), AuditFormat.hex(head))
                        .getBytes(StandardCharsets.UTF_8);
            }
            head = AuditFormat.hash(head, json);
            forged.add(record(head, json));
        }
        return forged;
    }

    @Test
    void aTrailThatIsAllOfAnotherKeyIsFoundAtItsFirstEntry() throws Exception {
        TestTrail other = new TestTrail();
        AuditKey theirs = AuditKey.generate(new SecureRandom());
        try (AuditLog log = AuditLog.open(other.files, TestTrail.FOLDER, theirs, other.options, other.clock)) {
            log.record(TestTrail.event("launch-1"));
        }
        Broken broken = broken(other.records(1));
        assertThat(broken.number()).isEqualTo(1);
        assertThat(broken.found()).contains(theirs.id());
    }

    /** What root can do who has the key: only an anchor tells. */
    @Test
    void aTrailThatWasWrittenAnewWithTheKeyIsFoundAgainstAnAnchorOnly() throws Exception {
        TestTrail other = new TestTrail();
        other.fill(20);
        trail.replace(1, other.records(1));
        assertThat(trail.verify()).isInstanceOf(Intact.class);
        AuditAnchor kept = new AuditAnchor(anchor.number(), "ab".repeat(32));
        assertThat(trail.verify(kept))
                .isInstanceOfSatisfying(
                        Broken.class, broken -> assertThat(broken.number()).isEqualTo(kept.number()));
    }

    @Test
    void anyChangedBitOfTheFileIsFound() throws Exception {
        byte[] good = trail.files.content(segment(1));
        for (int at = 0; at < good.length; at += 67) {
            byte[] bad = good.clone();
            bad[at] ^= (byte) (1 << at % 8);
            trail.files.put(segment(1), bad);
            try {
                assertThat(trail.verify()).as("offset %d", at).isInstanceOf(Broken.class);
            } catch (LaunchException e) {
                assertThat(at).as("a file whose header is wrong is no trail").isLessThan(24);
            }
        }
    }

    @Test
    void aHalfRecordAtTheEndIsFound() throws Exception {
        byte[] good = trail.files.content(segment(1));
        int last = records.getLast().length;
        trail.files.put(segment(1), Arrays.copyOf(good, good.length - last / 2));
        assertThat(trail.verify()).isInstanceOfSatisfying(Broken.class, broken -> {
            assertThat(broken.number()).isEqualTo(records.size());
            assertThat(broken.meaning()).contains("a crash while it was written");
        });
        trail.fill(1);
        assertThat(trail.verify()).as("the next launch cuts it off").isInstanceOf(Intact.class);
    }

    @Test
    void aFileThatWasTakenOutOfTheMiddleIsFound() throws Exception {
        TestTrail longer = new TestTrail();
        longer.options = longer.options.withSegmentBytes(2000);
        longer.fill(30);
        int first = longer.records(1).size();
        longer.files.remove(segment(2));
        assertThat(longer.verify())
                .isInstanceOfSatisfying(
                        Broken.class, broken -> assertThat(broken.number()).isEqualTo(first + 1));
    }
}
