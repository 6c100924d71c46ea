package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The daemon as its operator meets it: as a process, with signals. One after the other, as each is a JVM. */
@Timeout(300)
@Execution(ExecutionMode.SAME_THREAD)
class ServeCommandTest {

    /** A socket's name is short. */
    private Path folder = Path.of("");

    @BeforeEach
    void shortFolder() throws IOException {
        folder = Files.createTempDirectory(Path.of("/tmp"), "jsgx");
    }

    @AfterEach
    void remove() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private List<Path> sockets() throws IOException {
        try (Stream<Path> all = Files.list(folder.resolve("run"))) {
            return all.filter(file -> file.toString().endsWith(".socket"))
                    .sorted()
                    .toList();
        }
    }

    private static void connect(Path socket) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
        }
    }

    private Jsgx user() {
        return new Jsgx(folder)
                .with("JSGX_HOME", folder.resolve("state").toString())
                .with("JSGX_RUN", "none");
    }

    @Test
    void itSaysWhatItServesAndEndsInPeace() throws Exception {
        try (Served served = Served.in(folder)) {
            assertThat(served.serves()).as(served.log()).isTrue();
            assertThat(served.summary())
                    .containsEntry("pid", served.pid())
                    .containsEntry("policy", "none: everything may launch")
                    .containsEntry(
                            "adminSocket", folder.resolve("run/admin.socket").toString());
            for (Path socket : sockets()) {
                connect(socket);
                assertThat(Files.getPosixFilePermissions(socket))
                        .as(socket.toString())
                        .isEqualTo(PosixFilePermissions.fromString(
                                socket.endsWith("admin.socket") ? "rw-------" : "rw-rw-rw-"));
            }
            assertThat(sockets()).isNotEmpty();

            served.signal("TERM");

            assertThat(served.status()).as(served.log()).isZero();
            assertThat(served.log()).contains("serves").contains("has ended");
        }
        assertThat(sockets()).isEmpty();
        assertThat(user().line("audit verify").status()).isZero();
    }

    @Test
    void whateverItWasDoingTheNextOneGoesOnAfterKill() throws Exception {
        String platform = "";
        for (int i = 0; i < 4; i++) {
            try (Served served = Served.in(folder)) {
                assertThat(served.serves()).as(served.log()).isTrue();
                Object id = served.summary().get("platform");
                assertThat(platform).isIn("", id);
                platform = String.valueOf(id);
                for (Path socket : sockets()) {
                    connect(socket);
                }
                served.signal("KILL");
                assertThat(served.status()).isEqualTo(128 + 9);
            }
            assertThat(sockets()).isNotEmpty();
        }
        assertThat(user().line("audit verify").status()).isZero();
    }

    @Test
    void ofTwoThatRaceOneServesAndTheOtherSaysWhoDoes() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<Served>> racing = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                racing.add(threads.submit(() -> Served.in(folder)));
            }
            List<Served> all = new ArrayList<>();
            for (Future<Served> each : racing) {
                all.add(each.get());
            }
            try {
                List<Served> serving = all.stream().filter(Served::serves).toList();
                assertThat(serving).hasSize(1);
                for (Served other : all) {
                    if (!serving.contains(other)) {
                        assertThat(other.status()).isEqualTo(ExitStatus.WRONG_USAGE);
                        assertThat(other.log()).contains("another jsgx serve has the state folder");
                    }
                }
                for (Path socket : sockets()) {
                    connect(socket);
                }
            } finally {
                for (Served each : all) {
                    each.close();
                }
            }
        }
    }

    @Test
    void aStormOfReloadsDisturbsNobodyAndABrokenFileChangesNothing() throws Exception {
        Path config = Files.writeString(folder.resolve("jsgx.yaml"), "placement: none\n");
        try (Served served = Served.in(folder, "--config", config.toString())) {
            assertThat(served.serves()).as(served.log()).isTrue();
            for (int i = 0; i < 100; i++) {
                served.signal("HUP");
                connect(folder.resolve("run/admin.socket"));
            }
            Files.writeString(config, "placement: kernel\nepc: 16MiB\n");
            served.signal("HUP");
            served.awaitLog(log -> log.contains("has another value from now on setting=placement"));
            Files.writeString(config, "placement: kernl\n");
            served.signal("HUP");
            served.awaitLog(log ->
                    log.contains("the configuration cannot be used and stays as it was where=" + config + ":1:12"));
            assertThat(served.log()).doesNotContain("setting=epc");

            served.signal("INT");
            assertThat(served.status()).as(served.log()).isZero();
        }
    }

    @Test
    void aBrokenConfigurationIsToldBeforeAnythingBegins() throws Exception {
        Path config = Files.writeString(folder.resolve("jsgx.yaml"), "log: {format: xml}\n");
        try (Served served = Served.in(folder, "--config", config.toString())) {
            assertThat(served.status()).isEqualTo(ExitStatus.WRONG_USAGE);
            assertThat(served.serves()).isFalse();
            assertThat(served.log()).isEmpty();
        }
        assertThat(folder.resolve("state")).doesNotExist();
        Jsgx.Run check = new Jsgx(folder).line("serve --check-config --config jsgx.yaml");
        assertThat(check.status()).isEqualTo(ExitStatus.REFUSED);
        assertThat(check.out())
                .contains("jsgx.yaml:1:15: expected one of text, json, found \"xml\"")
                .contains("              ^");
    }

    @Test
    void theSchemaIsPrinted() {
        Jsgx.Run run = new Jsgx(folder).line("serve --print-schema");

        assertThat(run.status()).isZero();
        assertThat(run.json()).containsKey("properties");
    }

    @Test
    void aBackupIsTakenWhileItServesAndIsNotRestoredUnderIt() throws Exception {
        try (Served served = Served.in(folder)) {
            assertThat(served.serves()).as(served.log()).isTrue();
            Jsgx.Run backup = user().line("host backup b.zip --json");
            assertThat(backup.status()).as(backup.err()).isZero();
            assertThat(backup.json()).containsEntry("platform", served.summary().get("platform"));

            Jsgx.Run restore = user().line("host restore b.zip --replace");
            assertThat(restore.status()).isEqualTo(ExitStatus.WRONG_USAGE);
            assertThat(restore.err()).contains("process " + served.pid());
        }
        Jsgx.Run restore = user().line("host restore b.zip --replace --json");
        assertThat(restore.status()).as(restore.err()).isZero();
        assertThat(user().line("audit verify").status()).isZero();
        try (Served served = Served.in(folder)) {
            assertThat(served.serves()).as(served.log()).isTrue();
        }
    }

    @Test
    void logsAreJsonWhereThatIsAsked() throws Exception {
        try (Served served = Served.in(folder, "--log-format", "json")) {
            assertThat(served.serves()).as(served.log()).isTrue();
            served.signal("TERM");
            assertThat(served.status()).isZero();
            assertThat(served.log().lines()).allMatch(line -> line.startsWith("{\"time\":\"") && line.endsWith("}"));
        }
    }

    @Test
    void theDoctorTellsOfIt() throws Exception {
        try (Served served = Served.in(folder)) {
            assertThat(served.serves()).as(served.log()).isTrue();
            String run = folder.resolve("run").toString();
            assertThat(new Jsgx(folder).with("JSGX_RUN", run).line("doctor").out())
                    .contains("answers at " + run + "/driver.socket, version ");
            served.signal("KILL");
            served.status();
            assertThat(new Jsgx(folder).with("JSGX_RUN", run).line("doctor").out())
                    .contains("nobody answers at " + run + "/driver.socket");
        }
    }
}
