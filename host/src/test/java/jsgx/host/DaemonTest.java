package jsgx.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import jsgx.driver.Workload;
import jsgx.host.config.Configuration;
import jsgx.host.config.HostOptions;
import jsgx.host.config.Setting;
import jsgx.host.service.HostException;
import jsgx.host.service.Service;
import jsgx.host.state.StateFolders;
import jsgx.launch.LaunchException;
import jsgx.launch.PlatformFile;
import jsgx.launch.audit.AuditKey;
import jsgx.launch.audit.AuditReader;
import jsgx.launch.audit.AuditVerification;
import jsgx.launch.cache.Scheme;
import jsgx.launch.cache.WorkloadLimits;
import jsgx.launch.governor.Placement;
import jsgx.launch.governor.Workloads;
import jsgx.launch.store.TokenStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class DaemonTest {

    /** A socket's name is short. */
    private Path folder = Path.of("");

    private Path state = Path.of("");

    @BeforeEach
    void shortFolder() throws IOException {
        folder = Files.createTempDirectory(Path.of("/tmp"), "jsgx");
        state = folder.resolve("state");
    }

    @AfterEach
    void remove() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private HostOptions options(Map<Setting, String> more) throws Exception {
        Map<Setting, String> options = new EnumMap<>(Setting.class);
        options.put(Setting.STATE, state.toString());
        options.put(Setting.RUN_FOLDER, folder.resolve("run").toString());
        options.put(Setting.AESM_SOCKET, folder.resolve("run/aesm.socket").toString());
        options.put(Setting.CONSOLE_LISTEN, "none");
        options.put(Setting.EPC, "4MiB");
        options.putAll(more);
        Path none = Files.writeString(folder.resolve("jsgx.yaml"), "# nothing\n");
        return new Configuration(none, Map.of(), options, false).load();
    }

    private Daemon start() throws Exception {
        return Daemon.start(options(Map.of()), InstantSource.system());
    }

    private void assertNothingIsLeft() throws IOException {
        Path run = folder.resolve("run");
        if (Files.exists(run)) {
            try (Stream<Path> left = Files.list(run)) {
                assertThat(left.map(file -> String.valueOf(file.getFileName())))
                        .allMatch(name -> name.startsWith(".") && name.endsWith(".lock"));
            }
        }
    }

    @Test
    void itServesAndEndsTwentyTimesInARow() throws Exception {
        String platform = "";
        for (int i = 0; i < 20; i++) {
            try (Daemon daemon = start()) {
                String id = daemon.host().context().running().platform().id();
                assertThat(platform).isIn("", id);
                platform = id;
                assertThat(daemon.host().services())
                        .extracting(Service::trouble)
                        .containsOnly("");
            }
            assertNothingIsLeft();
        }
        assertThat(AuditReader.verify(
                        state.resolve("audit"), AuditKey.readPublic(state.resolve("audit/key.pub")), List.of()))
                .isInstanceOf(AuditVerification.Intact.class);
    }

    @Test
    void aStateFolderHasOneDaemon() throws Exception {
        try (Daemon daemon = start()) {
            assertThatThrownBy(this::start)
                    .isInstanceOf(HostException.class)
                    .hasMessageContaining("another jsgx serve has the state folder " + state + ": process "
                            + ProcessHandle.current().pid());
            assertThat(daemon.host().services()).extracting(Service::trouble).containsOnly("");
        }
        start().close();
    }

    @Test
    void whatCannotBeginLeavesNothing() throws Exception {
        HostOptions options = options(Map.of(
                Setting.AESM_SOCKET, Files.createFile(folder.resolve("taken")).toString()));

        // Where AESM is there; else this is the folder's alone.
        try (Daemon daemon = Daemon.start(options, InstantSource.system())) {
            assumeTrue(daemon.host().services().stream()
                    .noneMatch(service -> service.name().equals("aesm")));
        } catch (HostException e) {
            assertThat(e).hasMessageContaining("taken is no socket");
        }
        assertNothingIsLeft();
        start().close();
    }

    @Test
    void aReloadTakesWhatIsLiveAndLeavesTheRest() throws Exception {
        try (Daemon daemon = start()) {
            daemon.reload(options(Map.of(
                    Setting.PLACEMENT, "kernel",
                    Setting.CACHE_SCHEME, "lru",
                    Setting.CACHE_MAX_BYTES, "1MiB",
                    Setting.SESSIONS_TOTAL, "5")));

            var cache =
                    daemon.host().context().running().governor().cacheControl().settings();
            assertThat(cache.placement()).isEqualTo(Placement.KERNEL);
            assertThat(cache.scheme()).isEqualTo(Scheme.LRU);
            assertThat(cache.maxBytes()).isEqualTo(1 << 20);
            assertThat(daemon.options().placement()).isEqualTo(Placement.KERNEL);
            assertThat(daemon.options().sessions().total()).isNotEqualTo(5);
        }
    }

    @Test
    void aReloadThatCannotBeDoneChangesNothing() throws Exception {
        try (Daemon daemon = start()) {
            var control = daemon.host().context().running().governor().cacheControl();
            control.workload(
                    Workloads.ofThisProcess().name(),
                    new Workload("uid:1"),
                    now -> new WorkloadLimits(1 << 20, now.ceilingBytes()));
            HostOptions before = daemon.options();

            boolean taken = daemon.reload(options(Map.of(
                    Setting.CACHE_MAX_BYTES, "64KiB",
                    Setting.LOG_LEVEL, "debug",
                    Setting.PLACEMENT, "kernel")));

            assertThat(taken).isFalse();
            assertThat(daemon.options()).isEqualTo(before);
            assertThat(control.placement()).isEqualTo(Placement.NONE);
        }
    }

    @Test
    void whatAnAdministratorChangedOutlivesAReloadThatSaysNothingElse() throws Exception {
        try (Daemon daemon = start()) {
            var control = daemon.host().context().running().governor().cacheControl();
            control.change(Workloads.ofThisProcess().name(), settings -> settings.withPlacement(Placement.KERNEL));

            daemon.reload(options(Map.of()));

            assertThat(control.placement()).isEqualTo(Placement.KERNEL);
        }
    }

    @Test
    void aPolicyThatCannotBeUsedChangesNothing() throws Exception {
        state = StateFolders.of("e89fe95", folder);
        try (Daemon daemon = start()) {
            var revisions =
                    daemon.host().context().governance().options().revocations().revisions();
            long before = revisions.revision();

            daemon.reloadPolicy();
            assertThat(revisions.revision()).isGreaterThan(before);
            long good = revisions.revision();

            Files.writeString(state.resolve("policy.yaml"), "version: 1\ndefault: alow\n");
            daemon.reloadPolicy();
            assertThat(revisions.revision()).isEqualTo(good);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"319e316", "e89fe95"})
    void theFolderOfAnEarlierReleaseIsTakenAsItIs(String commit) throws Exception {
        state = StateFolders.of(commit, folder);
        String platform = PlatformFile.in(state).load().id();
        boolean tokens = Files.exists(state.resolve("tokens"));

        for (int i = 0; i < 2; i++) {
            try (Daemon daemon = Daemon.start(options(Map.of(Setting.PLACEMENT, "user")), InstantSource.system())) {
                var context = daemon.host().context();
                assertThat(context.running().platform().id()).isEqualTo(platform);
                assertThat(context.governance().options().revocations().read().entries())
                        .hasSize(tokens ? 1 : 0);
                assertThat(context.running().userTokens()).isPresent();
            }
        }

        assertThat(state.resolve("host")).content().contains(platform);
        assertThat(AuditReader.verify(
                        state.resolve("audit"), AuditKey.readPublic(state.resolve("audit/key.pub")), List.of()))
                .isInstanceOf(AuditVerification.Intact.class);
        try (TokenStore store = TokenStore.in(state)) {
            assertThat(store.count(token -> true)).isEqualTo(tokens ? 1 : 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxr-xr-x", "rwxrwx---", "rwx---r--"})
    void aFolderThatIsOpenToOthersIsRefused(String permissions) throws Exception {
        start().close();
        Files.setPosixFilePermissions(state, PosixFilePermissions.fromString(permissions));

        assertThatThrownBy(this::start)
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("is open to others")
                .hasMessageContaining("chmod 700");
        Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void aFolderOfSomebodyElseIsRefused() throws Exception {
        assumeTrue(Workloads.ofThisProcess().name().equals("uid:0"), "only root can give a folder away");
        start().close();
        Files.setAttribute(state, "unix:uid", 12345);
        try {
            assertThatThrownBy(this::start)
                    .isInstanceOf(HostException.class)
                    .hasMessageContaining("belongs to uid 12345, expected uid 0");
        } finally {
            Files.setAttribute(state, "unix:uid", 0);
        }
    }

    @Test
    void anotherPlatformInTheFolderIsRefused() throws Exception {
        start().close();
        PlatformFile.in(state).replace(jsgx.launch.Platform.create(new java.security.SecureRandom()));

        assertThatThrownBy(this::start)
                .isInstanceOf(HostException.class)
                .hasMessageContaining("the state folder is that of platform");
    }

    @Test
    void theEndWaitsNoLongerThanItHasTo() throws Exception {
        Daemon daemon = start();
        long start = System.nanoTime();
        daemon.stop(Duration.ofSeconds(60));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(40));
        daemon.stop(Duration.ofSeconds(60));
    }
}
