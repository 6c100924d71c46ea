package jsgx.host.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jsgx.launch.audit.Durability;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.launch.yaml.YamlError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class ConfigurationTest {

    @TempDir
    private Path folder;

    @Test
    void theExampleOfTheDocumentHasEverySettingAndSaysWhatHoldsWithoutIt() throws Exception {
        String text = example();

        HostOptions told = load(text);
        HostOptions otherwise = HostOptions.at(Path.of("/var/lib/jsgx"), Path.of("/run/jsgx"), true);

        for (Setting setting : Setting.values()) {
            assertThat(ConfigurationFile.parse("jsgx.yaml", text).settings()).containsKey(setting);
            if (setting != Setting.EPC) {
                assertThat(setting.differs(told, otherwise)).as(setting.key()).isFalse();
            }
        }
        assertThat(told.cgroups()).containsExactly("/system.slice", "/system.slice/build.service");
        assertThat(told.grants())
                .containsExactly(new HostOptions.Grant(
                        1000,
                        Set.of(HostOptions.Right.POLICY, HostOptions.Right.PLACEMENT, HostOptions.Right.WORKLOAD)));
    }

    @Test
    void everyValueIsRead() throws Exception {
        HostOptions options = load("""
                state: /s
                run-folder: /r/./x
                aesm: {socket: none, white-list: /w, queue: 7, timeout: 250ms}
                admin: {group: wheel}
                console: {listen: "[::1]:99"}
                metrics: {listen: "127.0.0.1:9480"}
                placement: both
                cache: {max-bytes: 3MiB, max-entries: 12, scheme: sieve}
                epc: 1 GiB
                audit: {durability: async}
                workloads: {cgroups: [/a, /a/b], max-reclaimed: 2GiB}
                grants: [{uid: 7, may: [policy]}, {uid: 0, may: []}]
                fleet: {engine: "redis://h:1", password-file: /p, namespace: f, lease: 2s, partition: continue}
                log: {format: json, level: warning}
                sessions: {per-uid: 3, total: 9, files-per-uid: 5, processes-per-uid: 6, threads-per-uid: 7, launch-memory-per-uid: 64MiB}
                """);

        assertThat(options.state()).isEqualTo(Path.of("/s"));
        assertThat(options.driverSocket()).isEqualTo(Path.of("/r/x/driver.socket"));
        assertThat(options.aesm()).isEqualTo(new HostOptions.Aesm(null, Path.of("/w"), 7, Duration.ofMillis(250)));
        assertThat(options.admin().group()).isEqualTo("wheel");
        assertThat(String.valueOf(options.console()))
                .contains("0:0:0:0:0:0:0:1")
                .endsWith(":99");
        assertThat(String.valueOf(options.metrics())).endsWith("127.0.0.1:9480");
        assertThat(options.placement()).isEqualTo(Placement.BOTH);
        assertThat(options.cache()).isEqualTo(new HostOptions.Cache(3 << 20, 12, Scheme.SIEVE));
        assertThat(options.epc()).isEqualTo(1L << 30);
        assertThat(options.maxReclaimed()).isEqualTo(2L << 30);
        assertThat(options.durability()).isEqualTo(Durability.ASYNC);
        assertThat(options.cgroups()).containsExactly("/a", "/a/b");
        assertThat(options.grants())
                .containsExactly(
                        new HostOptions.Grant(7, Set.of(HostOptions.Right.POLICY)), new HostOptions.Grant(0, Set.of()));
        assertThat(String.valueOf(options.fleet().engine())).isEqualTo("redis://h:1");
        assertThat(options.fleet().lease()).isEqualTo(Duration.ofSeconds(2));
        assertThat(options.fleet().goOn()).isTrue();
        assertThat(options.log()).isEqualTo(new HostOptions.Log(true, System.Logger.Level.WARNING));
        assertThat(options.sessions()).isEqualTo(new HostOptions.Sessions(3, 9, 5, 6, 7, 64 << 20));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "placement: kernl | 1:12: expected one of none, kernel, user, both, found \"kernl\"",
                "plcement: none | 1:1: there is no \"plcement\" here; did you mean \"placement\"?",
                "aesm: {queu: 3} | 1:8: there is no \"queu\" here; did you mean \"queue\"?",
                "aesm: 3 | 1:7: expected keys with values (queue, socket, timeout, white-list), found \"3\"",
                "aesm: {queue: 0} | 1:15: expected a number from 1 to 1000000, found \"0\"",
                "aesm: {timeout: 11m} | 1:17: expected a time from 1ms to 10m",
                "state: here | 1:8: expected an absolute path",
                "state: | 1:7: expected an absolute path such as /var/lib/jsgx, found nothing",
                "console: {listen: `0.0.0.0:80`} | 1:19: expected a loopback address",
                "console: {listen: `127.0.0.1:65536`} | 1:19: expected a loopback address",
                "console: {listen: localhost:80} | 1:19: expected a loopback address",
                "epc: 99999999999999TiB | 1:6: expected a size such as 64MiB",
                "workloads: {cgroups: [a]} | 1:23: expected the path of a cgroup such as /system.slice, found \"a\"",
                "workloads: {cgroups: [/a/../b]} | 1:23: expected the path of a cgroup",
                "workloads: {cgroups: [/a, /a]} | 1:27: \"/a\" stands here a second time",
                "grants: [{uid: 1}] | 1:10: there is no \"may\": expected a list of rights",
                "grants: [{uid: root, may: []}] | 1:16: expected the number of a user",
                "grants: [{uid: 1, may: [all]}] | 1:25: expected policy, placement or workload, each once, found \"all\"",
                "grants: [{uid: 1, may: []}, {uid: 1, may: []}] | 1:29: uid 1 stands here a second time",
                "state: &a /x | 1:8: an anchor: expected a value without one",
                "- state | 1:1: expected keys with values, found a list"
            })
    void whatIsWrongIsToldWithItsPlace(String text, String expected) {
        ConfigurationException e = catchThrowableOfType(
                ConfigurationException.class, () -> ConfigurationFile.parse("f", text.replace('`', '"')));

        assertThat(e.errors()).hasSize(1);
        assertThat(e.errors().getFirst().toString()).startsWith("f:" + expected);
        assertThat(e.errors().getFirst().snippet()).endsWith("^");
    }

    @Test
    void aPasswordInTheEnginesAddressIsNotTold() {
        ConfigurationException e = catchThrowableOfType(
                ConfigurationException.class,
                () -> ConfigurationFile.parse("f", "fleet: {engine: \"redis://u:geheim@h\"}"));

        assertThat(e.errors()).hasSize(1);
        assertThat(e.errors().getFirst().toString())
                .startsWith("f:1:17: expected an address without a password")
                .endsWith("found \"…@h\"");
        assertThat(e.errors().toString()).doesNotContain("geheim");
    }

    @Test
    void allThatIsWrongIsToldAtOnce() {
        ConfigurationException e = catchThrowableOfType(
                ConfigurationException.class,
                () -> ConfigurationFile.parse("f", "epc: big\nlog: {format: xml}\nstat: /x\n"));

        assertThat(e.errors()).extracting(YamlError::line).containsExactly(1, 2, 3);
        assertThat(e).hasMessageEndingWith("(and 2 more)");
    }

    @Test
    void theCommandLineWinsOverTheEnvironmentAndThatOverTheFile() throws Exception {
        Path file = write("placement: user\ncache: {scheme: lru}\nepc: 1MiB\n");
        Map<String, String> environment = Map.of(
                "HOME", "/h", "JSGX_CACHE_SCHEME", "lfu", "JSGX_EPC", "2MiB", "JSGX_HOME", "/s", "JSGX_RUN", "/r");

        HostOptions options = new Configuration(file, environment, Map.of(Setting.EPC, "3MiB"), false).load();

        assertThat(options.placement()).isEqualTo(Placement.USER);
        assertThat(options.cache().scheme()).isEqualTo(Scheme.LFU);
        assertThat(options.epc()).isEqualTo(3 << 20);
        assertThat(options.state()).isEqualTo(Path.of("/s"));
        assertThat(options.runFolder()).isEqualTo(Path.of("/r"));
    }

    @Test
    void theErrorOfAVariableOrAnOptionNamesIt() {
        ConfigurationException e = catchThrowableOfType(
                ConfigurationException.class,
                () -> new Configuration(
                                null,
                                Map.of("HOME", "/h", "JSGX_AESM_QUEUE", "many"),
                                Map.of(Setting.EPC, "few"),
                                false)
                        .load());

        assertThat(e.errors())
                .extracting(YamlError::toString)
                .containsExactly(
                        "JSGX_AESM_QUEUE in the environment: expected a number from 1 to 1000000, found \"many\"",
                        "--epc: expected a size such as 64MiB, found \"few\"");
    }

    @Test
    void aClientsWishForNoDaemonIsNoRunFolder() throws Exception {
        HostOptions options = new Configuration(null, Map.of("HOME", "/h", "JSGX_RUN", "none"), Map.of(), false).load();

        assertThat(options.runFolder()).isEqualTo(Path.of("/h/.local/state/jsgx/run"));
    }

    @Test
    void whereTheFoldersLieFollowsTheUser() throws Exception {
        Map<String, String> user = Map.of("HOME", "/h", "XDG_RUNTIME_DIR", "/run/user/7", "XDG_CONFIG_HOME", "/c");

        assertThat(new Configuration(null, user, Map.of(), false).load().runFolder())
                .isEqualTo(Path.of("/run/user/7/jsgx"));
        assertThat(Configuration.defaultFile(user, false)).contains(Path.of("/c/jsgx/jsgx.yaml"));
        assertThat(Configuration.defaultFile(Map.of("HOME", "/h"), false))
                .contains(Path.of("/h/.config/jsgx/jsgx.yaml"));
        assertThat(Configuration.defaultFile(user, true)).contains(Path.of("/etc/jsgx/jsgx.yaml"));
        assertThat(HostOptions.defaults(Map.of("HOME", "/h"), true).runFolder()).isEqualTo(Path.of("/run/jsgx"));
    }

    @Test
    void aFileThatOthersMayWriteIsRefused() throws Exception {
        Path file = write("placement: none\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));

        assertThatThrownBy(() -> ConfigurationFile.load(file))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("others may write it (mode 664): run  chmod go-w");
    }

    @Test
    void aFileThatIsNotThereIsAnErrorWhereItWasNamed() {
        assertThatThrownBy(() ->
                        new Configuration(folder.resolve("none.yaml"), Map.of("HOME", "/h"), Map.of(), false).load())
                .hasMessageContaining("cannot be read: no such file");
    }

    @Test
    void aFileOfCommentsSaysNothing() throws Exception {
        assertThat(ConfigurationFile.parse("f", "# one\n\n  # two\n")).isEqualTo(ConfigurationFile.empty());
    }

    @Test
    void whatIsLiveIsTakenAndTheRestStays() throws Exception {
        HostOptions before = load("placement: none\nepc: 1MiB\nlog: {level: info}\n");
        HostOptions after = before.withLive(load("placement: kernel\nepc: 2MiB\nlog: {level: debug}\n"));

        for (Setting setting : Setting.values()) {
            boolean changed = Set.of(Setting.PLACEMENT, Setting.LOG_LEVEL).contains(setting);
            assertThat(setting.differs(before, after)).as(setting.key()).isEqualTo(changed);
            assertThat(setting.live() || !changed).isTrue();
        }
    }

    /** The YAML block of docs/serve.md. */
    static String example() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("mvnw"))) {
            root = root.resolve("..").normalize();
        }
        String text = Files.readString(root.resolve("docs/serve.md"));
        int start = text.indexOf("```yaml\n# jsgx.yaml\n") + "```yaml\n".length();
        return text.substring(start, text.indexOf("```", start));
    }

    private Path write(String text) throws IOException {
        Path file = Files.createTempFile(folder, "jsgx", ".yaml");
        return Files.writeString(file, text);
    }

    private HostOptions load(String text) throws Exception {
        return new Configuration(write(text), Map.of("HOME", "/h"), Map.of(), true).load();
    }

    @ParameterizedTest
    @EnumSource
    void whatIsSetAloneIsAllThatDiffers(Setting setting) throws Exception {
        Path file = write("");
        HostOptions before = new Configuration(file, Map.of("HOME", "/h"), Map.of(), true).load();
        HostOptions after =
                new Configuration(file, Map.of("HOME", "/h"), Map.of(setting, another(setting.kind())), true).load();

        assertThat(List.of(Setting.values()))
                .filteredOn(each -> each.differs(before, after))
                .containsExactly(setting);
    }

    /** A value that is no setting's without a word of it. */
    private static String another(Kind kind) {
        return switch (kind) {
            case FOLDER, PATH_OR_NONE -> "/another";
            case COUNT, COUNT_OR_NONE -> "77";
            case DURATION, LEASE -> "777ms";
            case NAMESPACE, NAME_OR_NONE -> "another";
            case SIZE, MEMORY -> "77MiB";
            case LOOPBACK_OR_NONE -> "127.0.0.1:77";
            case ENGINE_OR_NONE -> "redis://another:77";
            case PLACEMENT -> "both";
            case SCHEME -> "sieve";
            case DURABILITY -> "each";
            case PARTITION -> "continue";
            case LOG_FORMAT -> "json";
            case LOG_LEVEL -> "error";
        };
    }

    @Test
    void noTwoSettingsShareAName() {
        assertThat(List.of(Setting.values()))
                .extracting(Setting::variable)
                .doesNotHaveDuplicates()
                .allMatch(name -> name.matches("JSGX_[A-Z_]+"));
        assertThat(List.of(Setting.values())).extracting(Setting::option).doesNotHaveDuplicates();
    }
}
