package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDriver;
import jsgx.host.client.Greeting;
import jsgx.host.client.HostFolder;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Deadline;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.StreamSocket;
import jsgx.machine.linux.UnixConnection;
import jsgx.machine.remote.RunRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two sessions on a daemon's socket: of what one has, nothing is in the other's reach. */
@Timeout(300)
class SessionIsolationTest {

    private static final Deadline SOON = Deadline.NEVER;
    private static final int PROGRAMS = 20;

    /** More than there are operations, each with operands enough for all of them. */
    private static final int OPERATIONS = 64;

    private static final int OPERANDS = 64;
    private static final byte CALL = 1;

    /** A session without a program, which knows no rules. */
    private record Hostile(UnixConnection connection, List<Integer> descriptors) implements AutoCloseable {

        static Hostile at(Hosted hosted) throws Exception {
            UnixConnection connection =
                    Greeting.connect(new HostFolder(hosted.folder().resolve("run"), true));
            RunRequest request = new RunRequest(
                    EnumSet.allOf(InterfaceKind.class), EnumSet.noneOf(SgxEvent.Kind.class), false, 0, 0);
            Greeting.Answer answer =
                    Greeting.ask(connection, new Greeting.Request(Greeting.Purpose.RUN, request.encode()), SOON);
            return new Hostile(connection, answer.descriptors());
        }

        /** What its memory file has, which all pages of the EPC have a place in. */
        byte[] memory() throws Exception {
            try (FileChannel file =
                    FileChannel.open(Path.of("/proc/self/fd/" + descriptors.getFirst()), StandardOpenOption.READ)) {
                ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(file.size()));
                while (all.hasRemaining() && file.read(all) >= 0) {
                    // Until all of it is there.
                }
                return all.array();
            }
        }

        /** Asks for an operation on the numbers that another session has: they count from one, or from zero. */
        void ask(int operation, int number) throws Exception {
            ByteBuffer frame = ByteBuffer.allocate(Integer.BYTES + 2 + OPERANDS).order(ByteOrder.LITTLE_ENDIAN);
            frame.putInt(2 + OPERANDS).put(CALL).put((byte) operation);
            while (frame.hasRemaining()) {
                frame.putShort((short) number);
            }
            try (Arena arena = Arena.ofConfined()) {
                // It may have been ended for what it said before.
                new StreamSocket(descriptors.get(1))
                        .send(arena.allocateFrom(ValueLayout.JAVA_BYTE, frame.array()), StreamSocket.NEVER);
            }
        }

        @Override
        public void close() {
            descriptors.forEach(Linux::close);
            connection.close();
        }
    }

    @Test
    void noPageAndNoNumberOfAnothersIsInReach() throws Exception {
        try (Hosted hosted = Hosted.with("epc: 1MiB\n")) {
            SgxDriver driver = hosted.daemon().host().context().running().driver();
            String programs = IntStream.range(0, PROGRAMS)
                    .mapToObj(i -> "./program >out" + i + " || exit 9")
                    .reduce((one, next) -> one + "; " + next)
                    .orElseThrow();
            FutureTask<Jsgx.Run> running = new FutureTask<>(() -> hosted.user().run("run", "--", "sh", "-c", programs));
            Thread.ofPlatform().daemon().start(running);

            int looks = 0;
            try (Hostile watcher = Hostile.at(hosted)) {
                for (int operation = 0; !running.isDone(); operation++) {
                    boolean otherHasPages = driver.freePages() < driver.totalPages();
                    byte[] memory = watcher.memory();
                    assertThat(Arrays.equals(memory, new byte[1 << 20]))
                            .as("the other's pages are not there")
                            .isTrue();
                    looks += otherHasPages ? 1 : 0;
                    // Whatever becomes of this session, it becomes of no other. A user may have 256 that are not all
                    // gone.
                    if (operation < 3 * OPERATIONS) {
                        try (Hostile hostile = Hostile.at(hosted)) {
                            hostile.ask(operation % OPERATIONS, operation / OPERATIONS);
                        }
                    }
                }
            }

            Jsgx.Run run = running.get();
            assumeThat(run.status())
                    .as("programs cannot be supervised here: " + run.err())
                    .isNotEqualTo(126);
            assertThat(run.status()).as(run.err()).isZero();
            for (int i = 0; i < PROGRAMS; i++) {
                assertThat(Files.readString(hosted.folder().resolve("out" + i))).isEqualTo("the enclave's sum: 42\n");
            }
            assertThat(looks).as("looks while the other had pages").isPositive();
            while (hosted.daemon().host().context().running().driver().freePages() < driver.totalPages()) {
                Thread.onSpinWait();
            }
        }
    }
}
