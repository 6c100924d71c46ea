package jsgx.host.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import jsgx.host.client.Greeting;
import jsgx.host.client.HostFolder;
import jsgx.host.config.HostOptions;
import jsgx.host.peer.Peers;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.launch.Governance;
import jsgx.launch.PlatformFile;
import jsgx.launch.RunningPlatform;
import jsgx.launch.audit.Durability;
import jsgx.machine.SharedEpc;
import jsgx.machine.linux.Deadline;
import jsgx.machine.linux.MemoryFile;
import jsgx.machine.linux.UnixConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DriverSocketTest {

    private static final Deadline SOON = Deadline.NEVER;

    private Path folder = Path.of("/");

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createTempDirectory(Path.of("/tmp"), "jsgx-driver");
    }

    @AfterEach
    void removeFolder() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private interface Body {
        void with(DriverSocket socket, HostFolder run) throws Exception;
    }

    private void serving(Body body) throws Exception {
        HostOptions options = HostOptions.defaults(
                Map.of("JSGX_HOME", folder.resolve("state").toString(), "JSGX_RUN", folder.toString()), false);
        Files.createDirectory(folder.resolve("state"));
        var platform = PlatformFile.in(folder.resolve("state")).loadOrCreate().withEpc(1 << 20);
        try (Governance governance = Governance.in(folder.resolve("state"), InstantSource.system(), Durability.ASYNC);
                SharedEpc epc = SharedEpc.allocate(platform.epcSections());
                RunningPlatform running = RunningPlatform.of(platform)) {
            DriverSocket socket = new DriverSocket(
                    new HostContext(running, epc, governance, folder.resolve("state"), InstantSource.system()),
                    options,
                    new Peers(List.of())::identify);
            socket.start();
            try {
                body.with(socket, new HostFolder(folder, true));
            } finally {
                socket.stop(Duration.ofSeconds(1));
            }
            assertThat(folder.resolve("driver.socket")).doesNotExist();
        }
    }

    private static void assertRefused(HostFolder run, Greeting.Request request, String why) throws Exception {
        try (UnixConnection connection = Greeting.connect(run)) {
            assertThatThrownBy(() -> Greeting.ask(connection, request, SOON))
                    .isInstanceOf(HostException.class)
                    .hasMessageContaining(why);
        }
    }

    @Test
    void whatMakesNoSenseIsRefusedWithAReason() throws Exception {
        serving((socket, run) -> {
            assertRefused(run, new Greeting.Request(Greeting.Purpose.RUN, new byte[3]), "3 bytes");
            assertRefused(run, new Greeting.Request(Greeting.Purpose.LAUNCH, new byte[0]), "one memory file");
            try (MemoryFile empty = MemoryFile.create("test", 4096)) {
                assertRefused(
                        run,
                        new Greeting.Request(Greeting.Purpose.LAUNCH, new byte[0], List.of(empty.descriptor())),
                        "makes no sense");
            }
        });
    }

    @Test
    void bytesOfNoMeaningAreRefusedAndHarmNobody() throws Exception {
        serving((socket, run) -> {
            try (UnixConnection connection = Greeting.connect(run)) {
                byte[] garbage = "GET / HTTP/1.1".getBytes(StandardCharsets.US_ASCII);
                connection.write(garbage, 0, garbage.length, SOON);
                assertThat(connection.input().readAllBytes()).isNotEmpty();
            }
            assertRefused(run, new Greeting.Request(Greeting.Purpose.RUN, new byte[3]), "3 bytes");
        });
    }

    @Test
    void whoSaysNothingIsSentAwayAtTheEnd() throws Exception {
        serving((socket, run) -> {
            try (UnixConnection silent = Greeting.connect(run)) {
                while (socket.sessions() == 0) {
                    Thread.onSpinWait();
                }
                socket.stop(Duration.ZERO);
                assertThat(silent.input().read()).isNegative();
                assertThat(socket.sessions()).isZero();
            }
        });
    }

    @Test
    void aUserHasSoManyPlacesAndOthersHaveTheirs() {
        Places places = new Places(new HostOptions.Sessions(2, 3));
        assertThat(places.take(1)).isEmpty();
        assertThat(places.take(1)).isEmpty();
        assertThat(places.take(1)).contains("user 1 has 2 sessions");
        assertThat(places.take(2)).isEmpty();
        assertThat(places.take(3)).contains("3 sessions");
        places.give(1);
        assertThat(places.take(3)).isEmpty();
    }
}
