package jsgx.host.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SocketFileTest {

    private Path folder;

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

    private static ServerSocketChannel listen(Path path) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        channel.bind(UnixDomainSocketAddress.of(path));
        return channel;
    }

    private static void connect(Path path) throws IOException {
        SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
    }

    /** A folder that its owner may not write into; root may. */
    private Path lockedFolder() throws IOException {
        Path locked = Files.createDirectory(folder.resolve("locked"));
        Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
        assumeFalse(Files.isWritable(locked), "this user may write everywhere, as root may");
        return locked;
    }

    private static void assertCannotBeMade(Path socket, String why) {
        assertThatThrownBy(() -> SocketFile.claim(socket))
                .isInstanceOf(HostException.class)
                .hasMessage("the socket %s cannot be made: user %s %s", socket, System.getProperty("user.name"), why);
    }

    @Test
    void whoMayNotWriteIntoTheFolderIsToldWhoseItHasToBe() throws Exception {
        Path locked = lockedFolder();

        assertCannotBeMade(
                locked.resolve("a.socket"), "may not write into %s: give that folder to this user".formatted(locked));
    }

    @Test
    void whoMayNotMakeTheFolderIsToldWhich() throws Exception {
        Path missing = lockedFolder().resolve("run");

        assertCannotBeMade(
                missing.resolve("a.socket"),
                "may not reach or make %s: make the folder %s, and give it to this user".formatted(missing, missing));
    }

    @Test
    void aLockThatIsNotThisUsersIsNamedAndNotTheFolder() throws Exception {
        lockedFolder();
        Path lock = Files.createFile(folder.resolve(".a.socket.lock"));
        Files.setPosixFilePermissions(lock, PosixFilePermissions.fromString("---------"));

        assertCannotBeMade(
                folder.resolve("a.socket"), "may not use %s: remove it, or give it to this user".formatted(lock));
    }

    @Test
    void aSocketGetsItsPermissionsBeforeItsName() throws Exception {
        Path path = folder.resolve("run/a.socket");
        try (SocketFile file = SocketFile.claim(path);
                ServerSocketChannel channel = listen(file.bindAt())) {
            assertThat(path).doesNotExist();
            assertThat(Files.getPosixFilePermissions(file.bindAt().getParent()))
                    .isEqualTo(PosixFilePermissions.fromString("rwx------"));

            file.publish("rw-rw----", "");

            assertThat(Files.getPosixFilePermissions(path)).isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
            assertThat(Files.getPosixFilePermissions(folder.resolve("run")))
                    .isEqualTo(PosixFilePermissions.fromString("rwxr-xr-x"));
            connect(path);
            assertThat(channel.isOpen()).isTrue();
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void aLiveSocketIsLeftAlone() throws Exception {
        Path path = folder.resolve("a.socket");
        try (ServerSocketChannel channel = listen(path)) {
            assertThatThrownBy(() -> SocketFile.claim(path))
                    .isInstanceOf(HostException.class)
                    .hasMessageContaining("somebody listens at " + path + " already");
            connect(path);
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    void aSocketThatAKilledProcessLeftIsTakenOver() throws Exception {
        Path path = folder.resolve("a.socket");
        LeftSocket.at(path);
        assertThat(path).exists();

        try (SocketFile file = SocketFile.claim(path);
                ServerSocketChannel channel = listen(file.bindAt())) {
            file.publish("rw-rw-rw-", "");
            connect(path);
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    void whatIsNoSocketIsLeftAlone() throws Exception {
        Path path = Files.writeString(folder.resolve("a.socket"), "mine");

        assertThatThrownBy(() -> SocketFile.claim(path)).hasMessageContaining("is no socket: remove it");
        assertThat(path).hasContent("mine");
    }

    @Test
    void aNameThatIsTooLongSaysSo() {
        Path path = folder.resolve("x".repeat(107));

        assertThatThrownBy(() -> SocketFile.claim(path))
                .hasMessageContaining("has at most 107: choose a shorter folder");
    }

    @Test
    void aGroupThatIsNotThereSaysSoAndLeavesNothing() throws Exception {
        Path path = folder.resolve("a.socket");
        try (SocketFile file = SocketFile.claim(path);
                ServerSocketChannel channel = listen(file.bindAt())) {
            assertThatThrownBy(() -> file.publish("rw-rw----", "no-such-group-here"))
                    .isInstanceOf(HostException.class)
                    .hasMessageContaining("no-such-group-here");
            assertThat(channel.isOpen()).isTrue();
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void theNameOfAnotherStaysWhenThisOneEnds() throws Exception {
        Path path = folder.resolve("a.socket");
        SocketFile file = SocketFile.claim(path);
        // As long as it is bound, the file system gives its inode's number to no other.
        try (ServerSocketChannel channel = listen(file.bindAt())) {
            file.publish("rw-rw-rw-", "");
            Files.delete(path);
            try (ServerSocketChannel other = listen(path)) {
                file.close();
                connect(path);
                assertThat(other.isOpen()).isTrue();
            }
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    void ofManyWhoWantANameOneHasItEachTime() throws Exception {
        Path path = folder.resolve("a.socket");
        LeftSocket.at(path);
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (int round = 0; round < 20; round++) {
                CyclicBarrier start = new CyclicBarrier(8);
                List<Future<Boolean>> attempts = new ArrayList<>();
                List<SocketFile> held = new ArrayList<>();
                Callable<Boolean> attempt = () -> {
                    start.await();
                    try {
                        SocketFile file = SocketFile.claim(path);
                        synchronized (held) {
                            held.add(file);
                        }
                        return true;
                    } catch (HostException e) {
                        return false;
                    }
                };
                for (int i = 0; i < 8; i++) {
                    attempts.add(threads.submit(attempt));
                }
                int winners = 0;
                for (Future<Boolean> each : attempts) {
                    winners += each.get() ? 1 : 0;
                }
                assertThat(winners).isEqualTo(1);
                try (SocketFile file = held.getFirst();
                        ServerSocketChannel channel = listen(file.bindAt())) {
                    file.publish("rw-rw-rw-", "");
                    connect(path);
                    assertThat(channel.isOpen()).isTrue();
                }
            }
        }
    }
}
