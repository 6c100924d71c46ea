package jsgx.host.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import jsgx.host.service.HostException;
import jsgx.launch.LaunchException;
import jsgx.launch.PlatformFile;
import jsgx.launch.audit.AuditKey;
import jsgx.launch.audit.AuditReader;
import jsgx.launch.audit.AuditVerification;
import jsgx.launch.governor.RevocationFile;
import jsgx.launch.store.TokenStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class BackupTest {

    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-11-23T12:00:00Z"));

    @TempDir
    private Path folder;

    private Path state = Path.of("");
    private Path backup = Path.of("");

    @BeforeEach
    void aStateFolder() throws IOException {
        state = StateFolders.of("e89fe95", folder);
        backup = folder.resolve("jsgx.backup");
    }

    private static long entries(Path state) throws LaunchException {
        Path audit = state.resolve("audit");
        AuditVerification found = AuditReader.verify(audit, AuditKey.readPublic(audit.resolve("key.pub")), List.of());
        assertThat(found).isInstanceOf(AuditVerification.Intact.class);
        return ((AuditVerification.Intact) found).entries();
    }

    private static List<String> strangers(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.startsWith("."))
                    .toList();
        }
    }

    @Test
    void whatIsBackedUpComesBack() throws Exception {
        Map<String, String> before = StateFolders.content(state);
        Manifest written = Backup.write(state, backup, CLOCK);
        assertThat(Files.getPosixFilePermissions(backup)).isEqualTo(PosixFilePermissions.fromString("rw-------"));

        Path target = folder.resolve("new/state");
        Restore.Done done = Restore.restore(backup, target, false, CLOCK);

        assertThat(done.before()).isNull();
        assertThat(done.entries()).isEqualTo(entries(state));
        assertThat(done.manifest()).isEqualTo(written);
        assertThat(PlatformFile.in(target).load().id())
                .isEqualTo(PlatformFile.in(state).load().id())
                .isEqualTo(written.platform());
        // The restored trail says that it was restored; the rest is as it was, and marked.
        Map<String, String> after = StateFolders.content(target);
        assertThat(entries(target)).isGreaterThan(entries(state));
        after.keySet().removeIf(name -> name.startsWith("audit/records"));
        before.keySet().removeIf(name -> name.startsWith("audit/records"));
        assertThat(after.remove(StateMark.FILE)).isNotNull();
        assertThat(after).isEqualTo(before);
        assertThat(Files.getPosixFilePermissions(target)).isEqualTo(PosixFilePermissions.fromString("rwx------"));
        assertThat(Files.getPosixFilePermissions(target.resolve("platform")))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        try (TokenStore tokens = TokenStore.in(target)) {
            assertThat(tokens.count(token -> true)).isEqualTo(1);
        }
        assertThat(RevocationFile.look(target).entries()).hasSize(1);
        assertThat(strangers(folder)).isEmpty();
        assertThat(strangers(folder.resolve("new"))).isEmpty();
    }

    @Test
    void aFileWithAnOddNameComesBackToo() throws Exception {
        Files.writeString(state.resolve("team a (old).yaml~"), "version: 1\n");
        Files.writeString(state.resolve(".policy.yaml.tmp"), "what somebody is writing");
        Backup.write(state, backup, CLOCK);
        Path target = folder.resolve("new");
        Restore.restore(backup, target, false, CLOCK);
        assertThat(target.resolve("team a (old).yaml~")).content().isEqualTo("version: 1\n");
        assertThat(target.resolve(".policy.yaml.tmp")).doesNotExist();
    }

    @Test
    void aFileThatCannotBeBackedUpIsNotLeftOutWithoutAWord() throws Exception {
        Files.writeString(state.resolve("new\nline"), "");
        assertThatThrownBy(() -> Backup.write(state, backup, CLOCK))
                .isInstanceOf(HostException.class)
                .hasMessageContaining("\"new?line\"")
                .hasMessageContaining("rename it");
        assertThat(backup).doesNotExist();
        assertThat(strangers(folder)).isEmpty();
    }

    @Test
    void aMountPointIsRefusedBeforeAnythingIsUnpacked() throws Exception {
        Backup.write(state, backup, CLOCK);
        assertThatThrownBy(() -> Restore.restore(backup, Path.of("/proc"), true, CLOCK))
                .isInstanceOf(HostException.class)
                .hasMessageContaining("/proc is a mount point")
                .hasMessageContaining("JSGX_HOME");
        List<String> mounts = List.of("36 35 98:0 /mnt1 /var/lib/a\\040b rw,noatime master:1 - ext3 /dev/root rw");
        assertThat(Restore.isMountPoint(Path.of("/var/lib/a b"), mounts)).isTrue();
        assertThat(Restore.isMountPoint(Path.of("/var/lib"), mounts)).isFalse();
    }

    @Test
    void aFolderWhoseParentMayNotBeWrittenIsRefusedBeforeAnythingIsUnpacked() throws Exception {
        Path parent = Files.createDirectory(folder.resolve("closed"));
        Path inside = Files.createDirectory(parent.resolve("state"));
        Backup.write(state, backup, CLOCK);
        Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString("r-xr-xr-x"));
        try {
            assumeFalse(Files.isWritable(parent), "root may write to every folder");
            assertThatThrownBy(() -> Restore.restore(backup, inside, true, CLOCK))
                    .isInstanceOf(HostException.class)
                    .hasMessageContaining("may not be written");
        } finally {
            Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    @Test
    void aFolderThatIsNotEmptyIsReplacedWhereThatIsSaidAndKeptBeside() throws Exception {
        Backup.write(state, backup, CLOCK);
        Path other = StateFolders.of("319e316", folder);
        Map<String, String> before = StateFolders.content(other);

        assertThatThrownBy(() -> Restore.restore(backup, other, false, CLOCK))
                .isInstanceOf(HostException.class)
                .hasMessageContaining("is not empty: nothing was restored");
        assertThat(StateFolders.content(other)).isEqualTo(before);

        Restore.Done done = Restore.restore(backup, other, true, CLOCK);
        assertThat(StateFolders.content(Objects.requireNonNull(done.before()))).isEqualTo(before);
        assertThat(entries(other)).isGreaterThan(1);

        // Twice in one second is no reason to lose one.
        Restore.Done again = Restore.restore(backup, other, true, CLOCK);
        assertThat(again.before()).isNotNull().isNotEqualTo(done.before());
        assertThat(strangers(folder)).isEmpty();
    }

    @Test
    void aRunningHostsFolderIsNotReplaced() throws Exception {
        Backup.write(state, backup, CLOCK);
        try (StateLock lock = StateLock.take(state)) {
            assertThat(lock).isNotNull();
            assertThatThrownBy(() -> Restore.restore(backup, state, true, CLOCK))
                    .hasMessageContaining("process " + ProcessHandle.current().pid());
        }
    }

    @Test
    void aFileThatIsThereIsNotOverwritten() throws Exception {
        Files.writeString(backup, "mine");

        assertThatThrownBy(() -> Backup.write(state, backup, CLOCK)).hasMessageContaining("is there already");
        assertThat(backup).hasContent("mine");
        assertThat(strangers(folder)).isEmpty();
    }

    @Test
    void aBackupThatIsCutShortChangesNothing() throws Exception {
        Backup.write(state, backup, CLOCK);
        byte[] whole = Files.readAllBytes(backup);
        Map<String, String> before = StateFolders.content(state);

        for (int length = 0; length < whole.length; length += Math.max(1, whole.length / 40)) {
            Path cut = folder.resolve("cut-" + length);
            Files.write(cut, java.util.Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Restore.restore(cut, state, true, CLOCK))
                    .as("%d of %d bytes", length, whole.length)
                    .isInstanceOf(HostException.class);
        }
        assertThat(StateFolders.content(state)).isEqualTo(before);
        assertThat(strangers(folder)).isEmpty();
    }

    @Test
    void aBackupThatWasChangedAnywhereIsRefusedOrTheSame() throws Exception {
        Backup.write(state, backup, CLOCK);
        byte[] whole = Files.readAllBytes(backup);
        Map<String, String> before = StateFolders.content(state);
        int refused = 0;

        for (int at = 0; at < whole.length; at += Math.max(1, whole.length / 120)) {
            byte[] changed = whole.clone();
            changed[at] ^= 0x10;
            Path file = folder.resolve("changed-" + at);
            Files.write(file, changed);
            Path target = folder.resolve("target-" + at);
            try {
                Restore.restore(file, target, false, CLOCK);
                // Times, and names and checksums that a zip archive has twice.
                assertThat(RevocationFile.look(target).entries()).hasSize(1);
            } catch (HostException e) {
                refused++;
                assertThat(target).doesNotExist();
            }
        }
        assertThat(refused).isGreaterThan(80);
        assertThat(StateFolders.content(state)).isEqualTo(before);
    }

    private void forge(Map<String, byte[]> files, Map<String, String> namesInManifest) throws IOException {
        StringBuilder manifest = new StringBuilder(
                "jsgx backup 1\nplatform %s\ncreated 2026-11-23T12:00:00Z\n".formatted("00".repeat(16)));
        try (OutputStream out = Files.newOutputStream(backup);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                zip.putNextEntry(new ZipEntry(file.getKey()));
                zip.write(file.getValue());
                zip.closeEntry();
                manifest.append("file %s %d %s\n"
                        .formatted(
                                HexFormat.of().formatHex(Manifest.digest().digest(file.getValue())),
                                file.getValue().length,
                                namesInManifest.getOrDefault(file.getKey(), file.getKey())));
            }
            String text = manifest.toString();
            text += "end "
                    + HexFormat.of().formatHex(Manifest.digest().digest(text.getBytes(StandardCharsets.ISO_8859_1)))
                    + "\n";
            zip.putNextEntry(new ZipEntry(Manifest.NAME));
            zip.write(text.getBytes(StandardCharsets.ISO_8859_1));
            zip.closeEntry();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "FOLDER/evil", "a/../../evil", "a//b", ".hidden", "a/./b", "a\tb", "a/.b", ""})
    void aNameThatLeadsElsewhereIsRefused(String pattern) throws Exception {
        String name = pattern.replace("FOLDER", folder.toString());
        forge(Map.of(name.isEmpty() ? "x" : name, new byte[3]), Map.of("x", name));

        assertThatThrownBy(() -> Restore.restore(backup, folder.resolve("target"), false, CLOCK))
                .isInstanceOf(HostException.class);
        assertThat(folder.resolve("target")).doesNotExist();
        assertThat(folder.resolve("evil")).doesNotExist();
    }

    @Test
    void aFileThatIsLargerThanTheManifestSaysIsNotUnpackedWhole() throws Exception {
        byte[] large = new byte[64 << 20];
        String manifest = "jsgx backup 1\nplatform %s\ncreated 2026-11-23T12:00:00Z\nfile %s 1 platform\n"
                .formatted("00".repeat(16), "00".repeat(32));
        manifest += "end "
                + HexFormat.of().formatHex(Manifest.digest().digest(manifest.getBytes(StandardCharsets.US_ASCII)))
                + "\n";
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(backup))) {
            zip.putNextEntry(new ZipEntry("platform"));
            zip.write(large);
            zip.putNextEntry(new ZipEntry(Manifest.NAME));
            zip.write(manifest.getBytes(StandardCharsets.US_ASCII));
        }

        assertThatThrownBy(() -> Restore.restore(backup, folder.resolve("target"), false, CLOCK))
                .hasMessageContaining("platform in the backup is not what its manifest says");
        assertThat(folder.resolve("target")).doesNotExist();
    }

    @Test
    void aBackupOfOnePlatformThatSaysItIsOfAnotherIsRefused() throws Exception {
        forge(Map.of("platform", Files.readAllBytes(state.resolve("platform"))), Map.of());

        assertThatThrownBy(() -> Restore.restore(backup, folder.resolve("target"), false, CLOCK))
                .hasMessageContaining("of platform 00000000000000000000000000000000, and holds platform");
    }

    @Test
    void aBrokenTrailIsNotRestored() throws Exception {
        Path records = state.resolve("audit/records-000001");
        byte[] content = Files.readAllBytes(records);
        String text = new String(content, StandardCharsets.ISO_8859_1);
        int at = text.indexOf("launched");
        content[at] = 'L';
        Files.write(records, content);
        Backup.write(state, backup, CLOCK);

        assertThatThrownBy(() -> Restore.restore(backup, folder.resolve("target"), false, CLOCK))
                .isInstanceOfAny(HostException.class, LaunchException.class);
        assertThat(folder.resolve("target")).doesNotExist();
        assertThat(strangers(folder)).isEmpty();
    }

    @Test
    void aFolderWithoutAPlatformIsNotBackedUp() throws Exception {
        Files.delete(state.resolve("platform"));

        assertThatThrownBy(() -> Backup.write(state, backup, CLOCK)).hasMessageContaining("no platform yet");
        assertThat(backup).doesNotExist();
    }
}
