package jsgx.host.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import jsgx.driver.InterfaceKind;
import jsgx.host.client.Greeting;
import jsgx.host.client.HostFolder;
import jsgx.host.client.Wishes;
import jsgx.host.config.Configuration;
import jsgx.host.config.HostOptions;
import jsgx.host.config.Setting;
import jsgx.host.peer.Peers;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.launch.Governance;
import jsgx.launch.PlatformFile;
import jsgx.launch.RunningPlatform;
import jsgx.launch.audit.Durability;
import jsgx.machine.SharedEpc;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Deadline;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.MemoryFile;
import jsgx.machine.linux.UnixConnection;
import jsgx.machine.remote.RunRequest;
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
        HostOptions options = new Configuration(
                        null,
                        Map.of("JSGX_HOME", folder.resolve("state").toString(), "JSGX_RUN", folder.toString()),
                        Map.of(Setting.SESSIONS_LAUNCH_MEMORY, "64MiB"),
                        false)
                .load();
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
    void aSparseImageIsRefusedBeforeAnyOfItIsRead() throws Exception {
        serving((socket, run) -> {
            for (Greeting.Purpose purpose : List.of(Greeting.Purpose.LAUNCH, Greeting.Purpose.JUDGE)) {
                try (MemoryFile sparse = MemoryFile.create("test", 256 << 20)) {
                    assertRefused(
                            run,
                            new Greeting.Request(purpose, new byte[0], List.of(sparse.descriptor())),
                            "sessions.launch-memory-per-uid");
                }
            }
            try (MemoryFile sparse = MemoryFile.create("test", 1L << 40)) {
                assertRefused(
                        run,
                        new Greeting.Request(Greeting.Purpose.LAUNCH, new byte[0], List.of(sparse.descriptor())),
                        "a launch of %d bytes".formatted(1L << 40));
            }
        });
    }

    @Test
    void aRunKeepsNoDescriptorsOfItsClient() throws Exception {
        serving((socket, run) -> {
            byte[] request = new RunRequest(
                            EnumSet.allOf(InterfaceKind.class), EnumSet.noneOf(SgxEvent.Kind.class), false, 0, 0)
                    .encode();
            try (MemoryFile wishes = Wishes.NONE.write();
                    UnixConnection connection = Greeting.connect(run)) {
                int inode = inode(wishes.descriptor());
                Greeting.Answer answer = Greeting.ask(
                        connection,
                        new Greeting.Request(Greeting.Purpose.RUN, request, List.of(wishes.descriptor())),
                        SOON);
                // Client and daemon are one process here: the client's own is left.
                assertThat(descriptors(inode)).isEqualTo(1);
                answer.descriptors().forEach(Linux::close);
            }
            try (MemoryFile one = Wishes.NONE.write();
                    MemoryFile other = Wishes.NONE.write()) {
                assertRefused(
                        run,
                        new Greeting.Request(
                                Greeting.Purpose.RUN, request, List.of(one.descriptor(), other.descriptor())),
                        "one memory file at most");
            }
        });
    }

    private static int inode(int descriptor) throws IOException {
        return ((Number) Objects.requireNonNull(Files.getAttribute(Path.of("/proc/self/fd/" + descriptor), "unix:ino")))
                .intValue();
    }

    /** How many descriptors of this process lead to memory files with this number. */
    private static long descriptors(int inode) throws IOException {
        int count = 0;
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            for (Path one : all.toList()) {
                try {
                    if (Files.readSymbolicLink(one).toString().contains("memfd:jsgx-wishes")
                            && inode(Integer.parseInt(one.getFileName().toString())) == inode) {
                        count++;
                    }
                } catch (NoSuchFileException e) {
                    // It was closed just now.
                }
            }
        }
        return count;
    }

    @Test
    void whyARunEndedItsClientIsTold() throws Exception {
        serving((socket, run) -> {
            byte[] request = new RunRequest(
                            EnumSet.allOf(InterfaceKind.class), EnumSet.noneOf(SgxEvent.Kind.class), false, 0, 0)
                    .encode();
            try (UnixConnection connection = Greeting.connect(run)) {
                Greeting.Answer answer =
                        Greeting.ask(connection, new Greeting.Request(Greeting.Purpose.RUN, request), SOON);
                // Whoever closes the lanes is gone, as far as the daemon can tell.
                answer.descriptors().forEach(Linux::close);
                assertThat(Greeting.farewell(connection, SOON)).contains("gone");
            }
        });
    }

    @Test
    void twoInTurnAreServedAndAfterTheEndNoThreadIsLeft() throws Exception {
        // Threads that a socket starts are of the group of who starts it, where those of the tests beside this one are
        // not.
        ThreadGroup group = new ThreadGroup("of one socket");
        FutureTask<Void> turns = new FutureTask<>(() -> {
            serving((socket, run) -> twoTurns(group, run));
            return null;
        });
        new Thread(group, turns).start();
        turns.get();
        while (!threads(group).isEmpty()) {
            // The time limit of the test interrupts it.
            Thread.sleep(1);
        }
    }

    private static void twoTurns(ThreadGroup group, HostFolder run) throws Exception {
        byte[] request = new RunRequest(
                        EnumSet.allOf(InterfaceKind.class), EnumSet.noneOf(SgxEvent.Kind.class), false, 0, 0)
                .encode();
        for (int i = 0; i < 2; i++) {
            try (UnixConnection connection = Greeting.connect(run)) {
                Greeting.Answer answer =
                        Greeting.ask(connection, new Greeting.Request(Greeting.Purpose.RUN, request), SOON);
                assertThat(threads(group)).contains("jsgx-driver", "jsgx-front-end");
                answer.descriptors().forEach(Linux::close);
            }
        }
    }

    /** The names of the threads of a group that are a socket's. */
    private static List<String> threads(ThreadGroup group) {
        Thread[] all = new Thread[100];
        return Arrays.stream(all, 0, group.enumerate(all))
                .map(Thread::getName)
                .filter(name -> name.startsWith("jsgx-driver") || name.startsWith("jsgx-front-end"))
                .toList();
    }

    @Test
    void launchesOfAUserWaitForTheMemoryOfTheirOwn() throws Exception {
        LaunchMemory memory = new LaunchMemory(100 << 20, Duration.ofMinutes(1));
        CompletableFuture<Void> second = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().daemon().unstarted(() -> {
            try {
                memory.call(60 << 20, () -> second.complete(null));
            } catch (HostException | IOException e) {
                second.completeExceptionally(e);
            }
        });
        boolean alone = memory.call(60 << 20, () -> {
            thread.start();
            while (memory.waiting() == 0) {
                Thread.onSpinWait();
            }
            return !second.isDone();
        });
        assertThat(alone).isTrue();
        second.get();
        thread.join();
        assertThatThrownBy(() -> memory.call(101 << 20, () -> "too much")).hasMessageContaining("takes 101 MiB");
    }

    @Test
    void aLaunchDoesNotWaitForOthersForever() throws Exception {
        LaunchMemory memory = new LaunchMemory(100 << 20, Duration.ofMillis(1));
        memory.call(60 << 20, () -> {
            assertThatThrownBy(() -> memory.call(60 << 20, () -> "too late")).hasMessageContaining("try again");
            return memory.call(40 << 20, () -> "what fits");
        });
        assertThat(memory.call(100 << 20, () -> "all is free")).isEqualTo("all is free");
    }

    @Test
    void forWhomIsNotThereForTheAnswerNothingIsDone() throws Exception {
        serving((socket, run) -> {
            try (UnixConnection connection = Greeting.connect(run)) {
                // Who waits for an answer says nothing more.
                byte[] words = {1, 0, 0, 0, (byte) Greeting.Purpose.TOKEN.ordinal(), 0};
                connection.write(words, 0, words.length, SOON);
                assertThat(Greeting.farewell(connection, SOON)).contains("the client is gone");
            }
        });
    }

    @Test
    void aUserHasSoManyPlacesAndOthersHaveTheirs() throws Exception {
        Places places = new Places(sessions(2, 3));
        Places.Share share = places.take(1);
        assertThat(places.take(1)).isSameAs(share);
        assertThatThrownBy(() -> places.take(1)).hasMessageContaining("user 1 has 2 sessions");
        Places.Share other = places.take(2);
        assertThat(other).isNotSameAs(share);
        assertThatThrownBy(() -> places.take(3)).hasMessageContaining("3 sessions");
        places.give(share);
        assertThat(places.take(3).allowance()).isNotSameAs(other.allowance());
    }

    @Test
    void usersOfWhomNothingCountsAreForgotten() throws Exception {
        Places places = new Places(sessions(2, 3));
        for (int uid = 0; uid < 100; uid++) {
            places.give(places.take(uid));
        }
        assertThat(places.users()).isEqualTo(1);
    }

    private static HostOptions.Sessions sessions(int perUid, int total) {
        return new HostOptions.Sessions(perUid, total, 1, 1, 1, 1 << 20);
    }
}
