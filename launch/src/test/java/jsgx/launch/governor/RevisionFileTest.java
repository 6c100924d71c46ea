package jsgx.launch.governor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import jsgx.arch.struct.Attributes;
import jsgx.launch.LaunchException;
import jsgx.launch.policy.PolicySubject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The counter and the table of launches that processes share. */
class RevisionFileTest {

    @TempDir
    private Path folder;

    @Test
    void aLaunchIsSeenByAnotherUserOfTheFileFromItsEntryToItsEnd() throws Exception {
        try (RevisionFile mine = RevisionFile.open(file());
                RevisionFile others = RevisionFile.open(file())) {
            int slot =
                    mine.enter(7, 1, subject("a workload with a name that is longer than ninety-five bytes".repeat(2)));

            LaunchEntry inFlight = others.entries().getFirst();
            assertThat(inFlight.running()).isFalse();
            assertThat(inFlight.pid()).isEqualTo(ProcessHandle.current().pid());
            assertThat(inFlight.mrEnclave()).isEqualTo("11".repeat(32));
            assertThat(inFlight.mrSigner()).isEqualTo("22".repeat(32));
            assertThat(inFlight.isvProdId()).isEqualTo(3);
            assertThat(inFlight.isvSvn()).isEqualTo(4);
            assertThat(inFlight.workload()).hasSize(95).startsWith("a workload");

            mine.running(slot);
            assertThat(others.entries()).singleElement().matches(LaunchEntry::running);
            mine.leave(slot);
            assertThat(others.entries()).isEmpty();
        }
    }

    @Test
    void theRevisionOutlivesItsUsersAndNeverFalls() throws Exception {
        try (RevisionFile first = RevisionFile.open(file())) {
            assertThat(first.revision()).isEqualTo(1);
            first.raise(12);
            first.raise(5);
        }
        try (RevisionFile second = RevisionFile.open(file())) {
            assertThat(second.revision()).isEqualTo(12);
        }
        assertThat(Files.getPosixFilePermissions(file())).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(folder.toFile().list()).containsExactly("revision");
    }

    @Test
    void onlyOlderLaunchesInFlightAreWaitedFor() throws Exception {
        RevisionFile file = RevisionFile.inMemory();
        int running = file.enter(1, 1, subject("running"));
        file.running(running);
        file.enter(2, 5, subject("judged by the new revision"));
        assertThat(file.awaitOlder(5)).isEmpty();

        int older = file.enter(3, 4, subject("older"));
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Future<List<LaunchEntry>> waiting = executor.submit(() -> file.awaitOlder(5));
            assertThatThrownBy(() -> waiting.get(50, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            file.leave(older);
            assertThat(waiting.get()).extracting(LaunchEntry::workload).containsExactly("older");
        }
    }

    @Test
    void aLaunchOfAProcessThatEndedIsNeitherListedNorWaitedFor() throws Exception {
        try (RevisionFile file = RevisionFile.open(file())) {
            int slot = file.enter(1, 1, subject("dead"));
            long dead = ProcessId.OWN ^ (1L << ProcessId.PID_BITS);
            patch(RevisionFile.FIRST_SLOT + slot * RevisionFile.SLOT_SIZE, (2L << 62) | dead);

            assertThat(file.entries()).as("same pid, another start").isEmpty();
            assertThat(file.awaitOlder(9)).isEmpty();
            file.enter(2, 9, subject("next"));
            assertThat(file.entries()).extracting(LaunchEntry::workload).containsExactly("next");
        }
    }

    @Test
    void aFullTableTakesTheSlotsOfTheDeadAndThenNoMore() throws Exception {
        RevisionFile full = RevisionFile.open(file());
        for (int i = 0; i < RevisionFile.SLOTS; i++) {
            full.enter(i, 1, subject("w"));
        }
        assertThatThrownBy(() -> full.enter(0, 1, subject("w")))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("16384 enclaves run already");
        patch(RevisionFile.FIRST_SLOT + 77 * RevisionFile.SLOT_SIZE, (3L << 62) | (ProcessId.OWN ^ (1L << 30)));
        assertThat(full.enter(0, 1, subject("w"))).isEqualTo(77);
        full.close();
    }

    @Test
    void whatIsNoRevisionFileIsRefusedWithWhatToDo() throws Exception {
        Files.write(file(), new byte[100], StandardOpenOption.CREATE);
        chmod("rw-------");
        refused("100 bytes, expected " + RevisionFile.SIZE);
        Files.write(file(), new byte[(int) RevisionFile.SIZE]);
        refused("its header is not one");
        Files.delete(file());
        RevisionFile.open(file()).close();
        patch(64, -1);
        refused("offset 64 is -1");
        patch(64, 1);
        chmod("rw-r--r--");
        refused("open to others");
        Files.move(file(), folder.resolve("other"));
        Files.createSymbolicLink(file(), folder.resolve("other"));
        refused("symbolic link");
    }

    @Test
    void anyBytesInTheTableAreReadWithoutHarm() throws Exception {
        try (RevisionFile file = RevisionFile.open(file())) {
            file.enter(1, 1, subject("w"));
            byte[] noise = new byte[4096];
            new java.util.Random(3).nextBytes(noise);
            try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(noise), RevisionFile.FIRST_SLOT);
            }
            patch(128, Long.MAX_VALUE);

            assertThat(file.entries()).hasSizeLessThan(30);
            assertThat(file.awaitOlder(2)).hasSizeLessThan(30);
        }
    }

    /** The protocol itself, many times: a launch that goes on has read the revision before the revocation, and was waited for. */
    @Test
    void noLaunchGoesOnUnderAnOlderRevisionAfterTheWait() throws Exception {
        RevisionFile file = RevisionFile.inMemory();
        AtomicBoolean stop = new AtomicBoolean();
        PolicySubject subject = subject("w");
        try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
            volatileState = 0;
            Future<?>[] launchers = new Future<?>[3];
            for (int thread = 0; thread < launchers.length; thread++) {
                int base = thread << 24;
                launchers[thread] = executor.submit(() -> {
                    for (int i = 0; !stop.get(); i++) {
                        long judged = file.revision();
                        int slot = file.enter(base + i, judged, subject);
                        if (file.revision() == judged) {
                            assertThat(judged).as("over when the wait was").isGreaterThanOrEqualTo(volatileState);
                        }
                        file.leave(slot);
                    }
                    return null;
                });
            }
            for (long revision = 2; revision < 3000; revision++) {
                file.raise(revision);
                file.awaitOlder(revision);
                volatileState = revision;
            }
            stop.set(true);
            for (Future<?> launcher : launchers) {
                launcher.get();
            }
        }
    }

    /** The newest revision of which the wait is over. */
    private volatile long volatileState;

    private Path file() {
        return folder.resolve("revision");
    }

    private void chmod(String mode) throws IOException {
        Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString(mode));
    }

    private void patch(long offset, long value) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(0, value);
        try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
            channel.write(bytes, offset);
        }
    }

    private void refused(String message) {
        assertThatThrownBy(() -> RevisionFile.open(file()))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining(message);
    }

    private static PolicySubject subject(String workload) {
        byte[] enclave = new byte[32];
        java.util.Arrays.fill(enclave, (byte) 0x11);
        byte[] signer = new byte[32];
        java.util.Arrays.fill(signer, (byte) 0x22);
        return new PolicySubject(enclave, signer, 3, 4, new Attributes(4, 3), 0, 8192, workload, Instant.EPOCH);
    }
}
