package jsgx.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.launch.file.PrivateFile;
import jsgx.launch.le.LeProfile;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlatformFileTest {

    private static final byte[] FORMATTED = PlatformFormat.format(TestPlatforms.platform());

    @TempDir
    Path temporary;

    private Path folder = Path.of("");
    private PlatformFile file = PlatformFile.in(Path.of(""));

    @BeforeEach
    void aFolderThatIsNotThere() {
        folder = temporary.resolve("a/b/state");
        file = PlatformFile.in(folder);
    }

    @Test
    void whatIsKeptIsWhatIsLoaded() throws Exception {
        Platform platform = TestPlatforms.platform()
                .withFeatures(CpuFeatures.SGX1_FLC)
                .withEpc(8192, 1 << 20)
                .withLeProfile(LeProfile.INTEL)
                .withLaunchControl(LaunchControl.lockedTo("ab".repeat(32)));
        file.replace(platform);

        Platform loaded = file.load();

        assertThat(PlatformFormat.format(loaded)).isEqualTo(PlatformFormat.format(platform));
        assertThat(loaded.features()).isEqualTo(platform.features());
        assertThat(loaded.fuses().packageKey()).isEqualTo(platform.fuses().packageKey());
        assertThat(loaded.fuses().sealFuses()).isEqualTo(platform.fuses().sealFuses());
        assertThat(loaded.cpuSvn()).isEqualTo(platform.cpuSvn());
        assertThat(loaded.ownerEpoch()).isEqualTo(platform.ownerEpoch());
        assertThat(loaded.launchControl()).isEqualTo(platform.launchControl());
        assertThat(loaded.epcSections()).containsExactly(8192L, 1L << 20);
        assertThat(loaded.leKey().toPem()).isEqualTo(platform.leKey().toPem());
        assertThat(loaded.leProfile()).isEqualTo(LeProfile.INTEL);
    }

    @Test
    void firstUseMakesAPlatformThatStays() throws Exception {
        Platform first = file.loadOrCreate();
        Platform second = file.loadOrCreate();

        assertThat(second.leMrSigner()).isEqualTo(first.leMrSigner());
        assertThat(second.launchControl().hash()).isEqualTo(first.leMrSigner());
        assertThat(mode(folder)).isEqualTo("rwx------");
        assertThat(mode(file.path())).isEqualTo("rw-------");
    }

    @Test
    void firstUsesAtOnceGetOnePlatform() throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(6)) {
            Callable<String> use = () -> PlatformFile.in(folder).loadOrCreate().leMrSigner();
            List<String> seen = new ArrayList<>();
            for (Future<String> done : pool.invokeAll(Collections.nCopies(6, use))) {
                seen.add(done.get());
            }
            assertThat(Set.copyOf(seen)).hasSize(1);
        }
    }

    @Test
    void firstUsesOfProcessesAtOnceGetOnePlatform() throws Exception {
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            processes.add(new ProcessBuilder(
                            ProcessHandle.current().info().command().orElseThrow(),
                            "-Xshare:auto",
                            "-cp",
                            System.getProperty("java.class.path"),
                            FirstUse.class.getName(),
                            folder.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start());
        }
        List<String> seen = new ArrayList<>();
        for (Process process : processes) {
            seen.add(new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
            assertThat(process.waitFor()).isZero();
        }
        assertThat(Set.copyOf(seen)).containsExactly(file.load().leMrSigner());
    }

    /** Uses a platform file as a process of its own. */
    static final class FirstUse {
        private FirstUse() {}

        public static void main(String[] args) throws LaunchException {
            System.out.print(PlatformFile.in(Path.of(args[0])).loadOrCreate().leMrSigner());
        }
    }

    @Test
    void aChangeIsKept() throws Exception {
        file.replace(TestPlatforms.platform());
        file.update(platform -> platform.withCpuSvn(CpuSvn.ZERO));

        assertThat(file.load().cpuSvn()).isEqualTo(CpuSvn.ZERO);
        try (Stream<Path> content = Files.list(folder)) {
            assertThat(content.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("platform", "platform.lock");
        }
    }

    @Test
    void nothingYetIsSaidToBeSo() {
        assertThat(file.exists()).isFalse();
        refused("no platform yet at " + file.path(), "jsgx platform new");
    }

    @Test
    void aFileThatOthersCanReadIsRefused() throws Exception {
        for (String open : new String[] {"rw-r-----", "rw----r--", "rw--w----", "rw-rw-rw-", "rw----r-x"}) {
            file.replace(TestPlatforms.platform());
            Files.setPosixFilePermissions(file.path(), PosixFilePermissions.fromString(open));

            refused("is open to others", "chmod 600 " + file.path());
        }
    }

    @Test
    void aFolderThatOthersCanEnterIsRefused() throws Exception {
        file.replace(TestPlatforms.platform());
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));

        refused("is open to others (mode 755)", "chmod 700 " + folder);
        assertThatThrownBy(() -> file.replace(TestPlatforms.platform())).hasMessageContaining("chmod 700");
    }

    @Test
    void anEmptyFolderIsClosedToOthersOnFirstUse() throws Exception {
        Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        file.replace(TestPlatforms.platform());

        assertThat(mode(folder)).isEqualTo("rwx------");
    }

    @Test
    void aSymbolicLinkIsRefused() throws Exception {
        file.replace(TestPlatforms.platform());
        Path elsewhere = folder.resolve("elsewhere");
        Files.move(file.path(), elsewhere);
        Files.createSymbolicLink(file.path(), elsewhere);

        refused("is a symbolic link to " + elsewhere);
        assertThat(file.exists()).isTrue();
        Files.delete(elsewhere);
        refused("is a symbolic link");
        assertThatThrownBy(() -> file.loadOrCreate()).as("a dangling one too").hasMessageContaining("symbolic link");
    }

    @Test
    void aFolderInItsPlaceIsRefused() throws Exception {
        Files.createDirectories(
                file.path(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));

        refused("is not a regular file");
    }

    @Test
    void aFileInPlaceOfTheFolderIsRefused() throws Exception {
        Files.createDirectories(temporary.resolve("x"));
        Path place = Files.writeString(temporary.resolve("x/state"), "a file");
        assertThatThrownBy(() -> PlatformFile.in(place).loadOrCreate())
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("is not a folder");
    }

    @Test
    void everyTruncationIsRefused() throws Exception {
        for (int length = 0; length < FORMATTED.length; length++) {
            assertThatThrownBy(parsing(Arrays.copyOf(FORMATTED, length)))
                    .as("%d bytes", length)
                    .isInstanceOf(LaunchException.class)
                    .satisfies(PlatformFileTest::isOneLine);
        }
        assertThat(PlatformFormat.parse(Path.of("p"), FORMATTED)).isNotNull();
    }

    @Test
    void everyFlippedBitIsRefused() {
        Random random = new Random(3);
        for (int at = 0; at < FORMATTED.length; at++) {
            byte[] changed = FORMATTED.clone();
            changed[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
            assertThatThrownBy(parsing(changed))
                    .as("byte %d", at)
                    .isInstanceOf(LaunchException.class)
                    .satisfies(PlatformFileTest::isOneLine);
        }
    }

    @Test
    void anotherVersionIsSaidToBeOne() {
        byte[] second = text().replace("jsgx platform 1", "jsgx platform 2").getBytes(StandardCharsets.US_ASCII);

        assertThatThrownBy(parsing(second)).hasMessageContaining("format version \"2\", expected 1");
    }

    @Test
    void aWrongValueUnderARightChecksumIsRefusedWithItsLine() {
        Map<String, String> edits = Map.of(
                "leprofile v5", "leprofile v6",
                "sgx enabled", "sgx on",
                "epc 4194304", "epc 4194305",
                "maxsize 31,56", "maxsize 31",
                "xfrm 0x", "xfrm ",
                "features ", "features sgx9,",
                "cpusvn ", "cpusvn 00",
                "sealfuses ", "sealfuse ",
                "hashmsrs writable", "hashmsrs open",
                "lekey M", "lekey A");
        edits.forEach((from, to) -> {
            assertThat(text()).contains(from);
            assertThatThrownBy(parsing(withChecksum(text().replace(from, to))))
                    .as(to)
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining("line ")
                    .satisfies(PlatformFileTest::isOneLine);
        });
    }

    @Test
    void noMessageHoldsASecret() {
        String key = text().lines()
                .filter(l -> l.startsWith("lekey "))
                .findFirst()
                .orElseThrow()
                .substring(6);
        assertThatThrownBy(parsing(withChecksum(text().replace("lekey M", "lekey A"))))
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain(key.substring(100, 140)));
        assertThat(TestPlatforms.platform().toString())
                .doesNotContain(HexFormat.of()
                        .formatHex(TestPlatforms.platform().fuses().packageKey()));
    }

    @Test
    void aFileOfMegabytesIsNotRead() throws Exception {
        file.replace(TestPlatforms.platform());
        Files.write(file.path(), new byte[1 << 20]);

        refused("1048576 bytes, expected at most");
    }

    @Test
    void whateverFailsWhileItIsWrittenTheOldOneStays() throws Exception {
        file.replace(TestPlatforms.platform());
        byte[] before = Files.readAllBytes(file.path());
        for (PrivateFile.Step step : PrivateFile.Step.values()) {
            PrivateFile.Watcher full = at -> {
                if (at == step) {
                    throw new IOException("No space left on device");
                }
            };
            assertThatThrownBy(() -> PrivateFile.write(file.path(), new byte[100], full))
                    .as("%s", step)
                    .isInstanceOf(LaunchException.class)
                    .hasMessage("cannot write %s: No space left on device", file.path());
            boolean renamed = step == PrivateFile.Step.SYNC_FOLDER;
            assertThat(Files.readAllBytes(file.path())).isEqualTo(renamed ? new byte[100] : before);
            try (Stream<Path> content = Files.list(folder)) {
                assertThat(content.map(path -> path.getFileName().toString()))
                        .as("nothing is left lying about after %s", step)
                        .containsExactlyInAnyOrder("platform", "platform.lock");
            }
        }
    }

    @Test
    void whatAKilledWriterLeftIsClearedAway() throws Exception {
        file.replace(TestPlatforms.platform());
        Files.write(folder.resolve(".platform.0011223344556677.tmp"), new byte[10]);
        file.update(platform -> platform);

        try (Stream<Path> content = Files.list(folder)) {
            assertThat(content).hasSize(2);
        }
    }

    @Test
    void aBrokenFileCanBeReplaced() throws Exception {
        file.replace(TestPlatforms.platform());
        Files.write(file.path(), new byte[] {1, 2, 3});

        refused("it is no platform file", "jsgx platform new");
        file.replace(TestPlatforms.platform());
        assertThat(file.load().leMrSigner()).isEqualTo(TestPlatforms.LE_KEY.mrSigner());
    }

    @Test
    void theStateFolderIsWhereTheEnvironmentSays() throws Exception {
        assertThat(StateFolder.path(Map.of("JSGX_HOME", "/a", "XDG_STATE_HOME", "/b", "HOME", "/c")))
                .isEqualTo(Path.of("/a"));
        assertThat(StateFolder.path(Map.of("JSGX_HOME", "", "XDG_STATE_HOME", "/b", "HOME", "/c")))
                .isEqualTo(Path.of("/b/jsgx"));
        assertThat(StateFolder.path(Map.of("XDG_STATE_HOME", "relative", "HOME", "/c")))
                .isEqualTo(Path.of("/c/.local/state/jsgx"));
        assertThat(StateFolder.path(Map.of("HOME", "/c"))).isEqualTo(Path.of("/c/.local/state/jsgx"));
        assertThatThrownBy(() -> StateFolder.path(Map.of())).hasMessageContaining("set JSGX_HOME");
    }

    private void refused(String... parts) {
        assertThatThrownBy(file::load)
                .isInstanceOf(LaunchException.class)
                .satisfies(PlatformFileTest::isOneLine)
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    private static void isOneLine(Throwable e) {
        assertThat(e.getMessage()).doesNotContain("\n").isNotEmpty();
    }

    private static ThrowingCallable parsing(byte[] bytes) {
        return () -> PlatformFormat.parse(Path.of("/state/platform"), bytes);
    }

    private static String text() {
        return new String(FORMATTED, StandardCharsets.US_ASCII);
    }

    private static byte[] withChecksum(String text) {
        String body = text.substring(0, text.lastIndexOf("sha256 "));
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(body.getBytes(StandardCharsets.US_ASCII));
            return (body + "sha256 " + HexFormat.of().formatHex(hash) + "\n").getBytes(StandardCharsets.US_ASCII);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
    }
}
